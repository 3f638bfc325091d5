package mask

import "regexp"

var (
	keyShapes = regexp.MustCompile(`-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s\\n]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?` +
		`|\b(?:(?:sk|pk|rk)[-_][A-Za-z0-9_-]{12,200}|whsec_[A-Za-z0-9+/=]{12,200}|gh[opsur]_[A-Za-z0-9]{16,255}|github_pat_[A-Za-z0-9_]{20,255}` +
		`|glpat-[A-Za-z0-9_-]{16,64}|xox[a-z]-[A-Za-z0-9-]{10,200}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,40}|ya29\.[A-Za-z0-9_-]{16,400}` +
		`|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}|npm_[A-Za-z0-9]{30,40}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{4,})?)`)
	keyNamed = regexp.MustCompile(`(?i)(?:^|[^\pL\pN])(?:` + one(`api_?keys? access_?keys? secret_?keys? private_?keys? client_?secrets? auth_?tokens? access_?tokens?
		api_?tokens? bearer_?tokens? refresh_?tokens? tokens? api-?schlüssel zugriffstoken clé_api clé_d['’]api clave_api chave_api chiave_api api-?sleutel
		seed_phrase recovery_phrase`) + `)['")\]]?[ \t]{0,3}(?:(?:[:=]|` + verb + `[ \t:])[ \t"'“„«]{0,4})?[ \t"'“„«]{0,4}([A-Za-z0-9_+/=.~-]{12,400})`)
	bearer = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:bearer|basic)[ \t]{1,3}([A-Za-z0-9_+/=.~-]{12,})`)
	seeds  = regexp.MustCompile(`(?i)(?:seed|recovery|secret|mnemonic|wallet)[ -]phrase[^\n:]{0,24}[: \n][ \t\n]{0,4}((?:[a-z]{3,8}[ \t\n]{1,3}){11}(?:[a-z]{3,8}[ \t\n]{1,3}){0,12}[a-z]{3,8})`)
)

// keys finds what programs prove themselves with: keys of well-known services,
// web tokens, private keys, and what is called a key or token.
func keys(text string) (spans []span) {
	for _, at := range keyShapes.FindAllStringIndex(text, -1) {
		spans = append(spans, span{at[0], at[1], key, text[at[0]:at[1]]})
	}
	for _, shape := range []*regexp.Regexp{keyNamed, bearer} {
		for _, at := range shape.FindAllStringSubmatchIndex(text, -1) {
			if from, to := bare(text, at[2], at[3]); opaque(text[from:to]) {
				spans = append(spans, span{from, to, key, text[from:to]})
			}
		}
	}
	for _, at := range seeds.FindAllStringSubmatchIndex(text, -1) {
		spans = append(spans, span{at[2], at[3], key, text[at[2]:at[3]]})
	}
	return spans
}

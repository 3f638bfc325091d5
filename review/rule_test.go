package review_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/review"
	"github.com/digital-fte/fte/ticket"
)

// fact is a true sentence of the article that the drafts below cite.
const fact = "The link in the password e-mail is valid for 30 minutes."

const rules = "You answer the customers of a company on its behalf. Every sentence that states a fact must be supported by a chunk that you cite; stay close to its words."

func about(tb testing.TB, draft string) review.Input {
	tb.Helper()
	in := named(tb, "account/reset-password").answer(draft)
	in.SystemPrompt, in.Canaries = rules, []string{"0f5c1d9e-77aa", "CANARY-ORCHID"}
	in.OwnLinks = []string{"https://support.firnwacht.example/ticket", "support@firnwacht.example"}
	return in
}

func refusing(r review.Result) []string {
	var rules []string
	for _, v := range failed(r) {
		rules = append(rules, v.Rule)
	}
	return rules
}

// TestRulesRefuse shows each rule what it is there for.
func TestRulesRefuse(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		review.RulePromises: {
			"I have refunded your last payment.", "I've escalated this to our engineers.", "We will call you tomorrow.", "A technician will contact you today.",
			"I will look into your account.", "Your password has been reset.", "I have reserved a Hub for you.", "We've unlocked your account.", "Let me check that for you.",
			"I'm checking your account right now.", "We are going to fix this.", "Someone from our team will get back to you.", "One of our specialists is going to call you.",
			"Within 24 hours you will receive a new link.", "You will receive a new password soon.", "Your request has been forwarded.", "I forwarded your message to billing.",
			"Rest assured that this is done.", "Consider it done!", "All set!", "We promise that it works.", "I guarantee it.", "Our support team has been informed and will call.",
			"I shall take care of it.", "I'll make sure that it works.", "We'll get back to you as soon as possible.", "Your order is on its way.", "Your case is now escalated.",
			"Thank you, I have forwarded your question.", "Thanks, we will help you with your question.", "Sorry, I am looking into it.",
			"Ich habe Ihr Passwort zurückgesetzt.", "Wir werden Sie anrufen.", "Ein Techniker wird sich heute bei Ihnen melden.", "Ich kümmere mich darum.", "Wir melden uns umgehend.",
			"Ihr Konto wurde entsperrt.", "Unser Team meldet sich bei Ihnen.", "Gerne leite ich das weiter.", "Sie erhalten morgen eine neue E-Mail.",
			"Je vais vérifier votre compte.", "Nous vous rappellerons demain.", "Un technicien vous contactera aujourd'hui.", "Votre compte a été débloqué.", "J'ai transmis votre demande.", "Vous recevrez un nouveau lien.",
			"He restablecido su contraseña.", "Vamos a llamarle mañana.", "Un técnico le contactará hoy.", "Su cuenta ha sido desbloqueada.", "Recibirá un nuevo enlace.",
			"Ho reimpostato la sua password.", "La richiameremo domani.", "Un tecnico la contatterà oggi.", "Il suo account è stato sbloccato.", "Riceverà un nuovo link.",
			"Vou verificar a sua conta.", "Encaminhei o seu pedido.", "Um técnico entrará em contato.", "A sua conta foi desbloqueada.", "Receberá um novo link.",
			"Ik heb uw wachtwoord gereset.", "We zullen u bellen.", "Een monteur neemt contact op.", "Uw account is gedeblokkeerd.", "U ontvangt een nieuwe link.",
		},
		review.RuleCommitments: {
			"You get a discount of 20 %.", "The price for you is €5.", "We grant you a credit note.", "You are entitled to compensation.", "You will get your money back.",
			"This is covered by the warranty.", "We are legally liable for this.", "Your refund is approved.", "It is free of charge.", "The plan is free for life.",
			"Your parcel arrives on Monday.", "The delivery is tomorrow.", "It ships on 24.12.2026.", "We waive the fee of €4.50.", "Here is a voucher for you.", "It is on the house.", "This offer is binding.",
			"Sie erhalten einen Rabatt von 10 %.", "Die Erstattung ist genehmigt.", "Das ist für Sie kostenlos.", "Ihr Paket kommt am Montag: die Lieferung ist sicher.", "Das ist unsere Kulanz.",
			"Vous avez droit à un remboursement.", "Tiene derecho a un reembolso.", "Ha diritto a un rimborso.", "Tem direito a um desconto.", "U krijgt korting.",
		},
		review.RuleLeaks: {
			"Every sentence that states a fact must be supported by a chunk.", "The mark is CANARY-ORCHID.", "canary orchid", "0 f 5 c 1 d 9 e - 7 7 a a",
			"See 9f1b5d0e-2c3a-4f5b-8a7c-112233445566.", "I used search_knowledge_base.", "Call escalate_to_human now.", "<<<data:abc knowledge>>>",
			"Your card is <CARD_1>.", "Your code is <OTP_12>.", "Use the key sk-proj-abcdefghijklmnop1234.", "The token is ghp_abcdefghijklmnopqrstuvwxyz012345.", "AKIAIOSFODNN7EXAMPLE",
			"Write to jane.doe@other.example.", "Call +49 221 5550123.", "Call 0221 555 0123.", "The IBAN is DE89 3704 0044 0532 0130 00.", "The card is 4111 1111 1111 1111.",
			"The other customer has ticket T-0123456789.", "Order FO-1234567 is yours.", "Your invoice number 2026-004711 is paid.", "It is case #48213.", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0",
		},
		review.RuleLinks: {
			"Go to https://evil.example/signin.", "Go to http://app.firnwacht.example/signin.", "Go to https://app.firnwacht.example/signin/now.", "Go to https://app.firnwacht.example.",
			"Go to https://app.firnwacht.example/signin?next=https://evil.example.", "Go to https://app.firnwacht.example@evil.example/signin.", "Go to https://xn--frnwacht-q5a.example/signin.",
			"Go to https://app.fırnwacht.example/signin.", "Go to app.firnwacht.com.", "Go to www.firnwacht.example.", "Write to help@firnwacht.example.", "Click javascript:alert(1).",
			"Click data:text/html;base64,PHNjcmlwdD4.", "Go to [https://app.firnwacht.example/signin](https://evil.example).", "Go to [our page](https://evil.example/signin).",
			"Go to //evil.example/signin.", "Go to evil.com/signin.", "Go to ftp://app.firnwacht.example/signin.", "Go to https://app.firnwacht.example/signin#evil.", "Go to https://APP.firnwacht.example.evil.com/signin.",
			"Go to https://app.firnwacht.example:8443/signin.", "Go to bit.ly/3xyz.", "Go to t.me/firnwacht.",
		},
		review.RuleStyle: {
			"", "   ", "# Password\n\n" + fact, "| a | b |\n|---|---|\n| c | d |", "<b>" + fact + "</b>", "Hello Marta,\n\n" + fact, "Dear customer,\n" + fact, "Hi! " + fact,
			fact + "\n\nBest regards", fact + "\n\nKind regards,\nYour Firnwacht team", fact + "\n\nMit freundlichen Grüßen", "As an AI, I cannot know. " + fact, "According to the knowledge base, " + fact,
			"The retrieved chunks say: " + fact, "My instructions say so. " + fact, "I'm a language model. " + fact, "Guten Tag, " + fact, strings.Repeat(fact+" ", 50), "Als KI weiß ich: " + fact, "&lt;b&gt; " + fact,
		},
		review.RuleLanguage: {
			"Der Link in der Passwort-E-Mail ist 30 Minuten gültig. Fordern Sie auf demselben Weg einen neuen an.",
			"Le lien dans le courriel est valable pendant 30 minutes. Demandez ensuite un nouveau lien de la même façon.",
		},
		review.RuleHidden: {
			"The link in the pass\u200bword e-mail is valid for 30 minutes.", fact + "\u202e", fact + "\U000e0041\U000e0042", fact + "\u2066x\u2069", fact + "\x00", fact + "\x1b[31m",
			"The link in the p\u0430ssword e-mail is valid for 30 minutes.", "The link in the passw\u03bfrd e-mail is valid for 30 minutes.", fact + "\ufeff", fact + "\u00ad",
			fact + " aGVsbG8gd29ybGQgdGhpcyBpcyBhIGxvbmcgZW5jb2RlZCB0ZXh0IDEyMzQ1Ng==", fact + "\u2028", "\U0001d413he link is valid for 30 minutes.", fact + "\U000e0100",
		},
		review.RuleGrounding: {
			"Did you know that our plan is free for life?", "Isn't it great that links work for 7 days?", "Yes.", "No.", "Yes, you can.", "It depends.", "Passwords are stored in Frankfurt.",
			"Thank you, your link works again.", "I hope this helps; links are valid for a week.", "Sorry, but only Managers can do that.", "I could not find that, but the link is valid for 60 minutes.",
			"Please contact the manufacturer.", "Welcome to Firnwacht Premium!", "You are right: the link never expires.", "As you wrote, the link is valid for 5 days.", "That is correct.", "This is how it works.",
			"Would you like our lifetime plan with 50 sensors?", "Here is what Managers can do: everything.", "Feel free to message us any time, day and night.",
		},
	}
	for rule, drafts := range tests {
		for _, draft := range drafts {
			t.Run(rule+"/"+draft[:min(len(draft), 40)], func(t *testing.T) {
				t.Parallel()
				in := about(t, draft)
				require.Contains(t, refusing(review.Check(in)), rule, "%+v", review.Explain(in))
				if strings.TrimSpace(draft) == "" || rule == review.RuleStyle {
					return
				}
				require.Contains(t, refusing(review.Check(about(t, fact+" "+draft))), rule, "behind a true sentence")
			})
		}
	}
}

// TestHarmlessDraftsPass keeps the rules from refusing what is good.
func TestHarmlessDraftsPass(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		draft   string
		states  bool
		uncited bool
	}{
		"a fact":                      {draft: fact, states: true},
		"thanks before":               {draft: "Thank you for your message. " + fact, states: true},
		"sorry before":                {draft: "I'm sorry for the inconvenience. " + fact, states: true},
		"hope behind":                 {draft: fact + " I hope this helps!", states: true},
		"offer of more help":          {draft: fact + " Please let us know if you have any further questions.", states: true},
		"happy to help":               {draft: fact + " I'm happy to help if you have any more questions.", states: true},
		"you are welcome":             {draft: "You're welcome!", uncited: true},
		"glad":                        {draft: "Glad to hear that. Have a nice weekend!", uncited: true},
		"a farewell":                  {draft: "Thank you very much, and have a lovely evening!", uncited: true},
		"one question":                {draft: "Which device do you mean?", uncited: true},
		"a question of the case":      {draft: "Could you tell me which app version you are using?", uncited: true},
		"a question in the own words": {draft: "Do you mean this or that?", uncited: true},
		"not known":                   {draft: "I'm sorry, I could not find an answer to that.", uncited: true},
		"nothing about it":            {draft: "Unfortunately, I have no information about that.", uncited: true},
		"a part not known":            {draft: fact + " I could not find anything about the rest of your question.", states: true},
		"the link of the chunk":       {draft: "Open https://app.firnwacht.example/signin and choose Forgot password.", states: true},
		"an introduction":             {draft: "Here is how to do it:\n1. Open https://app.firnwacht.example/signin and choose Forgot password.\n2. Enter the e-mail address of your user account.", states: true},
		"bullets":                     {draft: "- " + fact + "\n- A password needs at least 12 characters.", states: true},
		"an address of the chunk":     {draft: "Look into the spam folder and search for no-reply@firnwacht.example.", states: true},
		"a picture":                   {draft: fact + " 🙂", states: true},
		"a family of pictures":        {draft: "You're welcome! 👩‍💻", uncited: true},
		"German thanks":               {draft: "Vielen Dank für Ihre Nachricht. Gern geschehen!", uncited: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := about(t, tc.draft)
			if strings.HasPrefix(name, "German") {
				in.Customer = []string{"Vielen Dank, das hat mir sehr geholfen, jetzt funktioniert es wieder."}
			}
			if strings.HasPrefix(tc.draft, "You're welcome") || name == "glad" || name == "a farewell" {
				in.Customer = []string{"Thanks a lot, that helped!"}
			}
			if tc.uncited {
				in.Citations = nil
			}
			r := review.Check(in)
			require.True(t, r.Passed, "%v %+v", failed(r), review.Explain(in))
			require.Equal(t, !tc.states, r.StatesNothing)
			require.Len(t, r.Verdicts, len(review.Rules()))
			require.False(t, r.Deepen)
		})
	}
}

// TestEvasion refuses what gives whoever asked nothing.
func TestEvasion(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		customer, draft string
		evades          bool
	}{
		{"How often is the Amber Probe calibrated?", "How often is the Amber Probe calibrated?", true},
		{"Hello, how long is the link valid? Thanks", "How long is the link valid?", true},
		{"Hello, how long is the link valid? Thanks", "Thank you for your message. How long is the link valid?", true},
		{"How long is the link valid?", "Thank you for your message.", true},
		{"How long is the link valid?", "I'm sorry for the inconvenience.", true},
		{"Wie lange ist der Link gültig?", "Wie lange ist der Link gültig?", true},
		{"How long is the link valid?", "Which link do you mean?", false},
		{"How long is the link valid?", "How long is the link valid? " + fact, false},
		{"How long is the link valid?", "I'm sorry, I could not find an answer to that.", false},
		{"I want to change the password. Can you help?", "Do you want to change the password of your user account?", false},
		{"Wie lange ist der Link gültig?", "Welchen Link meinen Sie?", false},
		{"Thanks a lot!", "You're welcome!", false},
	} {
		t.Run(tc.customer+"/"+tc.draft, func(t *testing.T) {
			t.Parallel()
			in := about(t, tc.draft)
			in.Customer = []string{tc.customer}
			if strings.HasPrefix(tc.customer, "Wie") {
				in.Citations = nil
			}
			r := review.Check(in)
			if !tc.evades {
				require.True(t, r.Passed, "%v %+v", failed(r), review.Explain(in))
				return
			}
			require.Equal(t, []string{review.RuleStyle}, refusing(r), "%+v", review.Explain(in))
			require.False(t, r.Deepen)
		})
	}
}

func TestCitations(t *testing.T) {
	t.Parallel()
	in := about(t, fact)
	in.Citations = nil
	require.Equal(t, []string{review.RuleCitations, review.RuleGrounding}, refusing(review.Check(in)))

	in = about(t, fact)
	in.Citations = append(slices.Clone(in.Citations), uuid.New())
	require.Equal(t, []string{review.RuleCitations}, refusing(review.Check(in)))

	in = about(t, "Thank you for your message.")
	in.Citations, in.Customer = nil, []string{"Thanks, it works again."}
	require.True(t, review.Check(in).Passed)
}

// TestGivenNumbersPass lets a draft repeat what the customer wrote in this turn,
// and nothing that was said before.
func TestGivenNumbersPass(t *testing.T) {
	t.Parallel()
	in := about(t, fact+" As you wrote, your order is FO-1234567.")
	require.Contains(t, refusing(review.Check(in)), review.RuleLeaks)
	in.Earlier = []string{"My order is FO-1234567."}
	require.Contains(t, refusing(review.Check(in)), review.RuleLeaks)
	in.Customer = []string{"My order is FO-1234567, please tell me how long the link works."}
	require.NotContains(t, refusing(review.Check(in)), review.RuleLeaks)
}

func TestChunksOfOtherLanguagesSupportNothing(t *testing.T) {
	t.Parallel()
	in := about(t, fact+" A password needs at least 12 characters. If the link has expired, request a new one in the same way. Only the newest link works.")
	require.NotContains(t, refusing(review.Check(in)), review.RuleGrounding)
	for i := range in.Retrieved {
		in.Retrieved[i].Language = "de"
	}
	require.Contains(t, refusing(review.Check(in)), review.RuleGrounding)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	in := about(t, fact)
	in.Channel, in.Limits = ticket.WhatsApp, review.Limits{Characters: 20}
	r := review.Check(in)
	require.Equal(t, []string{review.RuleStyle}, refusing(r))
	require.Equal(t, "The answer has 56 characters, at most 20 are allowed.", failed(r)[0].Reason)
	in.Limits = review.Limits{Words: 5}
	require.Equal(t, "The answer has 11 words, at most 5 are allowed.", failed(review.Check(in))[0].Reason)
}

// TestReasonsHoldNoWordsOfOthers fills draft, chunks and customer with marked
// words and looks for them in what is stored.
func TestReasonsHoldNoWordsOfOthers(t *testing.T) {
	t.Parallel()
	const mark = "Zyxwvut"
	in := about(t, "# "+mark+"\nHello "+mark+",\nI have refunded "+mark+" for €99. See https://"+mark+".example or mail "+mark+"@x.example. "+mark+" is not 7 days. <"+strings.ToUpper(mark)+"_1>\n\nBest regards")
	in.Customer = []string{mark}
	for i := range in.Retrieved {
		in.Retrieved[i].Content += " " + mark
	}
	r := review.Check(in)
	require.False(t, r.Passed)
	for _, v := range r.Verdicts {
		require.NotContains(t, strings.ToLower(v.Reason), strings.ToLower(mark))
	}
}

package review

// Sentences returns the statements of a text as the review reads them, without
// those made of tables and code.
func Sentences(text string) []string {
	var all []string
	for _, s := range split(text, true) {
		if !s.cell {
			all = append(all, s.text)
		}
	}
	return all
}

// Found says of each claim of a draft what the review made of it.
type Found struct {
	Text     string
	Free     bool
	Fault    int
	Support  float64
	Verbatim float64
	Missing  []string
	Source   string
}

// Explain reads a draft and returns its claims.
func Explain(in Input) []Found {
	var all []Found
	for _, c := range newDraft(in).claims {
		f := Found{Text: c.text, Free: c.free, Fault: int(c.fault), Support: c.support, Verbatim: c.verbatim}
		for _, t := range c.missing {
			f.Missing = append(f.Missing, t.root)
		}
		if c.source != nil {
			f.Source = c.source.sentences[c.at].text
		}
		all = append(all, f)
	}
	return all
}

package streamsql

// Script is a parsed script.
type Script struct{ text string }

// Parse reads a script. Errors are *SyntaxError.
func Parse(text string) (*Script, error) { return &Script{text: text}, nil }

func bind(s *Script, o Options) (*Program, error) { return &Program{Text: s.text}, nil }

package deploy

import (
	"fmt"
	"regexp"
	"strings"
)

// ignore is a .funcignore: lines in the language of .gitignore, of which the last that
// matches decides.
type ignore []rule

type rule struct {
	text   string // as it is written
	names  *regexp.Regexp
	again  bool // !: what it matches goes in after all
	folder bool // it matches folders alone
}

func parseIgnore(text string) (ignore, error) {
	var all ignore
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		for strings.HasSuffix(line, " ") && !strings.HasSuffix(line, `\ `) {
			line = strings.TrimSuffix(line, " ")
		}
		if line == "" || line[0] == '#' {
			continue
		}
		r := rule{text: line}
		line, r.again = strings.CutPrefix(line, "!")
		line, r.folder = strings.CutSuffix(line, "/")
		names, err := pattern(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", n+1, r.text, err)
		}
		r.names = names
		all = append(all, r)
	}
	return all, nil
}

// match reports whether a name, with forward slashes, stays out.
func (g ignore) match(name string, folder bool) bool {
	for i := len(g) - 1; i >= 0; i-- {
		if r := g[i]; (folder || !r.folder) && r.names.MatchString(name) {
			return !r.again
		}
	}
	return false
}

// asks reports whether a rule that lets in again is about this very file.
func (g ignore) asks(name string) bool {
	for _, r := range g {
		if r.again && strings.TrimPrefix(strings.TrimPrefix(r.text, "!"), "/") == name {
			return true
		}
	}
	return false
}

// pattern is a pattern without its marks as an expression over whole names. One with a
// slash is about names from the app's folder on, another about names in any folder.
func pattern(text string) (*regexp.Regexp, error) {
	var out strings.Builder
	out.WriteString("^")
	if strings.Contains(text, "/") {
		text = strings.TrimPrefix(text, "/")
	} else {
		out.WriteString("(?:.*/)?")
	}
	for i := 0; i < len(text); i++ {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, "**/") && (i == 0 || text[i-1] == '/'):
			out.WriteString("(?:.*/)?")
			i += 2
		case rest == "**" && i > 0 && text[i-1] == '/':
			out.WriteString(".*")
			i++
		case rest[0] == '*':
			out.WriteString("[^/]*")
		case rest[0] == '?':
			out.WriteString("[^/]")
		case rest[0] == '[':
			n, class := classOf(rest)
			out.WriteString(class)
			i += n - 1
		case rest[0] == '\\' && len(rest) > 1:
			i++
			out.WriteString(literal(text[i]))
		default:
			out.WriteString(literal(rest[0]))
		}
	}
	out.WriteString("$")
	return regexp.Compile("(?s)" + out.String())
}

// literal is a byte that stands for itself, one of a longer character too.
func literal(b byte) string {
	if b < 0x80 {
		return regexp.QuoteMeta(string(rune(b)))
	}
	return string([]byte{b})
}

// classOf is the [set] that a text begins with, and its length; a bracket that nothing
// closes stands for itself.
func classOf(text string) (length int, expression string) {
	from := 1
	if strings.HasPrefix(text[1:], "!") || strings.HasPrefix(text[1:], "^") {
		from = 2
	}
	end := strings.IndexByte(text[min(from+1, len(text)):], ']')
	if end < 0 {
		return 1, `\[`
	}
	end += from + 1
	set := strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(text[from:end])
	if from == 2 {
		return end + 1, "[^/" + set + "]"
	}
	return end + 1, "[" + set + "]"
}

package expr

import (
	"regexp"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Pattern is a template read backwards: what its placeholders stand for in a text.
type Pattern struct {
	re    *regexp.Regexp
	names []string
}

// nameRule is what a placeholder that is to be found may be called.
var nameRule = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Pattern returns the template as a pattern of whole texts. Each placeholder stands
// for any text, also an empty one, and takes as much as it can, the first before the
// second, as in the vendor's host: {name}.{ext} of a.b.c are a.b and c. Any text has
// line ends too: the vendor's (.*) passes over them in silence, and a blob of a lawful
// name for which nothing ever runs is worse than one run more than there.
func (t *Template) Pattern() (*Pattern, error) {
	p := &Pattern{}
	var text strings.Builder
	text.WriteString("(?s)^")
	seen := map[string]bool{}
	for _, part := range t.parts {
		if part.name == "" {
			text.WriteString(regexp.QuoteMeta(part.text))
			continue
		}
		lower := strings.ToLower(part.name)
		if !nameRule.MatchString(part.name) || part.format != "" || seen[lower] {
			return nil, fault.New(fault.Invalid, "expression", "{%s}: here a placeholder is a word of letters, digits and _ without a format, and each is there once", part.name)
		}
		seen[lower] = true
		p.names = append(p.names, part.name)
		text.WriteString("(.*)")
	}
	text.WriteString("$")
	var err error
	p.re, err = regexp.Compile(text.String())
	return p, err
}

// Names are the placeholders in their order.
func (p *Pattern) Names() []string { return p.names }

// Match returns the values of the placeholders when the text is of the pattern.
func (p *Pattern) Match(text string) (values map[string]string, ok bool) {
	found := p.re.FindStringSubmatch(text)
	if found == nil {
		return nil, false
	}
	values = make(map[string]string, len(p.names))
	for i, name := range p.names {
		values[name] = found[i+1]
	}
	return values, true
}

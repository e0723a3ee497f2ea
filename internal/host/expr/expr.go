// Package expr evaluates the two kinds of placeholder in binding properties.
//
// %name% stands for a setting and is replaced once, when a function is
// loaded. {name} stands for a value of one invocation: a property of the
// event's JSON payload or metadata, with dots for nested values, or one of the
// built-ins {rand-guid[:format]}, {datetime[:format]} and {sys.*}. "{{" and
// "}}" are literal braces.
//
// The package knows no binding: callers hand it text and get text back.
package expr

import (
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Settings replaces every %name% in text by its setting. A name that is not
// set is an error that carries the name, and so is one that lookup refuses. A lone
// percent sign stays as it is.
func Settings(text string, lookup func(name string) (value string, found bool, err error)) (string, error) {
	if !strings.Contains(text, "%") {
		return text, nil
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "%")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "%")
		if !closed || name == "" {
			out.WriteByte('%')
			text = rest
			continue
		}
		value, ok, err := lookup(name)
		if err != nil {
			return "", err
		}
		if !ok {
			return "", fault.New(fault.NotFound, "setting "+name, "%%%s%% is used but not set in local.settings.json or the environment", name)
		}
		out.WriteString(value)
		text = after
	}
}

// Template is parsed text with {placeholders}.
type Template struct {
	parts []part
}

// part is literal text or, when name is not empty, a placeholder.
type part struct {
	text   string
	name   string
	format string
}

// Parse reads text with {name} and {name:format} placeholders. Errors give
// the position of the brace, from 1.
func Parse(text string) (*Template, error) {
	t := &Template{}
	var literal strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case (c == '{' || c == '}') && i+1 < len(text) && text[i+1] == c:
			literal.WriteByte(c)
			i++
		case c == '}':
			return nil, fault.New(fault.Invalid, "expression", "position %d: \"}\" without \"{\" in %q", i+1, text)
		case c == '{':
			length := strings.IndexByte(text[i:], '}')
			if length < 0 {
				return nil, fault.New(fault.Invalid, "expression", "position %d: \"{\" without \"}\" in %q", i+1, text)
			}
			name, format, _ := strings.Cut(text[i+1:i+length], ":")
			name = strings.TrimSpace(name)
			if name == "" || strings.Contains(name, "{") {
				return nil, fault.New(fault.Invalid, "expression", "position %d: a placeholder needs a name in %q", i+1, text)
			}
			t.literal(&literal)
			t.parts = append(t.parts, part{name: name, format: format})
			i += length
		default:
			literal.WriteByte(c)
		}
	}
	t.literal(&literal)
	return t, nil
}

func (t *Template) literal(b *strings.Builder) {
	if b.Len() > 0 {
		t.parts = append(t.parts, part{text: b.String()})
		b.Reset()
	}
}

// Constant reports whether the template has no placeholder.
func (t *Template) Constant() bool {
	for _, p := range t.parts {
		if p.name != "" {
			return false
		}
	}
	return true
}

// Names returns the placeholders' names in order of appearance.
func (t *Template) Names() []string {
	var names []string
	for _, p := range t.parts {
		if p.name != "" {
			names = append(names, p.name)
		}
	}
	return names
}

// Values is what an invocation offers to placeholders.
type Values struct {
	// Function is the function's name, for {sys.methodname}.
	Function string
	// Now is the time of the invocation.
	Now time.Time
	// Lookup finds a value by its dotted name.
	Lookup func(name string) (string, bool)
}

// Expand fills in the placeholders. A name that nothing defines is an error:
// writing to a container named by accident would be worse.
func (t *Template) Expand(v Values) (string, error) { return t.ExpandInto(v, nil) }

// ExpandInto is Expand for a language of its own: fit says how a value is written
// there, behind the literal text so far. nil: as it is.
func (t *Template) ExpandInto(v Values, fit func(before, name, value string) (string, error)) (string, error) {
	var out, literal strings.Builder
	for _, p := range t.parts {
		if p.name == "" {
			out.WriteString(p.text)
			literal.WriteString(p.text)
			continue
		}
		value, err := p.expand(v)
		if err == nil && fit != nil {
			value, err = fit(literal.String(), p.name, value)
		}
		if err != nil {
			return "", err
		}
		out.WriteString(value)
	}
	return out.String(), nil
}

func (p part) expand(v Values) (string, error) {
	// The event's own values come first: an event may well carry "datetime".
	if v.Lookup != nil {
		if value, ok := v.Lookup(p.name); ok {
			return value, nil
		}
	}
	switch strings.ToLower(p.name) {
	case "rand-guid", "sys.randguid":
		return guid(p.format)
	case "datetime", "sys.utcnow":
		return formatTime(v.Now.UTC(), p.format), nil
	case "sys.methodname":
		return v.Function, nil
	}
	return "", fault.New(fault.Invalid, "expression", "{%s} is not defined by this trigger", p.name)
}

// guid makes a random (version 4) identifier in one of the .NET formats: D
// with hyphens, N without, B in braces, P in parentheses.
func guid(format string) (string, error) {
	d := uuid.New()
	switch strings.ToUpper(format) {
	case "", "D":
		return d, nil
	case "N":
		return strings.ReplaceAll(d, "-", ""), nil
	case "B":
		return "{" + d + "}", nil
	case "P":
		return "(" + d + ")", nil
	}
	return "", fault.New(fault.Invalid, "expression", "{rand-guid:%s}: the format must be N, D, B or P", format)
}

// timeTokens are the custom date format specifiers, longest first per letter.
var timeTokens = []struct {
	token  string
	render func(t time.Time) string
}{
	{"yyyy", func(t time.Time) string { return fmt.Sprintf("%04d", t.Year()) }},
	{"yy", func(t time.Time) string { return fmt.Sprintf("%02d", t.Year()%100) }},
	{"MMMM", func(t time.Time) string { return t.Month().String() }},
	{"MMM", func(t time.Time) string { return t.Month().String()[:3] }},
	{"MM", func(t time.Time) string { return fmt.Sprintf("%02d", int(t.Month())) }},
	{"M", func(t time.Time) string { return fmt.Sprint(int(t.Month())) }},
	{"dddd", func(t time.Time) string { return t.Weekday().String() }},
	{"ddd", func(t time.Time) string { return t.Weekday().String()[:3] }},
	{"dd", func(t time.Time) string { return fmt.Sprintf("%02d", t.Day()) }},
	{"d", func(t time.Time) string { return fmt.Sprint(t.Day()) }},
	{"HH", func(t time.Time) string { return fmt.Sprintf("%02d", t.Hour()) }},
	{"H", func(t time.Time) string { return fmt.Sprint(t.Hour()) }},
	{"hh", func(t time.Time) string { return t.Format("03") }},
	{"mm", func(t time.Time) string { return fmt.Sprintf("%02d", t.Minute()) }},
	{"m", func(t time.Time) string { return fmt.Sprint(t.Minute()) }},
	{"ss", func(t time.Time) string { return fmt.Sprintf("%02d", t.Second()) }},
	{"s", func(t time.Time) string { return fmt.Sprint(t.Second()) }},
	{"fffffff", func(t time.Time) string { return fmt.Sprintf("%07d", t.Nanosecond()/100) }},
	{"fff", func(t time.Time) string { return fmt.Sprintf("%03d", t.Nanosecond()/1e6) }},
	{"tt", func(t time.Time) string { return t.Format("PM") }},
	{"K", func(time.Time) string { return "Z" }},
	{"zzz", func(time.Time) string { return "+00:00" }},
}

// formatTime renders a UTC time by a .NET custom format; no format is
// yyyy-MM-ddTHH-mm-ssZ, which is safe in names.
func formatTime(t time.Time, format string) string {
	if format == "" {
		format = "yyyy-MM-ddTHH-mm-ssK"
	}
	var out strings.Builder
next:
	for i := 0; i < len(format); {
		for _, tk := range timeTokens {
			if strings.HasPrefix(format[i:], tk.token) {
				out.WriteString(tk.render(t))
				i += len(tk.token)
				continue next
			}
		}
		out.WriteByte(format[i])
		i++
	}
	return out.String()
}

package expression

import (
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/dlclark/regexp2/v2"
)

// Builder is a StringBuilder.
type Builder struct{ text strings.Builder }

func (b *Builder) String() string { return b.text.String() }

var builderProperties = map[string]property{
	"Length": func(v any) (any, error) { return count(lengthOf(v.(*Builder).String())), nil },
}

func appendTo(suffix string) method {
	return func(c *Call) (any, error) {
		b, _ := c.This.(*Builder)
		s := ""
		if len(c.Args) > 0 {
			s = textOf(c.Args[0])
		}
		if err := c.frame.fits(c.pos, b.text.Len()+len(s)); err != nil {
			return nil, err
		}
		b.text.WriteString(s + suffix)
		return b, nil
	}
}

var builderMethods = map[string]method{
	"Append":     appendTo(""),
	"AppendLine": appendTo(newLine),
	"AppendFormat": func(c *Call) (any, error) {
		s, err := composite(c, 0)
		if err != nil {
			return nil, err
		}
		b, _ := c.This.(*Builder)
		b.text.WriteString(s)
		return b, c.frame.fits(c.pos, b.text.Len())
	},
	"ToString": func(c *Call) (any, error) { return c.This.(*Builder).String(), nil },
	"Clear": func(c *Call) (any, error) {
		b, _ := c.This.(*Builder)
		b.text.Reset()
		return b, nil
	},
	"Replace": func(c *Call) (any, error) {
		b, _ := c.This.(*Builder)
		v, err := stringMethods["Replace"](&Call{Name: "Replace", This: b.String(), Args: c.Args, frame: c.frame, pos: c.pos})
		if err != nil {
			return nil, err
		}
		b.text.Reset()
		b.text.WriteString(textOf(v))
		return b, nil
	},
}

// composite is String.Format: the format is the argument at.
func composite(c *Call, at int) (string, error) {
	format, err := c.Text(at)
	if err != nil {
		return "", err
	}
	args := c.Args[at+1:]
	if len(args) == 1 {
		if l, ok := args[0].(*List); ok && l.Fixed {
			args = l.Items
		}
	}
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		switch {
		case strings.HasPrefix(format[i:], "{{"), strings.HasPrefix(format[i:], "}}"):
			out.WriteByte(format[i])
			i++
		case format[i] == '{':
			end := strings.IndexByte(format[i:], '}')
			if end < 0 {
				return "", fmt.Errorf("input string was not in a correct format: a } is missing")
			}
			s, err := compositeHole(format[i+1:i+end], args)
			if err != nil {
				return "", err
			}
			out.WriteString(s)
			i += end
		case format[i] == '}':
			return "", fmt.Errorf("input string was not in a correct format: } is written }}")
		default:
			out.WriteByte(format[i])
		}
		if out.Len() > c.frame.run.limits.Bytes {
			return "", c.frame.fits(c.pos, out.Len())
		}
	}
	return out.String(), nil
}

func compositeHole(hole string, args []any) (string, error) {
	head, format, _ := strings.Cut(hole, ":")
	number, align, aligned := strings.Cut(head, ",")
	var n, width int
	if _, err := fmt.Sscanf(strings.TrimSpace(number), "%d", &n); err != nil || n < 0 {
		return "", fmt.Errorf("input string was not in a correct format: {%s}", clip(hole))
	}
	if n >= len(args) {
		return "", fmt.Errorf("index (zero based) must be less than the size of the argument list: {%d}", n)
	}
	if aligned {
		if _, err := fmt.Sscanf(strings.TrimSpace(align), "%d", &width); err != nil || width > 1000 || width < -1000 {
			return "", fmt.Errorf("input string was not in a correct format: {%s}", clip(hole))
		}
	}
	s, err := formatValue(args[n], format)
	return padded(s, width), err
}

// Regex is a regular expression of .NET.
type Regex struct{ re *regexp2.Regexp }

// regexTime bounds one match.
const regexTime = 500 * time.Millisecond

func newRegex(pattern string, options any) (*Regex, error) {
	o := regexp2.None
	if e, ok := options.(Enum); ok {
		for _, name := range strings.Split(e.Name, ", ") {
			o |= map[string]regexp2.RegexOptions{
				"IgnoreCase": regexp2.IgnoreCase, "Multiline": regexp2.Multiline, "Singleline": regexp2.Singleline,
				"IgnorePatternWhitespace": regexp2.IgnorePatternWhitespace, "ExplicitCapture": regexp2.ExplicitCapture, "RightToLeft": regexp2.RightToLeft,
			}[name]
		}
	} else if n, ok := options.(int32); ok {
		o = regexp2.RegexOptions(n) & (regexp2.IgnoreCase | regexp2.Multiline | regexp2.Singleline)
	}
	re, err := regexp2.Compile(pattern, o)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is no regular expression: %w", clip(pattern), err)
	}
	re.MatchTimeout = regexTime
	return &Regex{re}, nil
}

// Match is a Match or one of its Groups.
type Match struct {
	success bool
	value   string
	index   int
	groups  *regexp2.Match
}

// Matches are a MatchCollection or a GroupCollection.
type Matches struct {
	all   []any
	names map[string]any
}

// TypeName implements Object.
func (m *Matches) TypeName() string { return "MatchCollection" }

// Get implements Object.
func (m *Matches) Get(name string) (any, bool, error) {
	return count(len(m.all)), name == "Count", nil
}

// Call implements Object.
func (m *Matches) Call(*Call) (any, bool, error) { return nil, false, nil }

// Index implements Indexed.
func (m *Matches) Index(key any) (any, error) {
	if name, ok := key.(string); ok {
		if g, ok := m.names[name]; ok {
			return g, nil
		}
		return &Match{}, nil
	}
	i, err := place(key, len(m.all))
	if err != nil {
		return &Match{}, nil //nolint:nilerr // a group that is not there is one without success
	}
	return m.all[i], nil
}

func matchOf(m *regexp2.Match) *Match {
	if m == nil {
		return &Match{}
	}
	return &Match{true, m.String(), m.RuneIndex, m}
}

func (r *Regex) find(s string) (any, error) {
	m, err := r.re.FindStringMatch(s)
	return matchOf(m), err
}

func (r *Regex) all(c *Call, s string) (any, error) {
	out := &Matches{}
	m, err := r.re.FindStringMatch(s)
	for m != nil && err == nil {
		if err := c.frame.step(c.pos); err != nil {
			return nil, err
		}
		out.all = append(out.all, matchOf(m))
		m, err = r.re.FindNextMatch(m)
	}
	return out, err
}

func (r *Regex) replace(c *Call, s string, with any) (any, error) {
	if f, ok := with.(*closure); ok {
		var failed error
		out, err := r.re.ReplaceFunc(s, func(m regexp2.Match) string {
			if failed != nil {
				return ""
			}
			v, err := f.call(c.frame, matchOf(&m))
			failed = err
			return textOf(v)
		}, -1, -1)
		if failed != nil {
			err = failed
		}
		return out, err
	}
	to, ok := with.(string)
	if !ok {
		return nil, c.bad()
	}
	if err := c.frame.fits(c.pos, (len(s)+1)*max(len(to), 1)/16); err != nil {
		return nil, err
	}
	return r.re.Replace(s, to, -1, -1)
}

func (r *Regex) split(c *Call, s string) (any, error) {
	found, err := r.all(c, s)
	if err != nil {
		return nil, err
	}
	runes, last := []rune(s), 0
	var parts []any
	for _, x := range found.(*Matches).all { //nolint:forcetypeassert // all gives one
		m, _ := x.(*Match)
		parts = append(parts, string(runes[last:m.index]))
		last = m.index + len([]rune(m.value))
	}
	return NewList("String", append(parts, string(runes[last:]))...), nil
}

// regexCall does what a name says with a pattern; args are behind it.
func regexCall(c *Call, r *Regex, args []any) (any, error) {
	s, ok := first(args).(string)
	if !ok {
		return nil, c.bad()
	}
	switch c.Name {
	case "IsMatch":
		return r.re.MatchString(s)
	case "Match":
		return r.find(s)
	case "Matches":
		return r.all(c, s)
	case "Split":
		return r.split(c, s)
	}
	if len(args) < 2 {
		return nil, c.bad()
	}
	return r.replace(c, s, args[1])
}

func onRegex(c *Call) (any, error) { return regexCall(c, c.This.(*Regex), c.Args) }

var regexMethods = map[string]method{"IsMatch": onRegex, "Match": onRegex, "Matches": onRegex, "Replace": onRegex, "Split": onRegex}

var matchProperties = map[string]property{
	"Success": func(v any) (any, error) { return v.(*Match).success, nil },
	"Value":   func(v any) (any, error) { return v.(*Match).value, nil },
	"Index":   func(v any) (any, error) { return count(v.(*Match).index), nil },
	"Length":  func(v any) (any, error) { return count(lengthOf(v.(*Match).value)), nil },
	"Groups": func(v any) (any, error) {
		out := &Matches{names: map[string]any{}}
		m, _ := v.(*Match)
		if m.groups == nil {
			return out, nil
		}
		for _, g := range m.groups.Groups() {
			x := &Match{len(g.Captures) > 0, g.String(), g.RuneIndex, nil}
			out.all = append(out.all, x)
			out.names[g.Name] = x
		}
		return out, nil
	},
}

var matchMethods = map[string]method{
	"ToString": func(c *Call) (any, error) { return c.This.(*Match).value, nil },
	"NextMatch": func(*Call) (any, error) {
		return nil, fmt.Errorf("NextMatch is not served; use Regex.Matches")
	},
}

// URI is a Uri.
type URI struct{ u *url.URL }

func parseURI(s string, base any) (*URI, error) {
	if relative, ok := base.(string); ok {
		b, err := url.Parse(s)
		if err != nil {
			return nil, fmt.Errorf("invalid URI: %q", clip(s))
		}
		r, err := url.Parse(relative)
		if err != nil {
			return nil, fmt.Errorf("invalid URI: %q", clip(relative))
		}
		s = b.ResolveReference(r).String()
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" {
		return nil, fmt.Errorf("invalid URI: %q is not absolute", clip(s))
	}
	return &URI{u}, nil
}

func (u *URI) String() string {
	if u.u.Path == "" && u.u.Host != "" {
		v := *u.u
		v.Path = "/"
		return v.String()
	}
	return u.u.String()
}

func (u *URI) port() int {
	var n int
	if _, err := fmt.Sscanf(u.u.Port(), "%d", &n); err == nil {
		return n
	}
	return map[string]int{"http": 80, "https": 443, "ftp": 21}[u.u.Scheme]
}

func (u *URI) query() string {
	if u.u.RawQuery == "" {
		return ""
	}
	return "?" + u.u.RawQuery
}

func (u *URI) path() string {
	if p := u.u.EscapedPath(); p != "" {
		return p
	}
	return "/"
}

var uriProperties = map[string]property{
	"Host":           func(v any) (any, error) { return v.(*URI).u.Hostname(), nil },
	"Authority":      func(v any) (any, error) { return v.(*URI).u.Host, nil },
	"Scheme":         func(v any) (any, error) { return v.(*URI).u.Scheme, nil },
	"Port":           func(v any) (any, error) { return count(v.(*URI).port()), nil },
	"AbsolutePath":   func(v any) (any, error) { return v.(*URI).path(), nil },
	"LocalPath":      func(v any) (any, error) { u := v.(*URI).u.Path; return u, nil },
	"Query":          func(v any) (any, error) { return v.(*URI).query(), nil },
	"PathAndQuery":   func(v any) (any, error) { u := v.(*URI); return u.path() + u.query(), nil },
	"AbsoluteUri":    func(v any) (any, error) { return v.(*URI).String(), nil },
	"OriginalString": func(v any) (any, error) { return v.(*URI).u.String(), nil },
	"Fragment": func(v any) (any, error) {
		if f := v.(*URI).u.Fragment; f != "" {
			return "#" + f, nil
		}
		return "", nil
	},
	"Segments": func(v any) (any, error) {
		return Strings(strings.SplitAfter(strings.TrimSuffix(v.(*URI).path(), "/"), "/")), nil
	},
}

var uriMethods = map[string]method{
	"GetLeftPart": func(c *Call) (any, error) {
		u, _ := c.This.(*URI)
		e, _ := first(c.Args).(Enum)
		switch e.Name {
		case "Authority":
			return u.u.Scheme + "://" + u.u.Host, nil
		case "Path":
			return u.u.Scheme + "://" + u.u.Host + u.path(), nil
		case "Scheme":
			return u.u.Scheme + "://", nil
		case "Query":
			return u.u.Scheme + "://" + u.u.Host + u.path() + u.query(), nil
		}
		return nil, c.bad()
	},
}

func escapeData(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// TextEncoding is an Encoding.
type TextEncoding struct{ name string }

var encodingProperties = map[string]property{
	"WebName": func(v any) (any, error) { return v.(*TextEncoding).name, nil },
}

var encodingMethods = map[string]method{
	"GetBytes": func(c *Call) (any, error) {
		s, err := c.Text(0)
		if err != nil {
			return nil, err
		}
		return c.This.(*TextEncoding).encode(s), nil
	},
	"GetString": func(c *Call) (any, error) {
		b, err := c.Bytes(0)
		if err != nil {
			return nil, err
		}
		if len(c.Args) == 3 {
			from, _ := c.Int(1)
			n, _ := c.Int(2)
			if from < 0 || n < 0 || from+n > len(b) {
				return nil, fmt.Errorf("GetString: index and count must refer to a location within the buffer")
			}
			b = b[from : from+n]
		}
		return c.This.(*TextEncoding).decode(b), nil
	},
	"GetByteCount": func(c *Call) (any, error) {
		s, err := c.Text(0)
		return count(len(c.This.(*TextEncoding).encode(s))), err
	},
}

func (e *TextEncoding) encode(s string) []byte {
	switch e.name {
	case "us-ascii", "iso-8859-1":
		limit := map[string]rune{"us-ascii": 0x80, "iso-8859-1": 0x100}[e.name]
		var out []byte
		for _, r := range s {
			if r >= limit {
				r = '?'
			}
			out = append(out, byte(r)) //nolint:gosec // checked
		}
		return out
	case "utf-16":
		var out []byte
		for _, u := range utf16Of(s) {
			out = binary.LittleEndian.AppendUint16(out, u)
		}
		return out
	}
	return []byte(s)
}

func (e *TextEncoding) decode(b []byte) string {
	switch e.name {
	case "us-ascii", "iso-8859-1":
		var out strings.Builder
		for _, c := range b {
			if c >= 0x80 && e.name == "us-ascii" {
				c = '?'
			}
			out.WriteRune(rune(c))
		}
		return out.String()
	case "utf-16":
		var u []uint16
		for i := 0; i+1 < len(b); i += 2 {
			u = append(u, binary.LittleEndian.Uint16(b[i:]))
		}
		return string(utf16.Decode(u))
	}
	return strings.ToValidUTF8(string(b), "\ufffd")
}

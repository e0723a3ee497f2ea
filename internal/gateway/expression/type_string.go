package expression

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Positions in strings count UTF-16 units, as .NET's do.
func utf16Of(s string) []uint16 { return utf16.Encode([]rune(s)) }

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func lengthOf(s string) int {
	if ascii(s) {
		return len(s)
	}
	return len(utf16Of(s))
}

// slice is s[from:from+n]; a negative n is the rest.
func slice(s string, from, n int) (string, error) {
	size := lengthOf(s)
	if n < 0 {
		n = size - from
	}
	if from < 0 || n < 0 || from+n > size {
		return "", fmt.Errorf("index and length must refer to a location within the string, which has %d characters", size)
	}
	if ascii(s) {
		return s[from : from+n], nil
	}
	return string(utf16.Decode(utf16Of(s)[from : from+n])), nil
}

// unitIndex is a place among bytes as a place among UTF-16 units.
func unitIndex(s string, at int) int32 {
	if at < 0 {
		return -1
	}
	return int32(lengthOf(s[:at])) //nolint:gosec // strings are short
}

var stringProperties = map[string]property{
	"Length": func(this any) (any, error) { return int32(lengthOf(this.(string))), nil }, //nolint:gosec // strings are short
}

// folds reports whether an argument asks to compare without case.
func folds(c *Call) bool {
	for _, a := range c.Args {
		if e, ok := a.(Enum); ok && strings.HasSuffix(e.Name, "IgnoreCase") {
			return true
		}
	}
	return false
}

// twoTexts are this and the first argument, in lower case where that was asked.
func twoTexts(c *Call) (a, b string, err error) {
	a, _ = c.This.(string)
	b, err = c.Text(0)
	if folds(c) {
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	return a, b, err
}

func textTest(test func(a, b string) bool) method {
	return func(c *Call) (any, error) {
		a, b, err := twoTexts(c)
		return test(a, b), err
	}
}

func textChange(change func(s string) string) method {
	return func(c *Call) (any, error) { return change(c.This.(string)), nil }
}

// trim is Trim and its kin: white space, or the characters that are given.
func trim(space func(string) string, some func(s, cutset string) string) method {
	return func(c *Call) (any, error) {
		s, _ := c.This.(string)
		if len(c.Args) == 0 {
			return space(s), nil
		}
		set := ""
		for i := range c.Args {
			if l, ok := c.Args[i].(*List); ok {
				for _, x := range l.Items {
					set += textOf(x)
				}
				continue
			}
			t, err := c.Text(i)
			if err != nil {
				return nil, err
			}
			set += t
		}
		return some(s, set), nil
	}
}

func pad(left bool) method {
	return func(c *Call) (any, error) {
		s, _ := c.This.(string)
		n, err := c.Int(0)
		if err != nil {
			return nil, err
		}
		if err := c.frame.fits(c.pos, n); err != nil {
			return nil, err
		}
		with := " "
		if len(c.Args) > 1 {
			if with, err = c.Text(1); err != nil {
				return nil, err
			}
		}
		fill := strings.Repeat(with, max(0, n-lengthOf(s)))
		if left {
			return fill + s, nil
		}
		return s + fill, nil
	}
}

var stringMethods = map[string]method{
	"Contains":         textTest(strings.Contains),
	"StartsWith":       textTest(strings.HasPrefix),
	"EndsWith":         textTest(strings.HasSuffix),
	"ToLower":          textChange(strings.ToLower),
	"ToLowerInvariant": textChange(strings.ToLower),
	"ToUpper":          textChange(strings.ToUpper),
	"ToUpperInvariant": textChange(strings.ToUpper),
	"Trim":             trim(strings.TrimSpace, strings.Trim),
	"TrimStart":        trim(func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }, strings.TrimLeft),
	"TrimEnd":          trim(func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }, strings.TrimRight),
	"PadLeft":          pad(true),
	"PadRight":         pad(false),
	"Normalize":        textChange(func(s string) string { return s }),
	"Equals": func(c *Call) (any, error) {
		if len(c.Args) > 0 {
			if _, isText := c.Args[0].(string); !isText {
				return false, nil
			}
		}
		a, b, err := twoTexts(c)
		return a == b, err
	},
	"CompareTo": func(c *Call) (any, error) {
		a, b, err := twoTexts(c)
		return int32(strings.Compare(a, b)), err //nolint:gosec // -1 to 1
	},
	"IndexOf": func(c *Call) (any, error) {
		a, b, err := twoTexts(c)
		if err != nil {
			return nil, err
		}
		if from, err := c.Int(1); err == nil {
			rest, err := slice(a, from, -1)
			if err != nil {
				return nil, err
			}
			if at := unitIndex(rest, strings.Index(rest, b)); at >= 0 {
				return at + int32(from), nil //nolint:gosec // strings are short
			}
			return int32(-1), nil
		}
		return unitIndex(a, strings.Index(a, b)), nil
	},
	"LastIndexOf": func(c *Call) (any, error) {
		a, b, err := twoTexts(c)
		return unitIndex(a, strings.LastIndex(a, b)), err
	},
	"Substring": func(c *Call) (any, error) {
		from, err := c.Int(0)
		n := -1
		if err == nil && len(c.Args) > 1 {
			if n, err = c.Int(1); n < 0 {
				err = fmt.Errorf("length cannot be less than zero")
			}
		}
		if err != nil {
			return nil, err
		}
		return slice(c.This.(string), from, n)
	},
	"Remove": func(c *Call) (any, error) {
		s, _ := c.This.(string)
		from, err := c.Int(0)
		if err != nil {
			return nil, err
		}
		head, err := slice(s, 0, from)
		if err != nil || len(c.Args) == 1 {
			return head, err
		}
		n, err := c.Int(1)
		if err != nil {
			return nil, err
		}
		tail, err := slice(s, from+n, -1)
		return head + tail, err
	},
	"Insert": func(c *Call) (any, error) {
		s, _ := c.This.(string)
		at, err := c.Int(0)
		if err != nil {
			return nil, err
		}
		what, err := c.Text(1)
		if err != nil {
			return nil, err
		}
		head, err := slice(s, 0, at)
		if err != nil {
			return nil, err
		}
		return head + what + s[len(head):], nil
	},
	"Replace": func(c *Call) (any, error) {
		s, _ := c.This.(string)
		from, err := c.Text(0)
		if err != nil || from == "" {
			return nil, fmt.Errorf("Replace: what is replaced cannot be empty")
		}
		to := ""
		if len(c.Args) > 1 && c.Args[1] != nil {
			if to, err = c.Text(1); err != nil {
				return nil, err
			}
		}
		if err := c.frame.fits(c.pos, len(s)+strings.Count(s, from)*(len(to)-len(from))); err != nil {
			return nil, err
		}
		return strings.ReplaceAll(s, from, to), nil
	},
	"Split":       splitText,
	"ToCharArray": func(c *Call) (any, error) { return NewList("Char", charsOf(c.This.(string))...), nil },
	"AsJwt":       func(c *Call) (any, error) { return asJwt(c.This.(string)), nil },
	"AsBasic":     func(c *Call) (any, error) { return asBasic(c.This.(string)), nil },
	"TryParseJwt": func(c *Call) (any, error) {
		j := asJwt(c.This.(string))
		c.Give(0, j)
		return j != nil, nil
	},
	"TryParseBasic": func(c *Call) (any, error) {
		b := asBasic(c.This.(string))
		c.Give(0, b)
		return b != nil, nil
	},
}

func charsOf(s string) []any {
	var all []any
	for _, u := range utf16Of(s) {
		all = append(all, Char(u))
	}
	return all
}

// splitText is Split by characters or strings, with how many and RemoveEmptyEntries.
func splitText(c *Call) (any, error) {
	s, _ := c.This.(string)
	var seps []string
	limit, drop := -1, false
	for _, a := range c.Args {
		switch a := a.(type) {
		case string:
			seps = append(seps, a)
		case Char:
			seps = append(seps, string(rune(a)))
		case int32:
			limit = int(a)
		case Enum:
			drop = drop || a.Name == "RemoveEmptyEntries"
		case nil:
		case *List:
			for _, x := range a.Items {
				seps = append(seps, textOf(x))
			}
		default:
			return nil, c.bad()
		}
	}
	if len(seps) == 0 {
		seps = []string{" ", "\t", "\n", "\r"}
	}
	var out []any
	for rest := s; ; {
		at, width := nextSeparator(rest, seps)
		if at < 0 || limit > 0 && len(out) == limit-1 {
			if rest != "" || !drop {
				out = append(out, rest)
			}
			break
		}
		if head := rest[:at]; head != "" || !drop {
			out = append(out, head)
		}
		rest = rest[at+width:]
		if err := c.frame.step(c.pos); err != nil {
			return nil, err
		}
	}
	return NewList("String", out...), nil
}

func nextSeparator(s string, seps []string) (at, width int) {
	at = -1
	for _, sep := range seps {
		if sep == "" {
			continue
		}
		if i := strings.Index(s, sep); i >= 0 && (at < 0 || i < at) {
			at, width = i, len(sep)
		}
	}
	return at, width
}

var charMethods = map[string]method{}

var numberMethods = map[string]method{
	"CompareTo": func(c *Call) (any, error) {
		if len(c.Args) == 1 {
			if a, b, ok := promote(bare(c.This), bare(c.Args[0])); ok {
				fa, _ := toFloat(a)
				fb, _ := toFloat(b)
				switch {
				case fa < fb:
					return int32(-1), nil
				case fa > fb:
					return int32(1), nil
				}
				return int32(0), nil
			}
		}
		return nil, c.bad()
	},
}

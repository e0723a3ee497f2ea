package arm

import (
	"net/http"
	"strings"

	engine "github.com/lazuli-dev/lazuli/internal/arm"
)

// filter is what lists are asked for: FIELD eq 'VALUE' and …; the language has more,
// which is refused by name. The zero filter keeps everything.
type filter []condition

type condition struct{ field, value string }

// parseFilter reads the text of $filter.
func parseFilter(text string) (f filter, err error) {
	for rest := strings.TrimSpace(text); rest != ""; {
		var c condition
		if c, rest, err = parseCondition(rest); err != nil {
			return nil, err
		}
		f = append(f, c)
		if rest == "" {
			break
		}
		word, after, _ := strings.Cut(rest, " ")
		if !strings.EqualFold(word, "and") {
			return nil, badFilter(text, rest)
		}
		rest = strings.TrimSpace(after)
	}
	return f, nil
}

func badFilter(text, at string) error {
	return engine.Fail(http.StatusBadRequest, "InvalidFilterInQueryString",
		"Invalid $filter '%s' specified in the query string: '%s' is not served by Lazuli. Conditions of the form FIELD eq 'VALUE', joined by 'and', are; and atScope().", text, at)
}

func parseCondition(text string) (c condition, rest string, err error) {
	if call, after, ok := strings.Cut(text, ")"); ok && strings.Contains(call, "(") && !strings.Contains(strings.SplitN(call, "(", 2)[0], " ") {
		name, value, _ := strings.Cut(call, "(")
		if field, one := strings.CutSuffix(strings.ToLower(name), "/any"); one { // NAMES/any(x:x eq 'VALUE')
			variable, equals, _ := strings.Cut(value, ":")
			c, rest, err := parseCondition(strings.TrimSpace(equals))
			if err != nil || rest != "" || c.field != strings.ToLower(strings.TrimSpace(variable)) {
				return c, "", badFilter(text, text)
			}
			return condition{field, c.value}, strings.TrimSpace(after), nil
		}
		if !strings.EqualFold(name, "atScope") && !strings.EqualFold(name, "assignedTo") {
			return c, "", badFilter(text, text)
		}
		return condition{strings.ToLower(name) + "()", strings.Trim(strings.TrimSpace(value), "'")}, strings.TrimSpace(after), nil
	}
	field, after, ok := strings.Cut(text, " ")
	op, after, ok2 := strings.Cut(strings.TrimSpace(after), " ")
	after = strings.TrimSpace(after)
	if !ok || !ok2 || !strings.EqualFold(op, "eq") || !strings.HasPrefix(after, "'") {
		return c, "", badFilter(text, text)
	}
	value, end := quoted(after)
	if end < 0 {
		return c, "", badFilter(text, after)
	}
	return condition{strings.ToLower(strings.TrimPrefix(field, "properties/")), value}, strings.TrimSpace(after[end:]), nil
}

// quoted reads a text in quotes, in which two stand for one; end is -1 without one.
func quoted(s string) (value string, end int) {
	var b strings.Builder
	for n := 1; n < len(s); n++ {
		if s[n] != '\'' {
			b.WriteByte(s[n])
			continue
		}
		if n+1 < len(s) && s[n+1] == '\'' {
			b.WriteByte('\'')
			n++
			continue
		}
		return b.String(), n + 1
	}
	return "", -1
}

// value is what a field has to be; false where the filter says nothing of it.
func (f filter) value(field string) (string, bool) {
	for _, c := range f {
		if c.field == field {
			return c.value, true
		}
	}
	return "", false
}

// keep are the resources that pass.
func (f filter) keep(all []engine.Body) []engine.Body {
	out := make([]engine.Body, 0, len(all))
	for _, b := range all {
		if f.passes(b) {
			out = append(out, b)
		}
	}
	return out
}

func (f filter) passes(b engine.Body) bool {
	for _, c := range f {
		var is string
		switch c.field {
		case "resourcegroup":
			is = groupOf(b)
		case "resourcetype":
			is = b.Text("type")
		case "tagname":
			v, _ := f.value("tagvalue")
			tag, has := b.Object("tags")[c.value]
			if !has || v != "" && tag != v {
				return false
			}
			continue
		case "tagvalue", "atscope()":
			continue
		case "assignedto()":
			is = property(b, "principalid")
		case "name", "location", "kind":
			is = b.Text(c.field)
		default:
			is = property(b, c.field)
		}
		if !strings.EqualFold(is, c.value) {
			return false
		}
	}
	return true
}

// property is a text of the properties, found without case.
func property(b engine.Body, name string) string {
	for key, v := range b.Object("properties") {
		if s, is := v.(string); is && strings.EqualFold(key, name) {
			return s
		}
	}
	return ""
}

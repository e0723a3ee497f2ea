package liquid

import (
	"fmt"
	"html"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// filtered is a value that goes through a filter.
type filtered struct {
	of   operand
	name string
	args []operand
	do   func(v any, args []any) (any, error)
	pos  expression.Pos
}

// maxMade bounds what the filters of a run make in all.
const maxMade = 64 << 20

func (f *filtered) value(r *render) (any, error) {
	if err := r.step(1); err != nil {
		return nil, err
	}
	v, err := f.of.value(r)
	if err != nil {
		return nil, err
	}
	args := make([]any, len(f.args))
	for i, a := range f.args {
		if args[i], err = a.value(r); err != nil {
			return nil, err
		}
	}
	out, err := f.do(v, args)
	if err != nil {
		return nil, errorf(f.pos, "the filter '%s': %v", f.name, err)
	}
	switch out := out.(type) {
	case string:
		r.made += len(out)
	case []any:
		r.made += 16 * len(out)
	}
	if r.made > maxMade {
		return nil, errBytes
	}
	return out, nil
}

// canonical is the name of a filter whether it is written as in C# or in Ruby.
func canonical(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// filter is a filter and how many arguments it takes.
type filter struct {
	least, most int
	do          func(v any, args []any) (any, error)
}

// filters by canonical name.
var filters = map[string]filter{
	"abs":           {0, 0, calculate(func(a, _ float64) (float64, error) { return math.Abs(a), nil })},
	"append":        {1, 1, onText(func(s string, a []string) string { return s + a[0] })},
	"capitalize":    {0, 0, onText(func(s string, _ []string) string { return upperFirst(s) })},
	"ceil":          {0, 0, calculate(func(a, _ float64) (float64, error) { return math.Ceil(a), nil })},
	"compact":       {0, 0, onList(func(all []any, _ []any) any { return slices.DeleteFunc(all, func(v any) bool { return v == nil }) })},
	"date":          {1, 1, date},
	"default":       {1, 1, fallback},
	"dividedby":     {1, 1, calculate(divide)},
	"downcase":      {0, 0, onText(func(s string, _ []string) string { return strings.ToLower(s) })},
	"escape":        {0, 0, onText(func(s string, _ []string) string { return html.EscapeString(s) })},
	"first":         {0, 0, func(v any, _ []any) (any, error) { return member(v, "first") }},
	"floor":         {0, 0, calculate(func(a, _ float64) (float64, error) { return math.Floor(a), nil })},
	"join":          {0, 1, join},
	"last":          {0, 0, func(v any, _ []any) (any, error) { return member(v, "last") }},
	"lstrip":        {0, 0, onText(func(s string, _ []string) string { return strings.TrimLeft(s, blanks) })},
	"map":           {1, 1, mapped},
	"minus":         {1, 1, calculate(func(a, b float64) (float64, error) { return a - b, nil })},
	"modulo":        {1, 1, calculate(modulo)},
	"newlinetobr":   {0, 0, onText(func(s string, _ []string) string { return strings.ReplaceAll(s, "\n", "<br />\n") })},
	"plus":          {1, 1, calculate(func(a, b float64) (float64, error) { return a + b, nil })},
	"prepend":       {1, 1, onText(func(s string, a []string) string { return a[0] + s })},
	"remove":        {1, 1, onText(func(s string, a []string) string { return strings.ReplaceAll(s, a[0], "") })},
	"removefirst":   {1, 1, onText(func(s string, a []string) string { return strings.Replace(s, a[0], "", 1) })},
	"replace":       {1, 2, replace},
	"replacefirst":  {1, 2, onText(func(s string, a []string) string { return strings.Replace(s, a[0], last(a[1:]), 1) })},
	"reverse":       {0, 0, onList(func(all []any, _ []any) any { slices.Reverse(all); return all })},
	"round":         {0, 1, calculate(round)},
	"rstrip":        {0, 0, onText(func(s string, _ []string) string { return strings.TrimRight(s, blanks) })},
	"size":          {0, 0, size},
	"slice":         {1, 2, slice},
	"sort":          {0, 1, sorted},
	"split":         {1, 1, split},
	"strip":         {0, 0, onText(func(s string, _ []string) string { return strings.Trim(s, blanks) })},
	"striphtml":     {0, 0, onText(func(s string, _ []string) string { return markup.ReplaceAllString(s, "") })},
	"stripnewlines": {0, 0, onText(func(s string, _ []string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) })},
	"times":         {1, 1, calculate(func(a, b float64) (float64, error) { return a * b, nil })},
	"truncate":      {0, 2, truncate},
	"truncatewords": {0, 2, truncateWords},
	"uniq":          {0, 0, onList(uniq)},
	"upcase":        {0, 0, onText(func(s string, _ []string) string { return strings.ToUpper(s) })},
	"urldecode":     {0, 0, urlDecode},
	"urlencode":     {0, 0, onText(func(s string, _ []string) string { return url.QueryEscape(s) })},
}

const blanks = " \t\r\n"

var markup = regexp.MustCompile(`(?s)<script.*?</script>|<!--.*?-->|<style.*?</style>|<.*?>`)

// onText is a filter over a text; of nil it makes one of "".
func onText(do func(s string, args []string) string) func(any, []any) (any, error) {
	return func(v any, args []any) (any, error) {
		texts := make([]string, len(args))
		for i, a := range args {
			texts[i] = Text(a)
		}
		s := do(Text(v), texts)
		if len(s) > MaxBytes {
			return nil, errBytes
		}
		return s, nil
	}
}

// onList is a filter over a copy of a list; what is none is a list of itself.
func onList(do func(all []any, args []any) any) func(any, []any) (any, error) {
	return func(v any, args []any) (any, error) {
		all, ok := listOf(v)
		if !ok {
			return v, nil
		}
		return do(slices.Clone(all), args), nil
	}
}

// calculate is a filter over numbers. Whole numbers stay whole.
func calculate(do func(a, b float64) (float64, error)) func(any, []any) (any, error) {
	return func(v any, args []any) (any, error) {
		a, _ := number(v)
		b, whole := 0.0, isWhole(v)
		if len(args) > 0 {
			b, _ = number(args[0])
			whole = whole && isWhole(args[0])
		}
		out, err := do(a, b)
		if err != nil {
			return nil, err
		}
		if whole {
			out = math.Floor(out)
		}
		if out == math.Trunc(out) && math.Abs(out) < 1<<53 {
			return int64(out), nil
		}
		return out, nil
	}
}

func isWhole(v any) bool {
	if s, is := v.(string); is {
		_, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		return err == nil
	}
	f, ok := number(v)
	_, real := v.(float64)
	return ok && !real && f == math.Trunc(f)
}

func parseNumber(s string) (float64, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

func divide(a, b float64) (float64, error) {
	if b == 0 {
		return 0, fmt.Errorf("divided by zero")
	}
	return a / b, nil
}

func modulo(a, b float64) (float64, error) {
	if b == 0 {
		return 0, fmt.Errorf("divided by zero")
	}
	return math.Mod(a, b), nil
}

func round(a, digits float64) (float64, error) {
	scale := math.Pow(10, min(max(digits, 0), 15))
	return math.RoundToEven(a*scale) / scale, nil
}

func last(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

func upperFirst(s string) string {
	for i, r := range s {
		return s[:i] + strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

func fallback(v any, args []any) (any, error) {
	if v == nil || v == false || equal(v, nothing{}) {
		return args[0], nil
	}
	return v, nil
}

func size(v any, _ []any) (any, error) {
	n, err := member(v, "size")
	if n == nil {
		return int64(0), err
	}
	return n, err
}

func join(v any, args []any) (any, error) {
	all, ok := listOf(v)
	if !ok {
		return v, nil
	}
	between := " "
	if len(args) > 0 {
		between = Text(args[0])
	}
	var out strings.Builder
	for i, x := range all {
		if i > 0 {
			out.WriteString(between)
		}
		if out.WriteString(Text(x)); out.Len() > MaxBytes {
			return nil, errBytes
		}
	}
	return out.String(), nil
}

func mapped(v any, args []any) (any, error) {
	all, ok := listOf(v)
	if !ok {
		return member(v, args[0])
	}
	out := make([]any, len(all))
	for i, x := range all {
		m, err := member(plain(x), args[0])
		if err != nil {
			return nil, err
		}
		out[i] = plain(m)
	}
	return out, nil
}

func replace(v any, args []any) (any, error) {
	s, from, to := Text(v), Text(args[0]), ""
	if len(args) > 1 {
		to = Text(args[1])
	}
	if from == "" {
		return s, nil
	}
	if n := strings.Count(s, from); len(s)+n*(len(to)-len(from)) > MaxBytes {
		return nil, errBytes
	}
	return strings.ReplaceAll(s, from, to), nil
}

// maxParts bounds what split makes.
const maxParts = 100_000

func split(v any, args []any) (any, error) {
	s := Text(v)
	if s == "" {
		return []any{}, nil
	}
	parts := strings.SplitN(s, Text(args[0]), maxParts+1)
	if len(parts) > maxParts {
		return nil, fmt.Errorf("there are more than %d parts", maxParts)
	}
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out, nil
}

func slice(v any, args []any) (any, error) {
	n := 1.0
	if len(args) > 1 {
		n, _ = number(args[1])
	}
	at, _ := number(args[0])
	bounds := func(all int) (int, int) {
		from := int(min(max(at, -maxRange), maxRange))
		if from < 0 {
			from += all
		}
		from = min(max(from, 0), all)
		return from, min(from+int(min(max(n, 0), maxRange)), all)
	}
	if all, ok := listOf(v); ok {
		low, high := bounds(len(all))
		return all[low:high], nil
	}
	runes := []rune(Text(v))
	low, high := bounds(len(runes))
	return string(runes[low:high]), nil
}

func sorted(v any, args []any) (any, error) {
	all, ok := listOf(v)
	if !ok {
		return v, nil
	}
	type keyed struct{ v, key any }
	keys := make([]keyed, len(all))
	for i, x := range all {
		keys[i] = keyed{x, x}
		if len(args) > 0 {
			m, err := member(plain(x), args[0])
			if err != nil {
				return nil, err
			}
			keys[i].key = plain(m)
		}
	}
	slices.SortStableFunc(keys, func(a, b keyed) int {
		switch {
		case a.key == nil && b.key == nil:
			return 0
		case a.key == nil:
			return -1
		case b.key == nil:
			return 1
		}
		n, _ := compare(a.key, b.key)
		return n
	})
	out := make([]any, len(all))
	for i, k := range keys {
		out[i] = k.v
	}
	return out, nil
}

func uniq(all, _ []any) any {
	seen, out := map[string]bool{}, all[:0]
	for _, v := range all {
		key := fmt.Sprintf("%T ", v)
		if t, ok := v.(*expression.Token); ok {
			key += t.JSON(false)
		} else {
			key += Text(v)
		}
		if !seen[key] {
			seen[key] = true
			out = append(out, v)
		}
	}
	return out
}

func truncate(v any, args []any) (any, error) {
	most, end := 50.0, "..."
	if len(args) > 0 {
		most, _ = number(args[0])
	}
	if len(args) > 1 {
		end = Text(args[1])
	}
	runes := []rune(Text(v))
	n := int(min(max(most, 0), maxRange))
	if len(runes) <= n {
		return string(runes), nil
	}
	return string(runes[:max(n-len([]rune(end)), 0)]) + end, nil
}

func truncateWords(v any, args []any) (any, error) {
	most, end := 15.0, "..."
	if len(args) > 0 {
		most, _ = number(args[0])
	}
	if len(args) > 1 {
		end = Text(args[1])
	}
	s := Text(v)
	all := strings.Fields(s)
	n := max(int(min(max(most, 0), maxRange)), 1)
	if len(all) <= n {
		return s, nil
	}
	return strings.Join(all[:n], " ") + end, nil
}

func urlDecode(v any, _ []any) (any, error) {
	s, err := url.QueryUnescape(Text(v))
	return s, err
}

// date writes a time by a format of .NET, or of strftime where it has a % in it. What
// is no time stays as it is.
func date(v any, args []any) (any, error) {
	t, ok := v.(expression.Time)
	if s := Text(v); !ok {
		if strings.EqualFold(s, "now") || strings.EqualFold(s, "today") {
			t, ok = expression.Time{Time: time.Now().UTC()}, true
		} else {
			t, ok = expression.ReadTime(s)
		}
	}
	format := Text(args[0])
	if !ok || format == "" {
		return v, nil
	}
	if strings.Contains(format, "%") {
		return strftime(t.Time, format), nil
	}
	return expression.FormatTime(t, format)
}

// layouts are what stands behind a % in formats of strftime.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02", 'D': "01/02/06", 'e': "_2", 'F': "2006-01-02", 'h': "Jan",
	'H': "15", 'I': "03", 'j': "002", 'l': "3", 'm': "01", 'M': "04", 'p': "PM", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05",
	'y': "06", 'Y': "2006", 'z': "-0700", 'Z': "MST",
}

func strftime(t time.Time, format string) string {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		switch c := format[i]; {
		case c == 's':
			out.WriteString(strconv.FormatInt(t.Unix(), 10))
		case c == 'L':
			fmt.Fprintf(&out, "%03d", t.Nanosecond()/1e6)
		case layouts[c] != "":
			out.WriteString(t.Format(layouts[c]))
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

package kql

import (
	"encoding/base64"
	"encoding/csv"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// longestText bounds what functions make of texts.
const longestText = 4 << 20

// text is a string value, if it is not too long.
func text(s string) Value {
	if len(s) > longestText {
		panic(limitError("E_RUNAWAY_QUERY", "a text is longer than 4 MB"))
	}
	return TextValue(String, s)
}

// textFunctions work on texts.
var textFunctions = []fn{
	{name: "strlen", args: "s", out: Long, row: func(a []Value) Value {
		return IntValue(Long, int64(utf8.RuneCountInString(a[0].text)))
	}},
	{name: "string_size", args: "s", out: Long, row: func(a []Value) Value { return IntValue(Long, int64(len(a[0].text))) }},
	{name: "tolower", args: "s", out: String, row: func(a []Value) Value { return text(strings.ToLower(a[0].text)) }},
	{name: "toupper", args: "s", out: String, row: func(a []Value) Value { return text(strings.ToUpper(a[0].text)) }},
	{name: "strcat", args: "*+", out: String, nulls: true, row: func(a []Value) Value {
		var s strings.Builder
		for _, v := range a {
			s.WriteString(v.String())
		}
		return text(s.String())
	}},
	{name: "strcat_delim", args: "s*+", out: String, nulls: true, row: func(a []Value) Value {
		parts := make([]string, len(a)-1)
		for i, v := range a[1:] {
			parts[i] = v.String()
		}
		return text(strings.Join(parts, a[0].text))
	}},
	{name: "strcat_array", args: "ds", out: String, nulls: true, row: func(a []Value) Value {
		list, ok := a[0].dyn.([]any)
		if !ok {
			return text(dynamicText(a[0].dyn))
		}
		parts := make([]string, len(list))
		for i, v := range list {
			parts[i] = dynamicText(v)
		}
		return text(strings.Join(parts, a[1].text))
	}},
	{name: "strrep", args: "*l?s", out: String, row: func(a []Value) Value {
		n := min(max(a[1].Int(), 0), 1024)
		parts := make([]string, n)
		for i := range parts {
			parts[i] = a[0].String()
		}
		delimiter := ""
		if len(a) > 2 {
			delimiter = a[2].text
		}
		if (int64(len(a[0].text))+int64(len(delimiter)))*n > longestText {
			return text(strings.Repeat(" ", longestText+1))
		}
		return text(strings.Join(parts, delimiter))
	}},
	{name: "strcmp", args: "ss", out: Long, row: func(a []Value) Value {
		return IntValue(Long, int64(strings.Compare(a[0].text, a[1].text)))
	}},
	{name: "reverse", args: "*", out: String, row: func(a []Value) Value {
		r := []rune(a[0].String())
		for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
			r[i], r[j] = r[j], r[i]
		}
		return text(string(r))
	}},
	{name: "substring", args: "sl?l", out: String, row: func(a []Value) Value {
		r := []rune(a[0].text)
		from := a[1].Int()
		if from < 0 {
			from = max(0, int64(len(r))+from)
		}
		from = min(from, int64(len(r)))
		to := int64(len(r))
		if len(a) > 2 {
			to = min(to, from+min(max(a[2].Int(), 0), int64(len(r))))
		}
		return text(string(r[from:to]))
	}},
	{name: "indexof", args: "*s?lll", out: Long, row: indexOf},
	{name: "indexof_regex", args: "ss?lll", out: Long, bind: indexOfRegex},
	{name: "countof", args: "ss?s", out: Long, bind: countOf},
	{name: "split", args: "ss?l", out: Dynamic, row: split, named: true},
	{name: "trim", args: "ss", bind: trimmer(true, true)},
	{name: "trim_start", args: "ss", bind: trimmer(true, false)},
	{name: "trim_end", args: "ss", bind: trimmer(false, true)},
	{name: "replace_string", args: "sss", out: String, row: func(a []Value) Value {
		if a[1].text == "" {
			return a[0]
		}
		if n := strings.Count(a[0].text, a[1].text); n*len(a[2].text) > longestText {
			return text(strings.Repeat(" ", longestText+1))
		}
		return text(strings.ReplaceAll(a[0].text, a[1].text, a[2].text))
	}},
	{name: "replace_strings", args: "sdd", out: String, row: func(a []Value) Value {
		from, _ := a[1].dyn.([]any)
		to, _ := a[2].dyn.([]any)
		s := a[0].text
		for i := range min(len(from), len(to)) {
			if f := dynamicText(from[i]); f != "" {
				if n := strings.Count(s, f); n*len(dynamicText(to[i])) > longestText {
					return text(strings.Repeat(" ", longestText+1))
				}
				s = strings.ReplaceAll(s, f, dynamicText(to[i]))
			}
		}
		return text(s)
	}},
	{name: "replace_regex", args: "sss", bind: replaceRegex},
	// replace is the old form: regex, rewrite, text.
	{name: "replace", args: "sss", bind: func(b *binder, c *call, a []*node) *node {
		ordered := *c
		ordered.args = []expr{c.args[2], c.args[0], c.args[1]}
		return replaceRegex(b, &ordered, []*node{a[2], a[0], a[1]})
	}},
	{name: "extract", args: "sls?*", bind: extract},
	{name: "extract_all", args: "s*?s", bind: extractAll},
	{name: "translate", args: "sss", out: String, row: translate},
	{name: "isempty", args: "*", out: Bool, nulls: true, row: func(a []Value) Value { return BoolValue(!a[0].full || empty(a[0])) }},
	{name: "isnotempty|notempty", args: "*", out: Bool, nulls: true, row: func(a []Value) Value { return BoolValue(a[0].full && !empty(a[0])) }},
	{name: "isnull", args: "*", out: Bool, nulls: true, row: func(a []Value) Value { return BoolValue(!a[0].full) }},
	{name: "isnotnull|notnull", args: "*", out: Bool, nulls: true, row: func(a []Value) Value { return BoolValue(a[0].full) }},
	{name: "isascii", args: "s", out: Bool, row: func(a []Value) Value { return BoolValue(ascii(a[0].text)) }},
	{name: "isutf8", args: "s", out: Bool, row: func(a []Value) Value { return BoolValue(utf8.ValidString(a[0].text)) }},
	{name: "url_encode_component", args: "s", out: String, row: func(a []Value) Value {
		return text(strings.ReplaceAll(url.QueryEscape(a[0].text), "+", "%20"))
	}},
	{name: "url_encode", args: "s", out: String, row: func(a []Value) Value { return text(lowerEscapes(url.QueryEscape(a[0].text))) }},
	{name: "url_decode", args: "s", out: String, row: func(a []Value) Value {
		s, err := url.QueryUnescape(a[0].text)
		if err != nil {
			return a[0]
		}
		return text(s)
	}},
	{name: "base64_encode_tostring|base64_encodestring", args: "s", out: String, row: func(a []Value) Value {
		return text(base64.StdEncoding.EncodeToString([]byte(a[0].text)))
	}},
	{name: "base64_decode_tostring|base64_decodestring", args: "s", out: String, row: func(a []Value) Value {
		b, err := base64.StdEncoding.DecodeString(a[0].text)
		if err != nil || !utf8.Valid(b) {
			return Null(String)
		}
		return text(string(b))
	}},
	{name: "base64_decode_toarray", args: "s", out: Dynamic, row: func(a []Value) Value {
		b, err := base64.StdEncoding.DecodeString(a[0].text)
		if err != nil {
			return Null(Dynamic)
		}
		list := make([]any, len(b))
		for i, c := range b {
			list[i] = int64(c)
		}
		return DynamicValue(list)
	}},
	{name: "parse_url", args: "s", out: Dynamic, row: func(a []Value) Value { return DynamicValue(parseURL(a[0].text)) }},
	{name: "parse_urlquery", args: "s", out: Dynamic, row: func(a []Value) Value {
		return DynamicValue(&Bag{Names: []string{"Query Parameters"}, Values: []any{queryBag(strings.TrimPrefix(a[0].text, "?"))}})
	}},
	{name: "parse_path", args: "s", out: Dynamic, row: func(a []Value) Value { return DynamicValue(parsePath(a[0].text)) }},
	{name: "parse_csv", args: "s", out: Dynamic, row: func(a []Value) Value {
		r := csv.NewReader(strings.NewReader(a[0].text))
		r.LazyQuotes = true
		fields, err := r.Read()
		if err != nil {
			return DynamicValue([]any{""})
		}
		list := make([]any, len(fields))
		for i, f := range fields {
			list[i] = f
		}
		return DynamicValue(list)
	}},
	{name: "parse_version", args: "s", out: Decimal, row: parseVersion},
	{name: "make_string", args: "*+", out: String, row: func(a []Value) Value {
		var r []rune
		for _, v := range a {
			list, ok := v.dyn.([]any)
			if !ok {
				list = []any{toDynamic(v)}
			}
			for _, c := range list {
				if n, ok := c.(int64); ok && n >= 0 && n <= utf8.MaxRune {
					r = append(r, rune(n))
				}
			}
		}
		return text(string(r))
	}},
	{name: "to_utf8|unicode_codepoints_from_string", args: "s", out: Dynamic, row: func(a []Value) Value {
		list := []any{}
		for _, r := range a[0].text {
			list = append(list, int64(r))
		}
		return DynamicValue(list)
	}},
	{name: "regex_quote", args: "s", out: String, row: func(a []Value) Value { return text(regexp.QuoteMeta(a[0].text)) }},
}

func empty(v Value) bool {
	switch v.kind {
	case String:
		return v.text == ""
	case Dynamic:
		s, ok := v.dyn.(string)
		return ok && s == ""
	}
	return false
}

// indexOf is indexof(text, what[, start[, length[, occurrence]]]), in letters.
func indexOf(a []Value) Value {
	r, what := []rune(a[0].String()), a[1].text
	from, length, nth := int64(0), int64(-1), int64(1)
	for i, to := range [...]*int64{&from, &length, &nth} {
		if len(a) > i+2 {
			*to = a[i+2].Int()
		}
	}
	if from < 0 {
		from = max(0, int64(len(r))+from)
	}
	if from > int64(len(r)) || nth < 1 {
		return IntValue(Long, -1)
	}
	end := int64(len(r))
	if length >= 0 {
		end = min(end, from+min(length, end))
	}
	s := string(r[from:end])
	at := int64(0)
	for {
		i := strings.Index(s, what)
		if i < 0 {
			return IntValue(Long, -1)
		}
		letters := int64(utf8.RuneCountInString(s[:i]))
		if nth--; nth == 0 {
			return IntValue(Long, from+at+letters)
		}
		if what == "" {
			return IntValue(Long, -1)
		}
		at += letters + 1
		_, n := utf8.DecodeRuneInString(s[i:])
		s = s[i+n:]
	}
}

func indexOfRegex(b *binder, c *call, args []*node) *node {
	re := b.constantRegex(c, 1, args[1])
	return lift(Long, args, func(a []Value) Value {
		if at := re.FindStringIndex(a[0].text); at != nil {
			return IntValue(Long, int64(utf8.RuneCountInString(a[0].text[:at[0]])))
		}
		return IntValue(Long, -1)
	})
}

func (b *binder) constantRegex(c *call, i int, n *node) *regexp.Regexp {
	if n.value == nil {
		b.fail(c.args[i].where(), "SEM0006", "%s(): argument #%d, the regular expression, must be a constant", c.name, i+1)
	}
	return b.regex(n.value.text, c.args[i].where())
}

// countOf is countof(text, what[, "normal"|"regex"]); normal matches overlap.
func countOf(b *binder, c *call, args []*node) *node {
	if len(args) == 3 && args[2].value != nil && args[2].value.text == "regex" {
		re := b.constantRegex(c, 1, args[1])
		return lift(Long, args[:1], func(a []Value) Value { return IntValue(Long, int64(len(re.FindAllStringIndex(a[0].text, -1)))) })
	}
	return lift(Long, args[:2], func(a []Value) Value {
		n := int64(0)
		for s, what := a[0].text, a[1].text; what != ""; n++ {
			i := strings.Index(s, what)
			if i < 0 {
				break
			}
			s = s[i+1:]
		}
		return IntValue(Long, n)
	})
}

func split(a []Value) Value {
	var parts []string
	if a[1].text == "" {
		parts = []string{a[0].text}
	} else {
		parts = strings.Split(a[0].text, a[1].text)
	}
	list := make([]any, len(parts))
	for i, p := range parts {
		list[i] = p
	}
	if len(a) > 2 {
		i := a[2].Int()
		if i < 0 || i >= int64(len(list)) {
			return DynamicValue([]any{})
		}
		return DynamicValue([]any{list[i]})
	}
	return DynamicValue(list)
}

// trimmer cuts what the regular expression finds at the ends.
func trimmer(front, back bool) func(*binder, *call, []*node) *node {
	return func(b *binder, c *call, args []*node) *node {
		pattern := args[0].constantText(b, c, 0)
		start := b.regex("^(?:"+pattern+")", c.args[0].where())
		end := b.regex("(?:"+pattern+")$", c.args[0].where())
		return lift(String, args[1:], func(a []Value) Value {
			s := a[0].text
			if front {
				if m := start.FindStringIndex(s); m != nil {
					s = s[m[1]:]
				}
			}
			if back {
				if m := end.FindStringIndex(s); m != nil {
					s = s[:m[0]]
				}
			}
			return text(s)
		})
	}
}

func (n *node) constantText(b *binder, c *call, i int) string {
	if n.value == nil {
		b.fail(c.args[i].where(), "SEM0006", "%s(): argument #%d must be a constant", c.name, i+1)
	}
	return n.value.text
}

// replaceRegex takes \1 for groups, as the language does.
func replaceRegex(b *binder, c *call, args []*node) *node {
	re := b.constantRegex(c, 1, args[1])
	var last, template string
	return lift(String, []*node{args[0], args[2]}, func(a []Value) Value {
		if a[1].text != last || template == "" {
			last, template = a[1].text, goTemplate(a[1].text)
		}
		if n := len(re.FindAllStringIndex(a[0].text, -1)); n*len(template) > longestText {
			return text(strings.Repeat(" ", longestText+1))
		}
		return text(re.ReplaceAllString(a[0].text, template))
	})
}

// goTemplate writes \1 as ${1} and $ as itself.
func goTemplate(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '$':
			out.WriteString("$$")
		case s[i] == '\\' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			out.WriteString("${" + s[i+1:i+2] + "}")
			i++
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '\\':
			out.WriteByte('\\')
			i++
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// extract is extract(regex, group, text[, typeof(kind)]).
func extract(b *binder, c *call, args []*node) *node {
	re := b.constantRegex(c, 0, args[0])
	out := lift(String, []*node{args[1], args[2]}, func(a []Value) Value {
		m := re.FindStringSubmatch(a[1].text)
		if i := a[0].Int(); m != nil && i >= 0 && i < int64(len(m)) {
			return text(m[i])
		}
		return Null(String)
	})
	if len(args) > 3 {
		kind, ok := kindWords[args[3].constantText(b, c, 3)]
		if !ok {
			b.fail(c.args[3].where(), "SEM0218", "extract(): argument #4 is expected to be typeof(type)")
		}
		return out.to(kind)
	}
	return out
}

// extractAll is extract_all(regex, [groups,] text).
func extractAll(b *binder, c *call, args []*node) *node {
	re := b.constantRegex(c, 0, args[0])
	source := args[len(args)-1].to(String)
	var wanted []int
	if len(args) == 3 {
		if args[1].value == nil {
			b.fail(c.args[1].where(), "SEM0006", "extract_all(): the groups must be a constant")
		}
		list, _ := args[1].value.dyn.([]any)
		for _, g := range list {
			i, ok := g.(int64)
			if name, isText := g.(string); isText {
				i, ok = int64(re.SubexpIndex(name)), true
			}
			if !ok || i < 0 || int(i) > re.NumSubexp() {
				b.fail(c.args[1].where(), "SEM0218", "extract_all(): there is no such group")
			}
			wanted = append(wanted, int(i))
		}
	} else {
		for i := range re.NumSubexp() {
			wanted = append(wanted, i+1)
		}
		if len(wanted) == 0 {
			wanted = []int{0}
		}
	}
	return lift(Dynamic, []*node{source}, func(a []Value) Value {
		found := re.FindAllStringSubmatch(a[0].text, 100_000)
		if found == nil {
			return Null(Dynamic)
		}
		list := make([]any, len(found))
		for i, m := range found {
			if len(wanted) == 1 {
				list[i] = m[wanted[0]]
				continue
			}
			groups := make([]any, len(wanted))
			for j, w := range wanted {
				groups[j] = m[w]
			}
			list[i] = groups
		}
		return DynamicValue(list)
	})
}

// translate replaces each letter of the first by the one in its place of the
// second; the last stands for all beyond.
func translate(a []Value) Value {
	from, to := []rune(a[0].text), []rune(a[1].text)
	return text(strings.Map(func(r rune) rune {
		for i, f := range from {
			if f == r {
				switch {
				case len(to) == 0:
					return -1
				case i < len(to):
					return to[i]
				}
				return to[len(to)-1]
			}
		}
		return r
	}, a[2].text))
}

func queryBag(query string) *Bag {
	bag := &Bag{}
	for _, pair := range strings.Split(query, "&") {
		k, v, _ := strings.Cut(pair, "=")
		if k == "" || len(bag.Names) >= 1000 {
			continue
		}
		k2, err := url.QueryUnescape(k)
		if err != nil {
			k2 = k
		}
		v2, err := url.QueryUnescape(v)
		if err != nil {
			v2 = v
		}
		bag.Set(k2, v2)
	}
	return bag
}

func parseURL(s string) *Bag {
	bag := &Bag{}
	u, err := url.Parse(s)
	if err != nil {
		u = &url.URL{}
	}
	password, _ := u.User.Password()
	bag.Set("Scheme", u.Scheme)
	bag.Set("Host", u.Hostname())
	bag.Set("Port", u.Port())
	bag.Set("Path", u.Path)
	bag.Set("Username", u.User.Username())
	bag.Set("Password", password)
	bag.Set("Query Parameters", queryBag(u.RawQuery))
	bag.Set("Fragment", u.Fragment)
	return bag
}

func parsePath(s string) *Bag {
	bag := &Bag{}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "", s
	}
	root := ""
	if len(rest) > 1 && rest[1] == ':' {
		root = rest[:2]
	}
	at := strings.LastIndexAny(rest, `/\`)
	file := rest[at+1:]
	directory := rest[:max(at, 0)]
	extension := ""
	if i := strings.LastIndexByte(file, '.'); i >= 0 {
		extension = file[i+1:]
	}
	name := directory
	if i := strings.LastIndexAny(directory, `/\`); i >= 0 {
		name = directory[i+1:]
	}
	bag.Set("Scheme", scheme)
	bag.Set("RootPath", root)
	bag.Set("DirectoryPath", directory)
	bag.Set("DirectoryName", name)
	bag.Set("Filename", file)
	bag.Set("Extension", extension)
	bag.Set("AlternateDataStreamName", "")
	return bag
}

// parseVersion makes a number of up to four parts that orders as they do.
func parseVersion(a []Value) Value {
	parts := strings.Split(a[0].text, ".")
	if len(parts) > 4 {
		return Null(Decimal)
	}
	var digits strings.Builder
	for i := range 4 {
		n := uint64(0)
		if i < len(parts) {
			var err error
			if n, err = strconv.ParseUint(parts[i], 10, 32); err != nil || n > 99_999_999 {
				return Null(Decimal)
			}
		}
		s := strconv.FormatUint(n, 10)
		digits.WriteString(strings.Repeat("0", 8-len(s)) + s)
	}
	s := strings.TrimLeft(digits.String(), "0")
	if s == "" {
		s = "0"
	}
	return TextValue(Decimal, s)
}

// lowerEscapes writes %3A as %3a, as url_encode does.
func lowerEscapes(s string) string {
	out := []byte(s)
	for i := 0; i+2 < len(out); i++ {
		if out[i] == '%' {
			out[i+1], out[i+2] = lowerByte(out[i+1]), lowerByte(out[i+2])
		}
	}
	return string(out)
}

package host

import (
	"maps"
	"net/http"
	"strings"
)

// queryOf reads a query as ASP.NET does, which loses none: a parameter that came
// several times has its values joined by commas, names are the same whatever their case
// (the first one's stays), a semicolon is a sign as others, and a percent sign that
// begins no escape stands for itself. net/url leaves such parameters out.
func queryOf(raw string) map[string]string {
	out := map[string]string{}
	names := map[string]string{} // by lower case, as they are in out
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescapeQuery(name), unescapeQuery(value)
		first, again := names[strings.ToLower(name)]
		if !again {
			names[strings.ToLower(name)] = name
			out[name] = value
			continue
		}
		out[first] += "," + value
	}
	return out
}

func unescapeQuery(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return printable(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b.WriteByte(' ')
		case c == '%' && i+2 < len(s) && hexValue(s[i+1]) >= 0 && hexValue(s[i+2]) >= 0:
			b.WriteByte(byte(hexValue(s[i+1])<<4 | hexValue(s[i+2])))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return printable(b.String())
}

// hexValue is a digit's value, -1 of what is none.
func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// printable is a text that may travel: the worker protocol has no other than UTF-8, and
// a message with one ends the stream and with it all invocations of the worker.
func printable(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// printableAll is printable of the values of a map, which is left alone.
func printableAll(values map[string]string) map[string]string {
	out := maps.Clone(values)
	for k, v := range out {
		out[k] = printable(v)
	}
	return out
}

// passAsIs leaves the query and the header fields of a forwarded request as they came:
// httputil.ReverseProxy takes out what net/url cannot read, and who forwarded it before.
func passAsIs(out, in *http.Request) {
	out.URL.RawQuery = in.URL.RawQuery
	if v, ok := in.Header["Forwarded"]; ok {
		out.Header["Forwarded"] = v
	}
}

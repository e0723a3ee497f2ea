package telemetry

import (
	"slices"
	"strings"
)

// secretNames are the words before "=" or ":" whose value is a secret, in lower
// case: those of connection strings, shared access signatures, settings and
// headers.
var secretNames = [...]string{
	"sharedaccesskey", "accountkey", "sharedaccesssignature", "sig", "code", "x-functions-key",
	"clientsecret", "client_secret", "azure_client_secret", "password", "pwd", "cosmos_key",
	authorization, "proxy-authorization", "api-key", "x-api-key", "api_key", "apikey", "access_token", "refresh_token",
}

// authorization is the header whose value has a word before the secret.
const authorization = "authorization"

func secretName(name string) bool {
	for _, s := range secretNames {
		if strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}

// wordToo reports a secret's name that is a word of other meanings too.
func wordToo(name string) bool { return len(name) <= 4 && !strings.EqualFold(name, "pwd") }

// hidden stands in place of a secret.
const hidden = "***"

// redact returns the text without the values of connection strings' keys, of
// signatures in addresses, and the like. A text without any is returned as it
// is, at the cost of looking for "=" and ":" in it.
func redact(s string) string {
	var out []byte
	kept := 0
	for i := 0; i < len(s); i++ {
		at := strings.IndexAny(s[i:], "=:")
		if at < 0 {
			break
		}
		i += at
		begin, end := secret(s, kept, i)
		if begin == end {
			continue
		}
		out = append(append(out, s[kept:begin]...), hidden...)
		kept, i = end, end-1
	}
	if out == nil {
		return s
	}
	return string(append(out, s[kept:]...))
}

// redactAttrs is redact of attributes, whose names count too. They may be a
// logger's own, which all its lines share: those are never written to.
func redactAttrs(attrs []Attr) []Attr {
	shared := true
	for i, a := range attrs {
		value := redact(a.Value)
		if key := a.Key[strings.LastIndexByte(a.Key, '.')+1:]; value != "" && secretName(key) && !wordToo(key) {
			value = hidden
		}
		if value == a.Value {
			continue
		}
		if shared {
			attrs, shared = slices.Clone(attrs), false
		}
		attrs[i].Value = value
	}
	return attrs
}

// secret returns where the value behind the sign at i stands, when it is one to
// hide. Nothing before from belongs to the name.
func secret(s string, from, i int) (begin, end int) {
	stop := i
	for stop > from && strings.IndexByte(`"'\ `, s[stop-1]) >= 0 {
		stop--
	}
	start := stop
	for start > from && wordByte(s[start-1]) {
		start--
	}
	name := s[start:stop]
	if name == "" || !secretName(name) {
		return 0, 0
	}
	if wordToo(name) && (s[i] != '=' || start == 0 || s[start-1] != '?' && s[start-1] != '&') {
		return 0, 0 // "code=404" and "sig:" are words, "?code=" is a key
	}
	begin = i + 1
	for begin < len(s) && s[begin] == ' ' {
		begin++
	}
	escaped := begin // of a quote in JSON that is a text of JSON
	for escaped < len(s) && s[escaped] == '\\' {
		escaped++
	}
	if escaped < len(s) && (s[escaped] == '"' || s[escaped] == '\'') {
		return escaped + 1, quoteEnd(s, escaped, escaped-begin)
	}
	return begin, valueEnd(s, begin, strings.HasSuffix(strings.ToLower(name), authorization))
}

// quoteEnd returns the end of what the quote at i begins, which has so many
// backslashes before it; one with more belongs to the value. Without its end,
// all is the value.
func quoteEnd(s string, i, slashes int) int {
	for end := i + 1; end < len(s); end++ {
		if s[end] != s[i] {
			continue
		}
		n := 0
		for end-n-1 > i && s[end-n-1] == '\\' {
			n++
		}
		if n <= slashes || slashes == 0 && n%2 == 0 {
			return end - min(n, slashes)
		}
	}
	return len(s)
}

// valueEnd returns the end of a value without quotes. A header's may begin with
// the scheme's name, and has other signs in it.
func valueEnd(s string, begin int, header bool) int {
	stops := " \t\r\n;&\"',"
	if header {
		stops = " \t\r\n\"'"
	}
	end := begin
	for end < len(s) && strings.IndexByte(stops, s[end]) < 0 {
		end++
	}
	if header && end < len(s) && s[end] == ' ' && strings.IndexFunc(s[begin:end], func(r rune) bool { return r > 'z' || !wordByte(byte(r)) }) < 0 {
		begin, end = end+1, end+1 // behind Bearer, or the like
		for end < len(s) && strings.IndexByte(stops, s[end]) < 0 {
			end++
		}
	}
	for end > begin && end < len(s) && s[end] == '"' && s[end-1] == '\\' {
		end--
	}
	return end
}

func wordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-'
}

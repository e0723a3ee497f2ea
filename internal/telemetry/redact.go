package telemetry

import "strings"

// secretNames are the words before "=" or ":" whose value is a secret, in lower
// case: those of connection strings, shared access signatures and settings.
var secretNames = [...]string{
	"sharedaccesskey", "accountkey", "sharedaccesssignature", "sig", "code", "x-functions-key",
	"clientsecret", "client_secret", "azure_client_secret", "password", "pwd", "cosmos_key",
}

func secretName(name string) bool {
	for _, s := range secretNames {
		if strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}

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

// secret returns where the value behind the sign at i stands, when it is one to
// hide. Nothing before from belongs to the name.
func secret(s string, from, i int) (begin, end int) {
	stop := i
	for stop > from && s[stop-1] == '"' {
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
	if len(name) <= 4 && (s[i] != '=' || start == 0 || s[start-1] != '?' && s[start-1] != '&') && name != "pwd" {
		return 0, 0 // "code=404" and "sig:" are words, "?code=" is a key
	}
	begin = i + 1
	for begin < len(s) && (s[begin] == ' ' && s[i] == ':' || s[begin] == '"') {
		begin++
	}
	end = begin
	for end < len(s) && !strings.ContainsRune(" \t\r\n;&\"',", rune(s[end])) {
		end++
	}
	return begin, end
}

func wordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-'
}

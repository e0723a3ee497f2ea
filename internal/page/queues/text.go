package queues

import (
	"encoding/base64"
	"unicode"
	"unicode/utf8"
)

// How the text of a message was written.
const (
	plain    = "text"   // it is shown as it is
	inBase64 = "base64" // of a text, as the functions host of Azure and several clients write messages; shown decoded
	noText   = "bytes"  // it is not UTF-8; shown in base64
)

// readText is a message's text as people read it, and how it was written. That it
// is base64 is only an agreement of clients, so it is taken for that where what comes
// out is a text too.
func readText(text []byte) (shown, encoding string) {
	decoded, err := base64.StdEncoding.Strict().DecodeString(string(text))
	switch {
	case err == nil && len(decoded) > 0 && isText(decoded):
		return string(decoded), inBase64
	case utf8.Valid(text):
		return string(text), plain
	}
	return base64.StdEncoding.EncodeToString(text), noText
}

func isText(b []byte) bool { return utf8.Valid(b) && forbidden(string(b)) < 0 }

// forbidden is the first character of a text that XML, in which messages travel,
// cannot have, or -1.
func forbidden(s string) rune {
	for _, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return r
		}
	}
	return -1
}

// cut is at most limit bytes of a text, whole characters.
func cut(s string, limit int) (beginning string, was bool) {
	if len(s) <= limit {
		return s, false
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit], true
}

// isName reports whether metadata can have the name: an identifier, so that it can be
// a header.
func isName(s string) bool {
	for i, r := range s {
		if r != '_' && (r > unicode.MaxASCII || !unicode.IsLetter(r)) && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

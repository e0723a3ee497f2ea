package storage

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// XMLHeader begins every XML answer.
const XMLHeader = `<?xml version="1.0" encoding="utf-8"?>`

// AppendXML appends a text with what XML needs escaped. Characters that XML cannot
// hold become U+FFFD; ask LegalXML where that would lose something.
func AppendXML(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		if plain[s[i]] { // which nearly all is
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		escape := ""
		switch {
		case r == '&':
			escape = "&amp;"
		case r == '<':
			escape = "&lt;"
		case r == '>':
			escape = "&gt;"
		case r == '"':
			escape = "&quot;"
		case r == '\r':
			escape = "&#xD;" // readers turn a bare one into a line feed
		case !legalRune(r) || r == utf8.RuneError && n == 1:
			escape = "\uFFFD"
		}
		if escape != "" {
			b = append(append(b, s[from:i]...), escape...)
			from = i + n
		}
		i += n
	}
	return append(b, s[from:]...)
}

// plain are the bytes that stand for themselves.
var plain = func() (is [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		is[c] = legalRune(c) && !strings.ContainsRune(`&<>"`, c)
	}
	return is
}()

// AppendElement appends <name>value</name>, or <name /> for nothing.
func AppendElement(b []byte, name, value string) []byte {
	b = append(append(b, '<'), name...)
	if value == "" {
		return append(b, " />"...)
	}
	b = AppendXML(append(b, '>'), value)
	return append(append(append(b, "</"...), name...), '>')
}

// LegalXML reports whether XML can hold the text.
func LegalXML(s string) bool {
	for i, r := range s {
		if !legalRune(r) {
			return false
		}
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false
			}
		}
	}
	return true
}

// legalRune: XML 1.0, production Char.
func legalRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// maxDepth bounds the nesting of XML bodies: service properties have four levels.
const maxDepth = 16

// ParseXML reads a body that is one XML document into v, as encoding/xml does. The
// root must be of v's XMLName. Anything else is a 400 InvalidXmlDocument.
func ParseXML(body []byte, v any) error {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if err := checkXML(body); err != nil {
		return badXML(err)
	}
	if err := xml.Unmarshal(body, v); err != nil {
		return badXML(err)
	}
	return nil
}

func badXML(err error) *Error { return Fail("InvalidXmlDocument").With("Reason", err.Error()) }

// checkXML walks the whole document: encoding/xml stops at the end of the root, and
// calls itself for each level below it.
func checkXML(body []byte) error {
	d, depth, roots := xml.NewDecoder(bytes.NewReader(body)), 0, 0
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if depth != 0 || roots != 1 {
				return errors.New("it is not one whole document")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			if depth++; depth > maxDepth {
				return errors.New("it is nested too deep")
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errors.New("a document type has no place in it")
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return errors.New("there is text outside of the root element")
			}
		}
	}
}

package odata

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is what is wrong with a filter.
type Error struct {
	Position int // of the character, from 1
	Message  string
	// Unsupported: OData has it, tables have not.
	Unsupported bool
}

// Error says where and what.
func (e *Error) Error() string { return fmt.Sprintf("position %d: %s", e.Position, e.Message) }

// kind is a kind of token.
type kind uint8

const (
	end kind = iota
	word
	quoted // a text in quotes, with what stands before them in word
	number
	open
	shut
	other
)

type token struct {
	kind  kind
	at    int    // byte
	text  string // of a word or number; the prefix of a quoted text
	value string // of a quoted text
}

// lexer cuts a filter into tokens.
type lexer struct {
	text string
	at   int
	tok  token
}

// fail is an error at a byte of the text.
func (l *lexer) fail(at int, format string, args ...any) *Error {
	return &Error{Position: utf8.RuneCountInString(l.text[:at]) + 1, Message: fmt.Sprintf(format, args...)}
}

// next reads the next token into l.tok.
func (l *lexer) next() *Error {
	for l.at < len(l.text) && (l.text[l.at] == ' ' || l.text[l.at] == '\t' || l.text[l.at] == '\r' || l.text[l.at] == '\n') {
		l.at++
	}
	l.tok = token{at: l.at}
	if l.at == len(l.text) {
		return nil
	}
	c, size := utf8.DecodeRuneInString(l.text[l.at:])
	switch {
	case c == '(' || c == ')':
		l.tok.kind = open
		if c == ')' {
			l.tok.kind = shut
		}
		l.at++
	case c == '\'':
		return l.quote()
	case isDigit(c) || c == '-' && l.at+1 < len(l.text) && (isDigit(rune(l.text[l.at+1])) || strings.HasPrefix(l.text[l.at:], "-INF")):
		l.number()
	case c == '_' || unicode.IsLetter(c):
		return l.word()
	default:
		l.tok.kind, l.tok.text = other, l.text[l.at:l.at+size]
		l.at += size
	}
	return nil
}

func isDigit(c rune) bool { return '0' <= c && c <= '9' }

// word reads a name, and the quoted text that stands right behind it.
func (l *lexer) word() *Error {
	start := l.at
	for i, c := range l.text[start:] {
		if c != '_' && c != '.' && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.In(c, unicode.Mn, unicode.Mc, unicode.Nl, unicode.Pc, unicode.Cf) {
			break
		}
		l.at = start + i + utf8.RuneLen(c)
		if c == utf8.RuneError {
			break
		}
	}
	l.tok.kind, l.tok.text = word, l.text[start:l.at]
	if l.at < len(l.text) && l.text[l.at] == '\'' {
		return l.quote()
	}
	return nil
}

// quote reads a text in quotes, in which two quotes are one.
func (l *lexer) quote() *Error {
	start := l.at
	l.tok.kind = quoted
	var b strings.Builder
	for l.at++; l.at < len(l.text); l.at++ {
		at := strings.IndexByte(l.text[l.at:], '\'')
		if at < 0 {
			break
		}
		b.WriteString(l.text[l.at : l.at+at])
		l.at += at + 1
		if l.at == len(l.text) || l.text[l.at] != '\'' {
			l.tok.value = b.String()
			return nil
		}
		b.WriteByte('\'')
	}
	return l.fail(start, "the text that begins here has no closing quote")
}

// number reads everything that a number may have; literal.go tells whether it is
// one.
func (l *lexer) number() {
	start := l.at
	for l.at++; l.at < len(l.text); l.at++ {
		c := l.text[l.at]
		sign := (c == '-' || c == '+') && l.text[l.at-1]|0x20 == 'e'
		if !sign && c != '.' && !isDigit(rune(c)) && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
	}
	l.tok.kind, l.tok.text = number, l.text[start:l.at]
}

package liquid

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// piece is a part of a template: text, {{ value }} or {% tag %}.
type piece struct {
	kind byte   // 't', 'v', '%'; '!' was never closed
	text string // between the brackets
	pos  expression.Pos
}

// scan cuts a template into pieces. {%- and -%} take the blanks beside them away; what
// stands between raw and endraw is text.
func scan(text string, at expression.Pos) (all []piece) {
	strip := false
	add := func(kind byte, s string, pos expression.Pos) {
		if strip && kind == 't' {
			s = strings.TrimLeft(s, " \t\r\n")
		}
		if kind == 't' && s == "" {
			return
		}
		strip = false
		all = append(all, piece{kind, s, pos})
	}
	for text != "" {
		open := nextOpen(text)
		if open < 0 {
			add('t', text, at)
			break
		}
		before, kind, closing := text[:open], byte('v'), "}}"
		if text[open+1] == '%' {
			kind, closing = '%', "%}"
		}
		here := moved(at, before)
		inner := text[open+2:]
		end := closed(inner, closing)
		if end < 0 {
			add('t', before, at)
			add('!', closing, here)
			break
		}
		body := inner[:end]
		if trimmed, dashed := strings.CutPrefix(body, "-"); dashed {
			before, body = strings.TrimRight(before, " \t\r\n"), trimmed
		}
		add('t', before, at)
		body, dashed := strings.CutSuffix(body, "-")
		rest := inner[end+2:]
		at = moved(here, text[open:len(text)-len(rest)])
		if kind == '%' && strings.TrimSpace(body) == "raw" {
			rest, at = raw(rest, at, add, dashed)
		} else {
			add(kind, strings.TrimSpace(body), here)
			strip = dashed
		}
		text = rest
	}
	return all
}

func nextOpen(s string) int {
	a, b := strings.Index(s, "{{"), strings.Index(s, "{%")
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

// closed is where the bracket closes, outside of quotes.
func closed(s, closing string) int {
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch {
		case quote != 0:
			if s[i] == quote {
				quote = 0
			}
		case s[i] == '"' || s[i] == '\'':
			if strings.IndexByte(s[i+1:], s[i]) >= 0 { // a lone one is an apostrophe
				quote = s[i]
			}
		case strings.HasPrefix(s[i:], closing):
			return i
		}
	}
	return -1
}

// raw takes the text up to endraw.
func raw(text string, at expression.Pos, add func(byte, string, expression.Pos), dashed bool) (rest string, pos expression.Pos) {
	for from := 0; ; {
		i := strings.Index(text[from:], "{%")
		if i < 0 {
			add('!', "endraw", at)
			return "", at
		}
		i += from
		end := strings.Index(text[i:], "%}")
		if end < 0 {
			add('!', "endraw", at)
			return "", at
		}
		if strings.Trim(text[i+2:i+end], " \t\r\n-") == "endraw" {
			body := text[:i]
			if dashed {
				body = strings.TrimLeft(body, " \t\r\n")
			}
			add('t', body, at)
			return text[i+end+2:], moved(at, text[:i+end+2])
		}
		from = i + 2
	}
}

// moved is a place behind a text.
func moved(at expression.Pos, text string) expression.Pos {
	if n := strings.Count(text, "\n"); n > 0 {
		return expression.Pos{Line: at.Line + n, Column: len(text) - strings.LastIndexByte(text, '\n')}
	}
	at.Column += len(text)
	return at
}

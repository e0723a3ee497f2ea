package gateway

import (
	"encoding/xml"
	"html"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// Escape is a raw policy text as XML: what stands in expressions is escaped.
func Escape(raw string) string {
	return eachExpression(raw, func(s string) string {
		var out strings.Builder
		_ = xml.EscapeText(&out, []byte(s)) // a builder takes everything
		return strings.NewReplacer("&#34;", "&quot;", "&#39;", "'", "&#xA;", "\n", "&#x9;", "\t", "&#xD;", "\r").Replace(out.String())
	})
}

// Unescape is a policy text that is XML as raw text.
func Unescape(text string) string {
	return eachExpression(text, html.UnescapeString)
}

// eachExpression changes the expressions of a text.
func eachExpression(text string, change func(string) string) string {
	var out strings.Builder
	for {
		at := strings.Index(text, "@(")
		if b := strings.Index(text, "@{"); b >= 0 && (at < 0 || b < at) {
			at = b
		}
		if at < 0 {
			break
		}
		end, err := expression.End(text, at+1, expression.Pos{})
		if err != nil {
			end = at + 2
		}
		out.WriteString(text[:at] + change(text[at:end]))
		text = text[end:]
	}
	return out.String() + text
}

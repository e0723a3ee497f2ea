package policy

import (
	"errors"
	"mime"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
	"github.com/lazuli-dev/lazuli/internal/gateway/liquid"
)

// liquid is the element's text as a template. Of {{name}} those are replaced that are
// named values; the others are the template's own.
func (r *args) liquid() *liquid.Template {
	r.text = true
	text := namedValue.ReplaceAllStringFunc(r.e.Text, func(m string) string {
		if r.c.names.Value != nil {
			if v, ok := r.c.names.Value(strings.TrimSpace(strings.Trim(m, "{}"))); ok {
				return v
			}
		}
		return m
	})
	t, err := liquid.Parse(text, r.e.TextPos)
	if err != nil {
		var at *expression.Error
		if errors.As(err, &at) {
			r.fail(at.Pos, "the template is wrong: %s", at.Message)
		}
	}
	return t
}

// render is the new body by the template: body is the old one, by its content type, and
// context what it is in expressions.
func (b *setBody) render(x *Exchange) ([]byte, error) {
	body, err := b.before(x)
	if err != nil {
		return nil, err
	}
	if x.scope == nil {
		x.scope = contextOf{x}
	}
	out, err := b.template.Render(x.Context, map[string]any{"body": body, "context": x.scope})
	if err != nil {
		return nil, broken("set-body", "LiquidTemplateFailure", "The template failed. "+err.Error())
	}
	return []byte(out), nil
}

// before is the body as templates see it: JSON and XML as objects, all else as a text.
func (b *setBody) before(x *Exchange) (any, error) {
	if b.bare {
		return "", nil
	}
	if x.body() == nil {
		return nil, broken("set-body", "LiquidTemplateFailure", "there is no body that the template could look at")
	}
	data, err := unpacked(x.body(), x.header())
	if err != nil {
		return nil, err
	}
	typ, _, err := mime.ParseMediaType(x.header().Get("Content-Type"))
	if err != nil {
		typ = ""
	}
	switch {
	case isJSON(typ):
		t, err := expression.ParseJSON(data)
		if err != nil {
			return nil, broken("set-body", "LiquidTemplateFailure", err.Error())
		}
		return t, nil
	case isXML(typ):
		t, err := (&xmlToJSON{}).convert(string(data))
		if err != nil {
			return nil, broken("set-body", "LiquidTemplateFailure", "the body is no XML: "+err.Error())
		}
		localNames(t)
		return t, nil
	}
	return strings.ToValidUTF8(string(data), "\ufffd"), nil
}

func isJSON(typ string) bool {
	return typ == "application/json" || typ == "text/json" || strings.HasSuffix(typ, "+json")
}

func isXML(typ string) bool {
	return typ == "application/xml" || typ == "text/xml" || strings.HasSuffix(typ, "+xml")
}

// localNames takes the prefixes of namespaces off.
func localNames(t *expression.Token) {
	for _, p := range t.Properties {
		if _, local, found := strings.Cut(p.Name, ":"); found {
			p.Name = local
		}
		localNames(p.Value)
	}
	for _, item := range t.Items {
		localNames(item)
	}
}

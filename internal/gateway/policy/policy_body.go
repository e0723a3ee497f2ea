package policy

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
	"github.com/lazuli-dev/lazuli/internal/gateway/liquid"
)

// setBody is set-body.
type setBody struct {
	content  *value
	template *liquid.Template // nil: the content is a text or an expression
	bare     bool             // of return-response, whose templates see an empty body
}

func compileSetBody(r *args) action {
	b := &setBody{}
	r.oneOf("xsi-nil", "blank", "null")
	r.flag("parse-date", true)
	switch r.literal("template", "") {
	case "":
		b.content = r.textValue()
	case "liquid":
		b.template = r.liquid()
	default:
		r.fail(r.place("template"), "the attribute 'template' is liquid, or is not there")
	}
	return b
}

// make is the new body.
func (b *setBody) make(x *Exchange) ([]byte, error) {
	if b.template != nil {
		return b.render(x)
	}
	v, err := b.content.any(x)
	if err != nil {
		return nil, err
	}
	if raw, ok := v.([]byte); ok {
		return raw, nil
	}
	return []byte(expression.Text(v)), nil
}

func (b *setBody) run(x *Exchange) error {
	data, err := b.make(x)
	if err != nil {
		return err
	}
	x.setBodyBytes(data)
	return nil
}

// body is that of the message that a policy of the section changes.
func (x *Exchange) body() *Body {
	if x.section >= Outbound && x.Response != nil {
		return x.Response.Body
	}
	return x.Request.Body
}

func (x *Exchange) setBodyBytes(data []byte) {
	h := x.header()
	h.Del("Content-Length")
	h.Del("Content-Encoding")
	x.body().Close()
	if x.section >= Outbound && x.Response != nil {
		x.Response.Body = Fixed(data)
		return
	}
	x.Request.Body = Fixed(data)
}

// unpacked are the bytes of a body, without gzip.
func unpacked(b *Body, h http.Header) ([]byte, error) {
	data, err := b.Bytes()
	if err != nil || !strings.EqualFold(h.Get("Content-Encoding"), "gzip") {
		return data, err
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(z, MaxBuffered+1))
	if err == nil && len(plain) > MaxBuffered {
		err = errTooLarge
	}
	return plain, err
}

// findAndReplace is find-and-replace.
type findAndReplace struct{ from, to *value }

func compileFindAndReplace(r *args) action {
	return &findAndReplace{r.required("from"), r.required("to")}
}

func (f *findAndReplace) run(x *Exchange) error {
	from, err := f.from.text(x)
	if err != nil {
		return err
	}
	to, err := f.to.text(x)
	if err != nil || x.body() == nil || from == "" {
		return err
	}
	data, err := unpacked(x.body(), x.header())
	if err != nil {
		return err
	}
	if n := bytes.Count(data, []byte(from)); len(data)+n*(len(to)-len(from)) > MaxBuffered {
		return errTooLarge
	}
	x.setBodyBytes(bytes.ReplaceAll(data, []byte(from), []byte(to)))
	return nil
}

type jsonp struct{ parameter *value }

func compileJSONP(r *args) action { return &jsonp{r.required("callback-parameter-name")} }

func (j *jsonp) run(x *Exchange) error {
	name, err := j.parameter.text(x)
	if err != nil {
		return err
	}
	callback := x.Request.Original.Query().Get(name)
	if callback == "" {
		return nil
	}
	if strings.Trim(callback, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$.[]") != "" || len(callback) > 128 {
		return refuse(http.StatusBadRequest, "jsonp", "CallbackParameterInvalid", "The callback parameter is no name of a function.")
	}
	data, err := unpacked(x.body(), x.header())
	if err != nil {
		return err
	}
	x.setBodyBytes([]byte("/**/" + callback + "(" + string(data) + ");"))
	x.header().Set("Content-Type", "application/javascript")
	return nil
}

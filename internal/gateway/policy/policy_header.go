package policy

import (
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// setHeader is set-header: on the request before the reply is there, on the reply
// then.
type setHeader struct {
	name   *value
	exists *value
	values []*value
}

func compileSetHeader(r *args) action {
	return &setHeader{r.required("name"), r.or("exists-action", "override"), r.texts("value")}
}

func (s *setHeader) run(x *Exchange) error { return s.apply(x, x.header()) }

// header is that of the message that a policy of the section changes.
func (x *Exchange) header() http.Header {
	if x.section >= Outbound && x.Response != nil {
		return x.Response.Header
	}
	return x.Request.Header
}

// fixedHeaders are the connection's, not the policy's.
var fixedHeaders = []string{"Connection", "Content-Length", "Keep-Alive", "Transfer-Encoding"}

// apart are headers whose values are not joined by a comma.
var apart = []string{
	"User-Agent", "Cookie", "Set-Cookie", "Warning", "Www-Authenticate", "Proxy-Authenticate", "Date", "Expires", "Last-Modified", "If-Modified-Since", "If-Unmodified-Since", "Retry-After",
}

func (s *setHeader) apply(x *Exchange, h http.Header) error {
	name, err := s.name.text(x)
	if err != nil {
		return err
	}
	if !httpguts.ValidHeaderFieldName(name) {
		return broken("set-header", "InvalidHeader", "the name of the header is none: "+clip(name))
	}
	name = textproto.CanonicalMIMEHeaderKey(name)
	if slices.Contains(fixedHeaders, name) {
		return broken("set-header", "InvalidHeader", "the header "+name+" cannot be changed")
	}
	how, err := s.exists.text(x)
	if err != nil {
		return err
	}
	_, there := h[name]
	switch how {
	case "delete":
		delete(h, name)
		return nil
	case "skip":
		if there {
			return nil
		}
	case "append", "override":
	default:
		return broken("set-header", "InvalidHeader", "exists-action is override, skip, append or delete, not "+clip(how))
	}
	values, err := textsOf(x, s.values)
	if err != nil {
		return err
	}
	for _, v := range values {
		if !httpguts.ValidHeaderFieldValue(v) {
			return broken("set-header", "InvalidHeader", "the value of the header "+name+" has characters that no header may have")
		}
	}
	if how == "append" {
		values = append(slices.Clone(h[name]), values...)
	}
	if len(values) > 1 && !slices.Contains(apart, name) {
		values = []string{strings.Join(values, ",")}
	}
	if len(values) == 0 {
		delete(h, name)
		return nil
	}
	h[name] = values
	return nil
}

func textsOf(x *Exchange, all []*value) ([]string, error) {
	out := make([]string, len(all))
	for i, v := range all {
		var err error
		if out[i], err = v.text(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// setQuery is set-query-parameter.
type setQuery setHeader

func compileSetQuery(r *args) action {
	return (*setQuery)(compileSetHeader(r).(*setHeader)) //nolint:forcetypeassert // it makes one
}

func (s *setQuery) run(x *Exchange) error {
	name, err := s.name.text(x)
	if err != nil {
		return err
	}
	how, err := s.exists.text(x)
	if err != nil {
		return err
	}
	values, err := textsOf(x, s.values)
	if err != nil {
		return err
	}
	pairs := splitQuery(x.Request.Query)
	same := func(p string) bool { return strings.EqualFold(queryName(p), name) }
	there := slices.ContainsFunc(pairs, same)
	switch how {
	case "skip":
		if there {
			return nil
		}
	case "override", "delete":
		pairs = slices.DeleteFunc(pairs, same)
	case "append":
	default:
		return broken("set-query-parameter", "InvalidParameter", "exists-action is override, skip, append or delete, not "+clip(how))
	}
	if how != "delete" {
		for _, v := range values {
			pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(v))
		}
	}
	x.Request.Query = strings.Join(pairs, "&")
	return nil
}

func splitQuery(raw string) []string {
	if raw == "" {
		return nil
	}
	return strings.Split(raw, "&")
}

func queryName(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	if plain, err := url.QueryUnescape(name); err == nil {
		return plain
	}
	return name
}

type setMethod struct{ method *value }

func compileSetMethod(r *args) action { return &setMethod{r.textValue()} }

func (s *setMethod) run(x *Exchange) error {
	m, err := s.text(x)
	if err == nil {
		x.Request.Method = m
	}
	return err
}

func (s *setMethod) text(x *Exchange) (string, error) {
	m, err := s.method.text(x)
	if m = strings.ToUpper(strings.TrimSpace(m)); err == nil && !httpguts.ValidHeaderFieldName(m) {
		err = broken("set-method", "InvalidMethod", "this is no method: "+clip(m))
	}
	return m, err
}

type setStatus struct{ code, reason *value }

func compileSetStatus(r *args) action { return &setStatus{r.required("code"), r.or("reason", "")} }

func (s *setStatus) run(x *Exchange) error {
	if x.Response == nil {
		x.Response = NewResponse(http.StatusOK)
	}
	return s.apply(x, x.Response)
}

func (s *setStatus) apply(x *Exchange, r *Response) error {
	code, err := s.code.number(x)
	if err != nil {
		return err
	}
	if code < 100 || code > 999 {
		return broken("set-status", "InvalidStatus", "a status has three digits")
	}
	reason, err := s.reason.text(x)
	if err != nil {
		return err
	}
	if strings.ContainsAny(reason, "\r\n") {
		return broken("set-status", "InvalidStatus", "the reason of a status is one line")
	}
	r.Status, r.Reason = code, reason
	return nil
}

type setVariable struct{ name, value *value }

func compileSetVariable(r *args) action {
	return &setVariable{r.required("name"), r.required("value")}
}

func (s *setVariable) run(x *Exchange) error {
	name, err := s.name.text(x)
	if err != nil {
		return err
	}
	v, err := s.value.any(x)
	if err == nil {
		x.Variables.Set(name, v)
	}
	return err
}

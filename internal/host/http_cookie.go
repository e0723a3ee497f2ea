package host

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// setCookie is a cookie as ASP.NET writes it into Set-Cookie, and so Azure's host: the
// value percent-encoded (a function reads it back with decodeURIComponent or its like),
// the path "/" unless the function names one, attributes in lower case.
//
//	name=a%3Db; expires=Wed, 21 Oct 2015 07:28:00 GMT; max-age=60; domain=example.org; path=/; secure; samesite=lax; httponly
func setCookie(c *funcrpc.RpcHttpCookie) (string, error) {
	if (&http.Cookie{Name: c.GetName()}).Valid() != nil {
		return "", fault.New(fault.Invalid, "HTTP output", "%q is no name of a cookie", c.GetName())
	}
	var b strings.Builder
	b.WriteString(c.GetName() + "=")
	escapeData(&b, c.GetValue())
	if at := c.GetExpires().GetValue(); at != nil {
		b.WriteString("; expires=" + at.AsTime().Format(http.TimeFormat))
	}
	if c.GetMaxAge().GetDouble() != nil {
		b.WriteString("; max-age=" + strconv.FormatInt(int64(c.GetMaxAge().GetValue()), 10))
	}
	for _, a := range []struct{ name, value string }{
		{"domain", c.GetDomain().GetValue()}, {"path", pathOf(c)},
	} {
		if a.value == "" {
			continue
		}
		if strings.ContainsFunc(a.value, func(r rune) bool { return r < ' ' || r == ';' || r > '~' }) {
			return "", fault.New(fault.Invalid, "HTTP output", "%s %q of the cookie %s holds what it may not", a.name, a.value, c.GetName())
		}
		b.WriteString("; " + a.name + "=" + a.value)
	}
	if c.GetSecure().GetValue() {
		b.WriteString("; secure")
	}
	switch c.GetSameSite() {
	case funcrpc.RpcHttpCookie_Lax:
		b.WriteString("; samesite=lax")
	case funcrpc.RpcHttpCookie_Strict:
		b.WriteString("; samesite=strict")
	case funcrpc.RpcHttpCookie_ExplicitNone:
		b.WriteString("; samesite=none")
	}
	if c.GetHttpOnly().GetValue() {
		b.WriteString("; httponly")
	}
	return b.String(), nil
}

func setCookies(all []*funcrpc.RpcHttpCookie) ([]string, error) {
	out := make([]string, len(all))
	for i, c := range all {
		var err error
		if out[i], err = setCookie(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func pathOf(c *funcrpc.RpcHttpCookie) string {
	if path := c.GetPath().GetValue(); path != "" {
		return path
	}
	return "/"
}

// escapeData percent-encodes all but the unreserved signs of RFC 3986.
func escapeData(b *strings.Builder, s string) {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(b, "%%%02X", c)
		}
	}
}

// objectCookie is a cookie of a response that is a JSON object, with the names that
// Node's and Python's have.
type objectCookie struct {
	Name, Value, Domain, Path, SameSite string
	Expires                             any // RFC 3339 or HTTP's form, or seconds since 1970
	MaxAge                              *float64
	Secure, HTTPOnly                    bool
}

// objectCookies reads a JSON array of them.
func objectCookies(raw json.RawMessage) ([]*funcrpc.RpcHttpCookie, error) {
	var all []objectCookie
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fault.Wrap(fault.Invalid, "HTTP output", err, "cookies are no array of objects with name and value")
	}
	out := make([]*funcrpc.RpcHttpCookie, len(all))
	for i, c := range all {
		var err error
		if out[i], err = c.rpc(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c objectCookie) rpc() (*funcrpc.RpcHttpCookie, error) {
	out := &funcrpc.RpcHttpCookie{
		Name: c.Name, Value: c.Value, Domain: nullableText(c.Domain), Path: nullableText(c.Path),
		Secure:   &funcrpc.NullableBool{Bool: &funcrpc.NullableBool_Value{Value: c.Secure}},
		HttpOnly: &funcrpc.NullableBool{Bool: &funcrpc.NullableBool_Value{Value: c.HTTPOnly}},
	}
	if c.MaxAge != nil {
		out.MaxAge = &funcrpc.NullableDouble{Double: &funcrpc.NullableDouble_Value{Value: *c.MaxAge}}
	}
	same, ok := map[string]funcrpc.RpcHttpCookie_SameSite{
		"": funcrpc.RpcHttpCookie_None, "lax": funcrpc.RpcHttpCookie_Lax,
		"strict": funcrpc.RpcHttpCookie_Strict, "none": funcrpc.RpcHttpCookie_ExplicitNone,
	}[strings.ToLower(c.SameSite)]
	if !ok {
		return nil, fault.New(fault.Invalid, "HTTP output", "sameSite %q of the cookie %s is none of lax, strict, none", c.SameSite, c.Name)
	}
	out.SameSite = same
	var err error
	out.Expires, err = expiry(c.Expires)
	if err != nil {
		return nil, fault.New(fault.Invalid, "HTTP output", "expires %v of the cookie %s is no time", c.Expires, c.Name)
	}
	return out, nil
}

func nullableText(s string) *funcrpc.NullableString {
	return &funcrpc.NullableString{String_: &funcrpc.NullableString_Value{Value: s}}
}

func timestampOf(at time.Time) *funcrpc.NullableTimestamp {
	return &funcrpc.NullableTimestamp{Timestamp: &funcrpc.NullableTimestamp_Value{Value: timestamppb.New(at)}}
}

func expiry(v any) (*funcrpc.NullableTimestamp, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case float64:
		return timestampOf(time.UnixMilli(int64(v * 1000))), nil
	case string:
		at, err := time.Parse(time.RFC3339, v)
		if err != nil {
			at, err = http.ParseTime(v)
		}
		return timestampOf(at), err
	}
	return nil, fault.New(fault.Invalid, "", "no time")
}

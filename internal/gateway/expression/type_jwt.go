package expression

import (
	"encoding/base64"
	"strings"
	"time"
)

// Jwt is a parsed token; its signature was not checked.
type Jwt struct{ header, claims *Token }

// Basic is a user and a password.
type Basic struct{ user, password string }

// TypeName implements Object.
func (*Jwt) TypeName() string { return "Jwt" }

// TypeName implements Object.
func (*Basic) TypeName() string { return "BasicAuthCredentials" }

// Call implements Object.
func (*Basic) Call(*Call) (any, bool, error) { return nil, false, nil }

// Get implements Object.
func (b *Basic) Get(name string) (any, bool, error) {
	switch name {
	case "UserId":
		return b.user, true, nil
	case "Password":
		return b.password, true, nil
	}
	return nil, false, nil
}

// asBasic is null where the text is no such header.
func asBasic(s string) any {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	user, password, ok := strings.Cut(string(b), ":")
	if err != nil || !ok {
		return nil
	}
	return &Basic{user, password}
}

// asJwt reads a token, with or without Bearer before it; null where it is none.
func asJwt(s string) any {
	s = strings.TrimSpace(s)
	if scheme, rest, ok := strings.Cut(s, " "); ok && strings.EqualFold(scheme, "Bearer") {
		s = strings.TrimSpace(rest)
	}
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return nil
	}
	var tokens [2]*Token
	for i := range tokens {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[i], "="))
		if err != nil {
			return nil
		}
		if tokens[i], err = ParseJSON(b); err != nil || tokens[i].Kind != ObjectToken {
			return nil
		}
	}
	return &Jwt{tokens[0], tokens[1]}
}

// ParseJwt reads a token; false where the text is none.
func ParseJwt(s string) (any, bool) {
	j := asJwt(s)
	return j, j != nil
}

// Call implements Object.
func (*Jwt) Call(*Call) (any, bool, error) { return nil, false, nil }

func (j *Jwt) text(of *Token, name string) any {
	if v := of.Find(name); v != nil && v.Kind == Scalar {
		return textOf(v.Value)
	}
	return nil
}

func (j *Jwt) moment(name string) any {
	if v := j.claims.Find(name); v != nil {
		if n, ok := toFloat(v.Value); ok {
			return Time{Time: time.Unix(int64(n), 0).UTC()}
		}
	}
	return nil
}

// Get implements Object.
func (j *Jwt) Get(name string) (any, bool, error) {
	switch name {
	case "Algorithm":
		return j.text(j.header, "alg"), true, nil
	case "Type":
		return j.text(j.header, "typ"), true, nil
	case "Issuer":
		return j.text(j.claims, "iss"), true, nil
	case "Subject":
		return j.text(j.claims, "sub"), true, nil
	case "Id":
		return j.text(j.claims, "jti"), true, nil
	case "ExpirationTime":
		return j.moment("exp"), true, nil
	case "NotBefore":
		return j.moment("nbf"), true, nil
	case "IssuedAt":
		return j.moment("iat"), true, nil
	case "Audiences":
		return claimValues(j.claims.Find("aud")), true, nil
	case "Claims":
		d := NewDict()
		for _, p := range j.claims.Properties {
			d.Set(p.Name, claimValues(p.Value))
		}
		return &claims{d}, true, nil
	}
	return nil, false, nil
}

// claimValues is a claim as string[].
func claimValues(v *Token) *List {
	l := &List{Elem: "String", Fixed: true}
	switch {
	case v == nil:
	case v.Kind == ArrayToken:
		for _, x := range v.Items {
			l.Items = append(l.Items, claimText(x))
		}
	default:
		l.Items = append(l.Items, claimText(v))
	}
	return l
}

func claimText(v *Token) string {
	if v.Kind != Scalar {
		return v.JSON(false)
	}
	if b, ok := v.Value.(bool); ok {
		return map[bool]string{true: "true", false: "false"}[b]
	}
	return textOf(v.Value)
}

// claims is the dictionary of claims, whose GetValueOrDefault joins values with commas.
type claims struct{ d *Dict }

// TypeName implements Object.
func (*claims) TypeName() string { return "Dictionary" }

// Get implements Object.
func (c *claims) Get(name string) (any, bool, error) {
	p := dictProperties[name]
	if p == nil {
		return nil, false, nil
	}
	v, err := p(c.d)
	return v, true, err
}

// Index implements Indexed.
func (c *claims) Index(key any) (any, error) { return getIndex(c.d, key) }

// Items implements Listed.
func (c *claims) Items() []any {
	all, _ := itemsOf(c.d)
	return all
}

// Call implements Object.
func (c *claims) Call(call *Call) (any, bool, error) {
	if call.Name == "GetValueOrDefault" {
		k, err := call.Text(0)
		if err != nil {
			return nil, true, err
		}
		if v, ok := c.d.Find(k); ok {
			return joinTexts(v.(*List).Items), true, nil //nolint:forcetypeassert // all are
		}
		if len(call.Args) > 1 {
			return call.Args[1], true, nil
		}
		return nil, true, nil
	}
	m := dictMethods[call.Name]
	if m == nil {
		return nil, false, nil
	}
	inner := *call
	inner.This = c.d
	v, err := m(&inner)
	return v, true, err
}

func joinTexts(items []any) string {
	var parts []string
	for _, x := range items {
		parts = append(parts, textOf(x))
	}
	return strings.Join(parts, ",")
}

package expression

import (
	"fmt"
	"strings"
	"sync"
)

// method is a method of a type; property is one that takes nothing and has no ().
type (
	method   func(c *Call) (any, error)
	property func(this any) (any, error)
)

// kindOf is the tables of a value's type.
func tablesOf(v any) (map[string]method, map[string]property) {
	switch v.(type) {
	case string:
		return stringMethods, stringProperties
	case Char:
		return charMethods, nil
	case *Token, *Property:
		return tokenMethods, tokenProperties
	case *List:
		return listMethods, listProperties
	case []byte:
		return bytesMethods, bytesProperties
	case *Dict:
		return dictMethods, dictProperties
	case Pair:
		return nil, pairProperties
	case *Group:
		return nil, groupProperties
	case Time:
		return timeMethods, timeProperties
	case Span:
		return spanMethods, spanProperties
	case GUID:
		return guidMethods, nil
	case *Builder:
		return builderMethods, builderProperties
	case *Regex:
		return regexMethods, nil
	case *Match:
		return matchMethods, matchProperties
	case *URI:
		return uriMethods, uriProperties
	case *Hash:
		return hashMethods, hashProperties
	case *Random:
		return randomMethods, nil
	case *TextEncoding:
		return encodingMethods, encodingProperties
	case *Exception:
		return nil, exceptionProperties
	case *Certificate:
		return certificateMethods, certificateProperties
	case int32, int64, float64, byte, bool:
		return numberMethods, nil
	}
	return nil, nil
}

// hostMembers are those of context and of what is below it.
const hostMembers = `Api Deployment Elapsed GraphQL LastError Operation Product Request RequestId Response Subscription Timestamp Tracing User Variables Trace Workspace
	Id Name Path Protocols ServiceUrl SubscriptionKeyParameterNames Version Revision IsCurrentRevision Header Query QueryString
	GatewayId Gateway InstanceId IsManaged Region ServiceId ServiceName Certificates Source Reason Message Scope Section PolicyId
	Method UrlTemplate State Apis Groups ApprovalRequired SubscriptionRequired SubscriptionsLimit SubscriptionLimit
	Body Certificate Headers IpAddress MatchedParameters OriginalUrl Url PrivateEndpointConnection StatusCode StatusReason
	Key PrimaryKey SecondaryKey CreatedDate StartDate EndDate FirstName LastName Email Identities Note RegistrationDate Provider
	Scheme Host Port ToUri GetValueOrDefault ContainsKey TryGetValue Keys Values Count As AsFormUrlEncodedContent AsJwt TryParseJwt AsBasic TryParseBasic
	Algorithm Audiences Claims ExpirationTime NotBefore IssuedAt Issuer Subject Type UserId Password Clear Add Remove Contains
	Encrypt Decrypt ToFormUrlEncodedContent ToQueryString`

// knownMembers are memberNames, put together once.
var knownMembers = sync.OnceValue(memberNames)

// memberNames are all names that a value can have.
func memberNames() map[string]bool {
	all := setOf(hostMembers)
	for _, v := range []any{
		"", Char(0), &Token{}, &List{},
		[]byte{},
		&Dict{},
		Pair{},
		&Group{},
		Time{},
		Span(0), GUID(""), &Builder{}, &Regex{}, &Match{}, &URI{}, &Hash{},
		&Random{}, &TextEncoding{}, &Exception{}, &Certificate{}, int32(0),
	} {
		methods, properties := tablesOf(v)
		for n := range methods {
			all[n] = true
		}
		for n := range properties {
			all[n] = true
		}
	}
	for n := range queryMethods {
		all[n] = true
	}
	for n := range anyMethods {
		all[n] = true
	}
	return all
}

func getMember(this any, name string) (any, error) {
	if _, properties := tablesOf(this); properties[name] != nil {
		return properties[name](this)
	}
	switch t := this.(type) {
	case *Anonymous:
		for i, n := range t.Names {
			if n == name {
				return t.Values[i], nil
			}
		}
	case Object:
		if v, ok, err := t.Get(name); ok || err != nil {
			return v, err
		}
	}
	return nil, fmt.Errorf("a %s has no property %s", typeNameOf(this), name)
}

func setMember(this any, name string, v any) error {
	switch t := this.(type) {
	case *Property:
		if tok, ok := fromValue(v); ok && name == "Value" {
			t.Value = tok
			return nil
		}
	case *Token:
		if tok, ok := fromValue(v); ok && name == "Value" && t.Kind == Scalar {
			t.Value = tok.Value
			return nil
		}
	case *Hash:
		if key, ok := v.([]byte); ok && name == "Key" && t.keyed {
			t.key = key
			return nil
		}
	case nil:
		return fmt.Errorf("%s", errNull)
	}
	return fmt.Errorf("the property %s of a %s cannot be set", name, typeNameOf(this))
}

func callMethod(c *Call) (any, error) {
	if c.This == nil {
		if x, ok := nullMethods[c.Name]; ok {
			return x(c)
		}
		return nil, fmt.Errorf("%s: .%s() of null", errNull, c.Name)
	}
	if methods, _ := tablesOf(c.This); methods[c.Name] != nil {
		return methods[c.Name](c)
	}
	if o, ok := c.This.(Object); ok {
		if v, ok, err := o.Call(c); ok || err != nil {
			return v, err
		}
	}
	if m := queryMethods[c.Name]; m != nil {
		if _, ok := itemsOf(c.This); ok {
			return m(c)
		}
	}
	if m := anyMethods[c.Name]; m != nil {
		return m(c)
	}
	if v, err := getMember(c.This, c.Name); err == nil { // a lambda that is a property
		if f, ok := v.(*closure); ok {
			return f.call(c.frame, c.Args...)
		}
	}
	return nil, fmt.Errorf("a %s has no method %s", typeNameOf(c.This), c.Name)
}

// nullMethods may be called on null: extensions.
var nullMethods = map[string]method{
	"AsJwt":   func(*Call) (any, error) { return nil, nil }, //nolint:nilnil // null is a value
	"AsBasic": func(*Call) (any, error) { return nil, nil }, //nolint:nilnil // null is a value
}

// anyMethods are those of every value.
var anyMethods = map[string]method{
	"ToString": func(c *Call) (any, error) {
		if len(c.Args) > 0 {
			if f, ok := c.Args[0].(string); ok {
				return formatted(c.This, f)
			}
		}
		return textOf(c.This), nil
	},
	"Equals": func(c *Call) (any, error) {
		if len(c.Args) != 1 {
			return nil, c.bad()
		}
		return equal(c.This, c.Args[0]) && typeNameOf(c.This) == typeNameOf(c.Args[0]), nil
	},
	"GetType":     func(c *Call) (any, error) { return Enum{"Type", typeNameOf(c.This), 0}, nil },
	"GetHashCode": func(c *Call) (any, error) { return hashCode(textOf(c.This)), nil },
	"Dispose":     func(*Call) (any, error) { return nil, nil }, //nolint:nilnil // void
}

func formatted(v any, f string) (any, error) {
	s, err := formatValue(v, f)
	return s, err
}

// hashCode is any number that is the same for the same text.
func hashCode(s string) int32 {
	h := int32(17)
	for _, r := range s {
		h = h*31 + r
	}
	return h
}

// bad says that the arguments fit no method of the name.
func (c *Call) bad() error {
	var types []string
	for _, a := range c.Args {
		types = append(types, typeNameOf(a))
	}
	return fmt.Errorf("%s takes no (%s)", c.Name, strings.Join(types, ", "))
}

// Text is an argument that must be a string; a character is one too.
func (c *Call) Text(i int) (string, error) {
	if i < len(c.Args) {
		switch a := c.Args[i].(type) {
		case string:
			return a, nil
		case Char:
			return string(rune(a)), nil
		case nil:
			return "", fmt.Errorf("%s: value cannot be null", c.Name)
		}
	}
	return "", c.bad()
}

// Int is an argument that must be a whole number.
func (c *Call) Int(i int) (int, error) {
	if i < len(c.Args) {
		switch n := bare(c.Args[i]).(type) {
		case int32:
			return int(n), nil
		case int64:
			return int(n), nil
		}
	}
	return 0, c.bad()
}

func (c *Call) real(i int) (float64, error) {
	if i < len(c.Args) {
		if f, ok := toFloat(bare(c.Args[i])); ok {
			return f, nil
		}
	}
	return 0, c.bad()
}

// Bytes is an argument that must be a byte[].
func (c *Call) Bytes(i int) ([]byte, error) {
	if i < len(c.Args) {
		if b, ok := c.Args[i].([]byte); ok {
			return b, nil
		}
	}
	return nil, c.bad()
}

// Give sets an out argument.
func (c *Call) Give(i int, v any) {
	if i < len(c.Args) {
		if o, ok := c.Args[i].(*Out); ok {
			o.Value = v
		}
	}
}

// TypeArg is <T>; "" where none was written.
func (c *Call) TypeArg() string {
	if len(c.types) == 0 {
		return ""
	}
	return c.types[0].plain()
}

// Is reports whether a value is of <T>.
func (c *Call) Is(v any) bool { return len(c.types) == 0 || v == nil || isOf(c.types[0], v) }

// lambda is an argument that must be one, called with values.
func (c *Call) lambda(i int) (func(args ...any) (any, error), error) {
	if i < len(c.Args) {
		if f, ok := c.Args[i].(*closure); ok {
			return func(args ...any) (any, error) { return f.call(c.frame, args...) }, nil
		}
	}
	return nil, c.bad()
}

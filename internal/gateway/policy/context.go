package policy

import (
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// contextOf is context in expressions.
type contextOf struct{ x *Exchange }

// TypeName implements expression.Object.
func (contextOf) TypeName() string { return "IProxyRequestContext" }

// Get implements expression.Object.
func (c contextOf) Get(name string) (any, bool, error) {
	x := c.x
	switch name {
	case "Variables":
		return x.Variables, true, nil
	case "Request":
		return requestOf{x}, true, nil
	case "Response":
		if x.Response == nil {
			return nil, true, nil
		}
		return responseOf{x.Response}, true, nil
	case "LastError":
		if x.LastError == nil {
			return nil, true, nil
		}
		return lastError(x.LastError), true, nil
	case "Api":
		return apiOf(&x.About.API), true, nil
	case "Operation":
		o := &x.About.Operation
		return record{"IOperation", map[string]any{"Id": o.ID, "Method": o.Method, "Name": o.Name, "UrlTemplate": o.Template}}, true, nil
	case "Product":
		return productOf(x.About.Product), true, nil
	case "Subscription":
		return subscriptionOf(x.About.Subscription), true, nil
	case "User", "GraphQL", "Workspace":
		return nil, true, nil
	case "Deployment":
		return record{"IDeployment", map[string]any{
			"GatewayId": "managed", "Region": x.About.Region, "ServiceId": x.About.ServiceID, "ServiceName": x.About.Service, "Certificates": x.deployed(),
			"Gateway": record{"IGateway", map[string]any{"Id": "managed", "InstanceId": x.About.Service, "IsManaged": true}},
		}}, true, nil
	case "RequestId":
		return expression.GUID(x.ID()), true, nil
	case "Timestamp":
		return expression.Time{Time: x.Began.UTC()}, true, nil
	case "Elapsed":
		return expression.Span(time.Since(x.Began)), true, nil
	case "Tracing":
		return x.Trace != nil, true, nil
	}
	return nil, false, nil
}

// Call implements expression.Object.
func (c contextOf) Call(call *expression.Call) (any, bool, error) {
	if call.Name != "Trace" {
		return nil, false, nil
	}
	message, err := call.Text(0)
	if err == nil {
		c.x.Trace.Add(c.x, c.x.section.String(), "expression", map[string]any{"message": message})
	}
	return nil, true, err
}

// record is an object whose properties are there.
type record struct {
	name   string
	fields map[string]any
}

// TypeName implements expression.Object.
func (r record) TypeName() string { return r.name }

// Get implements expression.Object.
func (r record) Get(name string) (any, bool, error) {
	v, ok := r.fields[name]
	return v, ok, nil
}

// Call implements expression.Object.
func (record) Call(*expression.Call) (any, bool, error) { return nil, false, nil }

func apiOf(a *APIInfo) any {
	return record{"IApi", map[string]any{
		"Id": a.ID, "Name": a.Name, "Path": a.Path, "Version": a.Version, "Revision": a.Revision, "IsCurrentRevision": a.Current,
		"Protocols": expression.Strings(a.Protocols), "ServiceUrl": serviceURL(a.ServiceURL),
		"SubscriptionKeyParameterNames": record{"ISubscriptionKeyParameterNames", map[string]any{"Header": a.KeyHeader, "Query": a.KeyQuery}},
	}}
}

func serviceURL(text string) any {
	u, err := ParseBase(text)
	if err != nil {
		return nil
	}
	return urlOf{u.Scheme, u.Host, u.EscapedPath(), u.RawQuery}
}

func productOf(p *ProductInfo) any {
	if p == nil {
		return nil
	}
	return record{"IProduct", map[string]any{
		"Id": p.ID, "Name": p.Name, "State": p.State, "Apis": expression.Strings(p.APIs), "Groups": expression.Strings(nil),
		"ApprovalRequired": p.ApprovalRequired, "SubscriptionRequired": p.SubscriptionNeeded, "SubscriptionLimit": int32(p.SubscriptionsLimit), //nolint:gosec // small
		"SubscriptionsLimit": int32(p.SubscriptionsLimit), //nolint:gosec // small
	}}
}

func subscriptionOf(s *SubscriptionInfo) any {
	if s == nil {
		return nil
	}
	moment := func(t *time.Time) any {
		if t == nil {
			return nil
		}
		return expression.Time{Time: t.UTC()}
	}
	return record{"ISubscription", map[string]any{
		"Id": s.ID, "Name": s.Name, "Key": s.Key, "PrimaryKey": s.Primary, "SecondaryKey": s.Secondary,
		"CreatedDate": moment(&s.Created), "StartDate": moment(s.Start), "EndDate": moment(s.End),
	}}
}

func lastError(f *Failure) any {
	optional := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return record{"ILastError", map[string]any{
		"Source": f.Source, "Reason": f.Reason, "Message": f.Message, "Scope": optional(f.Scope), "Section": optional(f.Section),
		"Path": optional(f.Path), "PolicyId": optional(f.PolicyID),
	}}
}

// requestOf is context.Request.
type requestOf struct{ x *Exchange }

// TypeName implements expression.Object.
func (requestOf) TypeName() string { return "IRequest" }

// Get implements expression.Object.
func (q requestOf) Get(name string) (any, bool, error) {
	r := q.x.Request
	switch name {
	case "Body":
		if r.Body == nil {
			return nil, true, nil
		}
		return bodyOf{r.Body, r.Header}, true, nil
	case "Headers":
		return headersOf{r.Header}, true, nil
	case "Method":
		return r.Method, true, nil
	case "IpAddress":
		return r.ClientIP, true, nil
	case "MatchedParameters":
		d := expression.NewDict()
		d.Fold = true
		for _, k := range slices.Sorted(mapKeys(r.Matched)) {
			d.Set(k, r.Matched[k])
		}
		return d, true, nil
	case "OriginalUrl":
		u := r.Original
		return urlOf{u.Scheme, u.Host, u.EscapedPath(), u.RawQuery}, true, nil
	case "Url":
		return urlOf{r.Scheme, r.Host, r.Path, r.Query}, true, nil
	case "Certificate":
		return q.x.certificateOf(), true, nil
	case "PrivateEndpointConnection":
		return nil, true, nil
	}
	return nil, false, nil
}

// Call implements expression.Object.
func (requestOf) Call(*expression.Call) (any, bool, error) { return nil, false, nil }

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// url is where the request goes.
func (r *Request) url() string {
	s := r.Scheme + "://" + r.Host + r.Path
	if r.Query != "" {
		s += "?" + r.Query
	}
	return s
}

// responseOf is a response: the exchange's, and those of send-request.
type responseOf struct{ r *Response }

// TypeName implements expression.Object.
func (responseOf) TypeName() string { return "IResponse" }

// Get implements expression.Object.
func (p responseOf) Get(name string) (any, bool, error) {
	switch name {
	case "Body":
		if p.r.Body == nil {
			return nil, true, nil
		}
		return bodyOf{p.r.Body, p.r.Header}, true, nil
	case "Headers":
		return headersOf{p.r.Header}, true, nil
	case "StatusCode":
		return int32(p.r.Status), true, nil //nolint:gosec // three digits
	case "StatusReason":
		return p.r.Reason, true, nil
	}
	return nil, false, nil
}

// Call implements expression.Object.
func (responseOf) Call(*expression.Call) (any, bool, error) { return nil, false, nil }

// headersOf is a dictionary of headers; names are compared without case.
type headersOf struct{ h http.Header }

// TypeName implements expression.Object.
func (headersOf) TypeName() string { return "IReadOnlyDictionary" }

// Get implements expression.Object.
func (h headersOf) Get(name string) (any, bool, error) { return dictGet(name, h.h) }

// Index implements expression.Indexed.
func (h headersOf) Index(key any) (any, error) {
	return dictIndex(textproto.CanonicalMIMEHeaderKey(expression.Text(key)), h.h)
}

// Items implements expression.Listed.
func (h headersOf) Items() []any { return dictItems(h.h) }

// Call implements expression.Object.
func (h headersOf) Call(c *expression.Call) (any, bool, error) {
	return dictCall(c, h.h, textproto.CanonicalMIMEHeaderKey)
}

// queryOf is a dictionary of query parameters.
type queryOf struct{ v url.Values }

// TypeName implements expression.Object.
func (queryOf) TypeName() string { return "IReadOnlyDictionary" }

// Get implements expression.Object.
func (q queryOf) Get(name string) (any, bool, error) { return dictGet(name, q.v) }

// Index implements expression.Indexed.
func (q queryOf) Index(key any) (any, error) { return dictIndex(q.name(expression.Text(key)), q.v) }

// Items implements expression.Listed.
func (q queryOf) Items() []any { return dictItems(q.v) }

// Call implements expression.Object.
func (q queryOf) Call(c *expression.Call) (any, bool, error) { return dictCall(c, q.v, q.name) }

// name is a parameter as it was written, compared without case.
func (q queryOf) name(s string) string {
	if _, ok := q.v[s]; ok {
		return s
	}
	for k := range q.v {
		if strings.EqualFold(k, s) {
			return k
		}
	}
	return s
}

func dictGet(name string, m map[string][]string) (any, bool, error) {
	switch name {
	case "Count":
		return int32(len(m)), true, nil //nolint:gosec // bounded by the request
	case "Keys":
		var keys []string
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		return expression.Strings(keys), true, nil
	}
	return nil, false, nil
}

func dictIndex(name string, m map[string][]string) (any, error) {
	v, ok := m[name]
	if !ok {
		return nil, broken("expression", "ExpressionValueEvaluationFailure", "The given key '"+clip(name)+"' was not present in the dictionary.")
	}
	return expression.Strings(v), nil
}

func dictItems(m map[string][]string) []any {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	all := make([]any, len(keys))
	for i, k := range keys {
		all[i] = expression.Pair{Key: k, Value: expression.Strings(m[k])}
	}
	return all
}

func dictCall(c *expression.Call, m map[string][]string, name func(string) string) (any, bool, error) {
	switch c.Name {
	case "GetValueOrDefault", "ContainsKey", "TryGetValue":
	case "ToQueryString", "ToFormUrlEncodedContent":
		return url.Values(m).Encode(), true, nil
	default:
		return nil, false, nil
	}
	key, err := c.Text(0)
	if err != nil {
		return nil, true, err
	}
	v, ok := m[name(key)]
	switch {
	case c.Name == "ContainsKey":
		return ok, true, nil
	case c.Name == "TryGetValue":
		c.Give(1, expression.Strings(v))
		return ok, true, nil
	case ok:
		return strings.Join(v, ","), true, nil
	case len(c.Args) > 1:
		return c.Args[1], true, nil
	}
	return nil, true, nil
}

// urlOf is an IUrl.
type urlOf struct{ scheme, host, path, query string }

// TypeName implements expression.Object.
func (urlOf) TypeName() string { return "IUrl" }

// String is the whole URL.
func (u urlOf) String() string {
	s := u.scheme + "://" + u.host + u.path
	if u.query != "" {
		s += "?" + u.query
	}
	return s
}

// Get implements expression.Object.
func (u urlOf) Get(name string) (any, bool, error) {
	host, port := u.host, ""
	if h, p, ok := strings.Cut(u.host, ":"); ok && !strings.Contains(p, ":") {
		host, port = h, p
	}
	switch name {
	case "Host":
		return host, true, nil
	case "Scheme":
		return u.scheme, true, nil
	case "Port":
		n, err := strconv.Atoi(port)
		if err != nil {
			n = map[string]int{"http": 80, "https": 443}[u.scheme]
		}
		return int32(n), true, nil //nolint:gosec // a port
	case "Path":
		p, err := url.PathUnescape(u.path)
		if err != nil {
			p = u.path
		}
		return p, true, nil
	case "QueryString":
		if u.query == "" {
			return "", true, nil
		}
		return "?" + u.query, true, nil
	case "Query":
		v, _ := url.ParseQuery(u.query)
		return queryOf{v}, true, nil
	}
	return nil, false, nil
}

// Call implements expression.Object.
func (u urlOf) Call(c *expression.Call) (any, bool, error) {
	if c.Name == "ToUri" {
		return u.String(), true, nil
	}
	return nil, false, nil
}

// bodyOf is an IMessageBody.
type bodyOf struct {
	b *Body
	h http.Header
}

// TypeName implements expression.Object.
func (bodyOf) TypeName() string { return "IMessageBody" }

// Get implements expression.Object.
func (bodyOf) Get(string) (any, bool, error) { return nil, false, nil }

// Call implements expression.Object.
func (o bodyOf) Call(c *expression.Call) (any, bool, error) {
	switch c.Name {
	case "As", "AsFormUrlEncodedContent":
	default:
		return nil, false, nil
	}
	if o.b.empty {
		return nil, true, broken("expression", "ExpressionValueEvaluationFailure",
			"the body was read before: the first read needs preserveContent: true where another follows")
	}
	data, err := o.b.Bytes()
	if err != nil {
		return nil, true, err
	}
	keep := len(c.Args) > 0 && c.Args[0] == true
	var v any
	if c.Name == "AsFormUrlEncodedContent" {
		v, err = formOf(data)
	} else {
		v, err = bodyAs(c.TypeArg(), c.Types, data)
	}
	if err == nil && !keep {
		o.b.Consume()
	}
	return v, true, err
}

func formOf(data []byte) (any, error) {
	values, err := url.ParseQuery(string(data))
	if err != nil {
		return nil, err
	}
	d := expression.NewDict()
	for _, k := range slices.Sorted(func(yield func(string) bool) {
		for k := range values {
			if !yield(k) {
				return
			}
		}
	}) {
		d.Set(k, expression.Strings(values[k]))
	}
	return d, nil
}

func bodyAs(typ string, types []string, data []byte) (any, error) {
	switch {
	case typ == "String" || typ == "":
		return strings.ToValidUTF8(strings.TrimPrefix(string(data), "\ufeff"), "\ufffd"), nil
	case typ == "Array" && (types[0] == "byte[]" || types[0] == "Byte[]"):
		return slices.Clone(data), nil
	case typ == "JObject", typ == "JArray", typ == "JToken":
		t, err := expression.ParseJSON(data)
		if err != nil {
			return nil, err
		}
		if typ == "JObject" && t.Kind != expression.ObjectToken || typ == "JArray" && t.Kind != expression.ArrayToken {
			return nil, broken("expression", "ExpressionValueEvaluationFailure", "the body is no "+typ)
		}
		return t, nil
	}
	return nil, broken("expression", "ExpressionValueEvaluationFailure", "Body.As<"+strings.Join(types, ", ")+"> is not served; string, byte[], JObject, JArray and JToken are")
}

package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// Contract is what an operation says of its messages, which validate-… holds them
// against.
type Contract struct {
	Parameters []Parameter
	Request    []Content
	Responses  []ResponseContract
}

// ResponseContract is what is said of responses of a status.
type ResponseContract struct {
	Status  int // 0: of all others
	Headers []Parameter
	Content []Content
}

// Parameter is one of a path, a query, or headers.
type Parameter struct {
	In       string // path, query, header
	Name     string
	Required bool
	Check    func(value string) error // nil: everything is right
}

// Content is a body of a content type.
type Content struct {
	Type string
	Name string // of its schema, "" where it has none
	// Check holds decoded JSON against it; nil: everything is right.
	Check func(value any, response bool, more Beside) error
}

// Beside is what objects may have beside the properties that their schema names.
type Beside int

// What they may have.
const (
	AsSchema Beside = iota // what the schema says
	Allowed                // everything
	Refused                // nothing
)

// response is what is said of responses of a status; nil: nothing.
func (c *Contract) response(status int) *ResponseContract {
	var other *ResponseContract
	for i := range c.Responses {
		switch c.Responses[i].Status {
		case status:
			return &c.Responses[i]
		case 0:
			other = &c.Responses[i]
		}
	}
	return other
}

func (x *Exchange) contract() *Contract {
	if f := x.About.Operation.Contract; f != nil {
		return f()
	}
	return &Contract{}
}

// verdict is what happens to what is wrong.
type verdict string

const (
	ignored   verdict = "ignore"
	prevented verdict = "prevent"
	detected  verdict = "detect"
)

var verdicts = []string{string(ignored), string(prevented), string(detected)}

// verdict reads an attribute; "" where it may be missing and is.
func (r *args) verdict(name string, needed bool) verdict {
	s := r.literal(name, "")
	if s == "" && !needed && !slices.ContainsFunc(r.e.Attrs, func(a Attr) bool { return a.Name == name }) {
		return ""
	}
	if !slices.Contains(verdicts, s) {
		r.fail(r.place(name), "the attribute '%s' is one of %s", name, strings.Join(verdicts, ", "))
	}
	return verdict(s)
}

// validating is what validate-… share.
type validating struct {
	name      string // of the policy
	variable  string
	specified verdict
	other     verdict
}

func (r *args) validating() validating {
	return validating{name: r.e.Name, variable: r.literal("errors-variable-name", "")}
}

// findings are what was wrong, told to the variable and to traces.
type findings struct {
	of  validating
	x   *Exchange
	all []any
	err error // of the first that is prevented
}

// internalAPIError is what callers are told of replies that are not what was promised.
const internalAPIError = "The request could not be processed due to an internal error. Contact the API owner."

func (f *findings) add(how verdict, kind, name, rule, message string) {
	if how == ignored || how == "" {
		return
	}
	f.all = append(f.all, record{"ContentValidationError", map[string]any{
		"Name": name, "Type": kind, "ValidationRule": rule, "Details": message, "Action": strings.ToUpper(string(how[:1])) + string(how[1:]),
	}})
	if f.x.Trace != nil {
		f.x.Trace.Add(f.x, f.x.section.String(), f.of.name, map[string]any{"name": name, "rule": rule, "action": string(how), "message": message})
	}
	if how != prevented || f.err != nil {
		return
	}
	if f.x.section == Inbound {
		f.err = refuse(http.StatusBadRequest, f.of.name, rule, message)
		return
	}
	refused := refuse(http.StatusBadGateway, f.of.name, rule, message)
	refused.Shown = internalAPIError
	f.err = refused
}

func (f *findings) end() error {
	if f.of.variable != "" && len(f.all) > 0 {
		f.x.Variables.Set(f.of.variable, expression.NewList("Object", f.all...))
	}
	return f.err
}

// group are the parameters of one place, and what happens to each.
type group struct {
	validating
	in      string
	by      map[string]verdict // by name in lower case
	applies bool
}

// group reads specified- and unspecified-SUFFIX-action and the exceptions below.
func (r *args) group(base validating, in, suffix, child string) group {
	g := group{validating: base, in: in, by: map[string]verdict{}, applies: true}
	if v := r.verdict("specified-"+suffix+"-action", base.specified == ""); v != "" {
		g.specified = v
	}
	if in != "path" { // a path has what its template has
		if v := r.verdict("unspecified-"+suffix+"-action", base.other == ""); v != "" {
			g.other = v
		}
	}
	for _, e := range r.children(child) {
		r.sub(e, func(p *args) {
			name := strings.ToLower(p.requiredLiteral("name"))
			g.by[name] = p.verdict("action", true)
		})
	}
	return g
}

func (g *group) how(name string, fallback verdict) verdict {
	if v, ok := g.by[strings.ToLower(name)]; ok {
		return v
	}
	return fallback
}

// titles are the places as messages and errors have them.
var titles = map[string][2]string{
	"query": {"QueryParameter", "query parameter"}, "path": {"PathParameter", "path parameter"},
	"header": {"RequestHeader", "header"}, "response": {"ResponseHeader", "header"},
}

// check holds values against what is known of them.
func (g *group) check(f *findings, known []Parameter, values map[string][]string, same func(a, b string) bool) {
	kind, word := titles[g.in][0], titles[g.in][1]
	for _, p := range known {
		found := false
		for name, all := range values {
			if !same(name, p.Name) {
				continue
			}
			found = true
			for _, v := range all {
				if p.Check == nil {
					break
				}
				if err := p.Check(v); err != nil {
					f.add(g.how(p.Name, g.specified), kind, p.Name, "Incorrect", "Value of the "+word+" "+p.Name+" does not conform to the definition. "+err.Error())
				}
			}
		}
		if !found && p.Required {
			f.add(g.how(p.Name, g.specified), kind, p.Name, "Required", "The "+word+" "+p.Name+" is required.")
		}
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.ContainsFunc(known, func(p Parameter) bool { return same(name, p.Name) }) {
			f.add(g.how(name, g.other), kind, name, "Unspecified", "Unspecified "+word+" "+clip(name)+" is not allowed.")
		}
	}
}

// ownHeaders are those of the connection and of the gateway, which no operation names.
var ownHeaders = append([]string{"Host", "Content-Length", "Content-Type", "Accept", "User-Agent", "Accept-Encoding", "X-Forwarded-For"}, hopByHop...)

func headersToCheck(h http.Header, key string) map[string][]string {
	out := map[string][]string{}
	for name, values := range h {
		if !slices.Contains(ownHeaders, name) && !strings.EqualFold(name, key) {
			out[name] = values
		}
	}
	return out
}

// validateParameters is validate-parameters.
type validateParameters struct {
	validating
	groups []group
}

func compileValidateParameters(r *args) action {
	v := &validateParameters{validating: r.validating()}
	v.specified, v.other = r.verdict("specified-parameter-action", true), r.verdict("unspecified-parameter-action", true)
	for _, x := range [][2]string{{"headers", "header"}, {"query", "query"}, {"path", "path"}} {
		g := group{validating: v.validating, in: x[1]}
		if e := r.child(x[0]); e != nil {
			r.sub(e, func(in *args) { g = in.group(v.validating, x[1], "parameter", "parameter") })
		}
		v.groups = append(v.groups, g)
	}
	return v
}

func (v *validateParameters) run(x *Exchange) error {
	c, f := x.contract(), &findings{of: v.validating, x: x}
	for i := range v.groups {
		g := &v.groups[i]
		var known []Parameter
		for _, p := range c.Parameters {
			if p.In == g.in {
				known = append(known, p)
			}
		}
		same, values := strings.EqualFold, map[string][]string{}
		switch g.in {
		case "header":
			values = headersToCheck(x.Request.Header, x.About.API.KeyHeader)
		case "query":
			values = x.Request.Original.Query()
			delete(values, x.About.API.KeyQuery)
			same = func(a, b string) bool { return a == b }
		default:
			for _, p := range known {
				if m, ok := x.Request.Matched[p.Name]; ok {
					values[p.Name] = []string{m}
				}
			}
		}
		g.check(f, known, values, same)
	}
	return f.end()
}

// validateHeaders is validate-headers, of responses.
type validateHeaders struct{ group }

func compileValidateHeaders(r *args) action {
	return &validateHeaders{r.group(r.validating(), "response", "header", "header")}
}

func (v *validateHeaders) run(x *Exchange) error {
	if x.Response == nil {
		return nil
	}
	f := &findings{of: v.validating, x: x}
	if c := x.contract().response(x.Response.Status); c != nil {
		v.check(f, c.Headers, headersToCheck(x.Response.Header, ""), strings.EqualFold)
	}
	return f.end()
}

// validateStatus is validate-status-code.
type validateStatus struct {
	validating
	by map[int]verdict
}

func compileValidateStatus(r *args) action {
	v := &validateStatus{validating: r.validating(), by: map[int]verdict{}}
	v.other = r.verdict("unspecified-status-code-action", true)
	for _, e := range r.children("status-code") {
		r.sub(e, func(in *args) { v.by[in.number("code", 0, 100, 999)] = in.verdict("action", true) })
	}
	return v
}

func (v *validateStatus) run(x *Exchange) error {
	if x.Response == nil {
		return nil
	}
	f, code := &findings{of: v.validating, x: x}, x.Response.Status
	how, named := v.by[code]
	if !named {
		how = v.other
	}
	if x.contract().response(code) == nil {
		f.add(how, "StatusCode", fmt.Sprint(code), "Unspecified", fmt.Sprintf("Response status code %d is not allowed.", code))
	}
	return f.end()
}

// validateContent is validate-content.
type validateContent struct {
	validating
	max       int
	oversized verdict
	unknown   string // the content type that all have
	missing   string // the content type of those that name none
	renamed   map[string]string
	checks    []contentCheck
}

// contentCheck is <content>.
type contentCheck struct {
	typ string // "": any
	how verdict
	// id names a schema of the service, and ref a part of it; "" is the operation's own.
	id, ref string
	more    Beside
}

func (r *args) contentCheck() contentCheck {
	c := contentCheck{typ: mediaType(r.literal("type", "")), how: r.verdict("action", true), id: r.literal("schema-id", ""), ref: r.literal("schema-ref", "")}
	if _, given := r.find("allow-additional-properties"); given {
		if c.more = Refused; r.flag("allow-additional-properties", false) {
			c.more = Allowed
		}
	}
	switch known := r.c.names.Schema; {
	case c.id == "" && c.ref != "":
		r.fail(r.place("schema-ref"), "the attribute 'schema-ref' is a part of the schema that 'schema-id' names")
	case c.id != "" && known != nil:
		if err := known(c.id, c.ref, c.more); err != nil {
			r.fail(r.place("schema-id"), "%v", err)
		}
	}
	return c
}

// maxValidated bounds max-size. https://learn.microsoft.com/azure/api-management/validate-content-policy
const maxValidated = 4 << 20

func compileValidateContent(r *args) action {
	v := &validateContent{validating: r.validating(), renamed: map[string]string{}}
	v.other, v.oversized = r.verdict("unspecified-content-type-action", true), r.verdict("size-exceeded-action", true)
	v.max = r.number("max-size", 0, 1, maxValidated)
	if e := r.child("content-type-map"); e != nil {
		r.sub(e, v.typeMap)
	}
	for _, e := range r.children("content") {
		r.sub(e, func(in *args) {
			if as := in.oneOf("validate-as", "json", "xml", "soap"); as != "json" {
				in.fail(in.place("validate-as"), "JSON alone is validated here, not %s", as)
			}
			const absent = "case-insensitive-property-names"
			if _, given := in.find(absent); given {
				in.fail(in.place(absent), "the attribute '%s' is not served: names of properties are told apart by case", absent)
			}
			v.checks = append(v.checks, in.contentCheck())
		})
	}
	return v
}

func (v *validateContent) typeMap(r *args) {
	v.unknown, v.missing = mediaType(r.literal("any-content-type-value", "")), mediaType(r.literal("missing-content-type-value", ""))
	for _, e := range r.children("type") {
		r.sub(e, func(in *args) {
			if _, given := in.find("when"); given {
				in.fail(in.place("when"), "the attribute 'when' is not served; use 'from'")
			}
			v.renamed[mediaType(in.requiredLiteral("from"))] = mediaType(in.requiredLiteral("to"))
		})
	}
}

// mediaType is a content type without parameters, in lower case.
func mediaType(s string) string {
	typ, _, err := mime.ParseMediaType(s)
	if err != nil {
		return strings.ToLower(strings.TrimSpace(s))
	}
	return typ
}

func (v *validateContent) run(x *Exchange) error {
	f, c := &findings{of: v.validating, x: x}, x.contract()
	kind, whose, response := "RequestBody", "Request", x.section >= Outbound && x.Response != nil
	known := c.Request
	if response {
		kind, whose, known = "ResponseBody", "Response", nil
		if r := c.response(x.Response.Status); r != nil {
			known = r.Content
		}
	}
	if x.body() == nil {
		return nil
	}
	data, err := unpacked(x.body(), x.header())
	if errors.Is(err, errTooLarge) && v.oversized == prevented {
		f.add(v.oversized, kind, whose, "SizeLimit", fmt.Sprintf("%s's body exceeds the configured limit of %d bytes.", whose, v.max))
		return f.end()
	}
	if err != nil {
		return err
	}
	if len(data) == 0 {
		return nil
	}
	if len(data) > v.max {
		f.add(v.oversized, kind, whose, "SizeLimit", fmt.Sprintf("%s's body is %d bytes long and it exceeds the configured limit of %d bytes.", whose, len(data), v.max))
		return f.end()
	}
	typ := v.typeOf(x.header().Get("Content-Type"))
	at := slices.IndexFunc(known, func(k Content) bool { return mediaType(k.Type) == typ })
	if at < 0 && !slices.ContainsFunc(v.checks, func(c contentCheck) bool { return c.id != "" && c.typ == typ }) {
		f.add(v.other, kind, typ, "Unspecified", "Unspecified content type "+clip(typ)+" is not allowed.")
		return f.end()
	}
	for _, check := range v.checks {
		if check.typ != "" && check.typ != typ {
			continue
		}
		var content Content
		switch {
		case check.id != "":
			if content, err = x.schema(check.id, check.ref, check.more); err != nil {
				return err
			}
		case at < 0:
			continue
		default:
			content = known[at]
		}
		if err := content.holds(data, response, check.more); err != nil {
			f.add(check.how, kind, typ, "Incorrect", fmt.Sprintf("Body of the %s does not conform to the definition %s, which is associated with the content type %s. %v", strings.ToLower(whose), content.Name, typ, err))
		}
	}
	return f.end()
}

// schema is a schema of the service as what a body has.
func (x *Exchange) schema(id, ref string, more Beside) (Content, error) {
	if x.World.Schema == nil {
		return Content{}, broken("validate-content", "SchemaNotFound", "there are no schemas here")
	}
	check, err := x.World.Schema(id, ref, more)
	if err != nil {
		return Content{}, broken("validate-content", "SchemaNotFound", err.Error())
	}
	return Content{Name: id + ref, Check: func(v any, _ bool, _ Beside) error { return check(v) }}, nil
}

func (v *validateContent) typeOf(header string) string {
	typ := mediaType(header)
	switch {
	case v.unknown != "":
		return v.unknown
	case typ == "":
		return v.missing
	case v.renamed[typ] != "":
		return v.renamed[typ]
	}
	return typ
}

// holds holds a body against its schema.
func (c *Content) holds(data []byte, response bool, more Beside) error {
	d := json.NewDecoder(strings.NewReader(string(data)))
	var v any
	if err := d.Decode(&v); err != nil {
		return errors.New("it is no JSON: " + err.Error())
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more stands behind the end of the JSON")
	}
	if c.Check == nil {
		return nil
	}
	return c.Check(v, response, more)
}

package policy

import (
	"net/url"
	"slices"
	"strings"
)

// rewrite is rewrite-uri.
type rewrite struct {
	template *value
	copyRest bool
}

func compileRewrite(r *args) action {
	return &rewrite{r.mixed("template"), r.flag("copy-unmatched-params", true)}
}

func (w *rewrite) run(x *Exchange) error {
	template, err := w.template.text(x)
	if err != nil {
		return err
	}
	path, query, _ := strings.Cut(template, "?")
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	path = fillTemplate(path, x.Request.Matched, escapePath)
	query = fillTemplate(query, x.Request.Matched, url.QueryEscape)
	if u, err := url.Parse(path); err != nil || u.Host != "" || strings.ContainsAny(path, "\r\n#") {
		return broken("rewrite-uri", "InvalidTemplate", "the path is none: "+clip(path))
	}
	r := x.Request
	if w.copyRest {
		for _, pair := range splitQuery(r.Query) {
			if !slices.ContainsFunc(x.About.Operation.QueryNames, func(n string) bool { return strings.EqualFold(n, queryName(pair)) }) {
				query = joinQuery(query, pair)
			}
		}
	}
	r.Path, r.Query = r.PathBase+path, query
	return nil
}

// fillTemplate puts matched parameters into {name} and {*name}.
func fillTemplate(s string, matched map[string]string, escape func(string) string) string {
	var out strings.Builder
	for {
		open := strings.IndexByte(s, '{')
		if open < 0 {
			break
		}
		end := strings.IndexByte(s[open:], '}')
		if end < 0 {
			break
		}
		name := strings.TrimPrefix(s[open+1:open+end], "*")
		out.WriteString(s[:open])
		found := false
		for k, v := range matched {
			if strings.EqualFold(k, name) {
				out.WriteString(escape(v))
				found = true
			}
		}
		if !found {
			out.WriteString(escape(s[open : open+end+1]))
		}
		s = s[open+end+1:]
	}
	out.WriteString(s)
	return out.String()
}

// escapePath escapes each segment: a slash in a value of {*rest} stays one.
func escapePath(s string) string {
	parts := strings.Split(s, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// setBackend is set-backend-service.
type setBackend struct{ base, id *value }

func compileSetBackend(r *args) action {
	s := &setBackend{r.value("base-url"), r.value("backend-id")}
	if (s.base == nil) == (s.id == nil) {
		r.fail(r.e.Pos, "one of the attributes 'base-url' and 'backend-id' belongs here")
	}
	if s.id != nil && s.id.program == nil && r.c.names.Backend != nil && !r.c.names.Backend(s.id.literal) {
		r.fail(s.id.pos, "Backend with id '%s' could not be found.", s.id.literal)
	}
	if s.base != nil && s.base.program == nil && r.err == nil {
		if _, err := ParseBase(s.base.literal); err != nil {
			r.fail(s.base.pos, "'%s' is no URL of a backend, such as https://host/path or app:NAME", clip(s.base.literal))
		}
	}
	return s
}

func (s *setBackend) run(x *Exchange) error {
	if s.id != nil {
		id, err := s.id.text(x)
		x.backend = id
		return err
	}
	if x.backend != "" {
		return nil // only another backend-id overrides one
	}
	base, err := s.base.text(x)
	if err != nil {
		return err
	}
	return x.setBackendURL(base)
}

// choose is choose with its whens.
type choose struct {
	whens     []when
	otherwise []step
}

type when struct {
	condition *value
	steps     []step
}

func compileChoose(r *args) action {
	c := &choose{}
	for _, e := range r.e.Children {
		if e.Name == "otherwise" && e != r.e.Children[len(r.e.Children)-1] {
			r.fail(e.Pos, "<otherwise> stands last")
		}
	}
	for _, e := range r.children("when") {
		r.sub(e, func(in *args) {
			c.whens = append(c.whens, when{in.required("condition"), in.steps(e)})
		})
	}
	if len(c.whens) == 0 {
		r.fail(r.e.Pos, "at least one <when> belongs into it")
	}
	if e := r.child("otherwise"); e != nil {
		r.sub(e, func(in *args) { c.otherwise = in.steps(e) })
	}
	return c
}

func (c *choose) run(x *Exchange) error {
	for i := range c.whens {
		yes, err := c.whens[i].condition.truth(x)
		if err != nil {
			return err
		}
		if yes {
			return x.steps(c.whens[i].steps)
		}
	}
	return x.steps(c.otherwise)
}

// maxFragments bounds fragments in each other.
const maxFragments = 10

func compileFragment(r *args) action {
	id := r.requiredLiteral("fragment-id")
	at := r.place("fragment-id")
	switch {
	case r.err != nil:
		return nil
	case slices.Contains(r.c.fragment, strings.ToLower(id)):
		r.fail(at, "the fragment '%s' includes itself", id)
		return nil
	case len(r.c.fragment) >= maxFragments:
		r.fail(at, "fragments are nested too deeply")
		return nil
	}
	var text string
	found := false
	if r.c.names.Fragment != nil {
		text, found = r.c.names.Fragment(id)
	}
	if !found {
		r.fail(at, "Policy fragment '%s' could not be found.", id)
		return nil
	}
	root, err := Parse(text)
	if err == nil && root.Name != "fragment" {
		err = faultIn(root.Name, root.Pos, "a policy fragment is <fragment>")
	}
	var all []step
	if err == nil {
		before := r.c.fragment
		r.c.fragment = append(slices.Clip(before), strings.ToLower(id))
		all, err = r.c.steps(root, r.path+"/")
		r.c.fragment = before
	}
	if err != nil {
		r.fail(at, "in the fragment '%s': %v", id, err)
	}
	return actionFunc(func(x *Exchange) error { return x.steps(all) })
}

// returning is return-response.
type returning struct {
	variable *value
	status   *setStatus
	headers  []*setHeader
	body     *setBody
}

func compileReturn(r *args) action {
	t := &returning{variable: r.value("response-variable-name")}
	if e := r.child("set-status"); e != nil {
		r.sub(e, func(in *args) { in.used["id"] = true; t.status, _ = compileSetStatus(in).(*setStatus) })
	}
	t.headers = r.headers()
	if t.body = r.body(); t.body != nil {
		t.body.bare = true
	}
	return t
}

// headers are the set-header children.
func (r *args) headers() (all []*setHeader) {
	for _, e := range r.children("set-header") {
		r.sub(e, func(in *args) {
			in.used["id"] = true
			h, _ := compileSetHeader(in).(*setHeader)
			all = append(all, h)
		})
	}
	return all
}

// body is the set-body child, or nil.
func (r *args) body() (b *setBody) {
	if e := r.child("set-body"); e != nil {
		r.sub(e, func(in *args) { in.used["id"] = true; b, _ = compileSetBody(in).(*setBody) })
	}
	return b
}

func (t *returning) run(x *Exchange) error {
	reply := NewResponse(200)
	if t.variable != nil {
		name, err := t.variable.text(x)
		if err != nil {
			return err
		}
		if v, _ := x.Variables.Find(name); v != nil {
			kept, ok := v.(responseOf)
			if !ok {
				return broken("return-response", "InvalidVariable", "the variable "+clip(name)+" holds no response")
			}
			reply = &Response{kept.r.Status, kept.r.Reason, kept.r.Header.Clone(), kept.r.Body}
		}
	}
	if t.status != nil {
		if err := t.status.apply(x, reply); err != nil {
			return err
		}
	}
	for _, h := range t.headers {
		if err := h.apply(x, reply.Header); err != nil {
			return err
		}
	}
	if t.body != nil {
		data, err := t.body.make(x)
		if err != nil {
			return err
		}
		reply.Body = Fixed(data)
	}
	if x.Response != nil && x.Response.Body != reply.Body {
		x.Response.Body.Close()
	}
	x.Response = reply
	return errEnded
}

// mock is mock-response.
type mock struct {
	status, index int
	contentType   string
}

func compileMock(r *args) action {
	return &mock{r.number("status-code", 200, 100, 999), r.number("index", 0, 0, 1000), r.literal("content-type", "")}
}

func (m *mock) run(x *Exchange) error {
	reply := NewResponse(m.status)
	for _, described := range x.About.Operation.Responses {
		if described.Status != m.status {
			continue
		}
		n := 0
		for _, b := range described.Representation {
			if m.contentType != "" && !strings.EqualFold(b.ContentType, m.contentType) {
				continue
			}
			if n == m.index || m.index == 0 {
				reply.Header.Set("Content-Type", b.ContentType)
				reply.Body = Fixed([]byte(b.Sample))
				break
			}
			n++
		}
		break
	}
	if m.contentType != "" && reply.Header.Get("Content-Type") == "" {
		reply.Header.Set("Content-Type", m.contentType)
	}
	x.Response = reply
	return errEnded
}

// text of a variable, for policies that name one.
func (x *Exchange) set(name string, v any) {
	if name != "" {
		x.Variables.Set(name, v)
	}
}

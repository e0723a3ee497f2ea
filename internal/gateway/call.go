package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
	"github.com/lazuli-dev/lazuli/internal/tracecontext"
)

// Call is a call that is over, for whoever counts and logs.
type Call struct {
	Service, API, Operation, Product, Subscription string // names; "" where there is none
	Method, Path                                   string
	Status                                         int
	Took                                           time.Duration
	Failure                                        *policy.Failure // nil: none
	ID                                             string
	Exchange                                       *policy.Exchange // its bodies are closed
}

// Do runs a call: the exchange comes back with a response, whose body is the caller's
// to send and close. Over must follow. trace may be nil.
func (s *Service) Do(ctx context.Context, r *policy.Request, trace *policy.Trace) *policy.Exchange {
	m := s.current.Load()
	x := &policy.Exchange{
		Context: ctx, World: s.world, Began: time.Now(), Trace: trace, Request: r, Variables: expression.NewDict(),
		About: &policy.About{Service: s.name, ServiceID: s.name, Region: s.engine.Region},
	}
	if s.engine.Telemetry != nil {
		if v := r.Header["Traceparent"]; len(v) == 1 && tracecontext.Valid(v[0]) {
			x.Caller = v[0]
		}
		x.TraceParent = tracecontext.Child(x.Caller)
	}
	found := m.find(r)
	if found.operation == nil {
		x.Chain = []*policy.Document{m.global}
		if found.api != nil {
			x.About.API = found.api.info
			x.Chain = []*policy.Document{found.api.policy, m.global}
		}
		if policy.RunEarly(x) {
			return x
		}
		policy.Refuse(x, policy.NotFound())
		return x
	}
	if m.certificates.require && len(r.Certificates) == 0 {
		x.Chain = []*policy.Document{m.global}
		policy.Refuse(x, policy.MissingCertificate())
		return x
	}
	a, o := found.api, found.operation
	x.About.API, x.About.Operation = a.info, o.info
	r.Matched = found.matched
	x.Chain = []*policy.Document{o.policy, a.policy, nil, m.global}
	if !a.mutable && policy.RunEarly(x) {
		return x
	}
	sub, product, refusal := m.admit(a, r)
	if sub != nil {
		info := sub.info
		info.Key = found.key(r)
		x.About.Subscription = &info
	}
	if product != nil {
		x.About.Product, x.Chain[2] = &product.info, product.policy
	}
	if refusal != nil {
		refusal.Header = http.Header{"Www-Authenticate": {challenge(a, r)}}
		policy.Refuse(x, refusal)
		return x
	}
	x.Lead(a.base, found.rest)
	policy.Run(x)
	return x
}

// challenge is WWW-Authenticate of replies that ask for a key.
func challenge(a *apiModel, r *policy.Request) string {
	return `AzureApiManagementKey realm="https://` + r.Original.Host + "/" + a.def.Path + `",name="` + a.def.KeyHeader + `",type="header"`
}

// Over tells of a call that was sent, with the bytes of its request and response.
func (s *Service) Over(x *policy.Exchange, bytes int64) {
	x.Done(bytes)
	if s.engine.Done == nil {
		return
	}
	c := Call{
		Service: s.name, API: x.About.API.ID, Operation: x.About.Operation.ID, Method: x.Request.Method, Path: x.Request.Original.Path,
		Status: x.Response.Status, Took: time.Since(x.Began), Failure: x.LastError, ID: x.ID(), Exchange: x,
	}
	if p := x.About.Product; p != nil {
		c.Product = p.ID
	}
	if sub := x.About.Subscription; sub != nil {
		c.Subscription = sub.ID
	}
	s.engine.Done(c)
}

// route is where a request leads.
type route struct {
	api       *apiModel
	operation *operationModel
	matched   map[string]string
	rest      string // the path below the API, escaped
}

// key is the key that a request shows.
func (f route) key(r *policy.Request) string {
	key, _ := keyOf(f.api, r)
	return key
}

// find finds the operation of a request: the API with the longest path, its version
// and revision, then method and template.
func (m *model) find(r *policy.Request) route {
	parts := segmentsOf(r.Original.EscapedPath())
	query := r.Original.Query()
	depth := -1
	var best route
	for _, a := range m.apis {
		if depth >= 0 && len(a.path) < depth {
			break // a longer path won
		}
		rest, revision, ok := a.below(parts)
		if !ok {
			continue
		}
		depth = len(a.path)
		rest, ok = a.version(rest, r, query)
		if !ok || a.def.IsOffline || revision == "" && !a.def.IsCurrent || revision != "" && revision != a.revision {
			continue
		}
		if best.api == nil {
			best.api = a
		}
		if o, matched := a.operation(rest, r, query); o != nil {
			return route{a, o, matched, "/" + strings.Join(rest, "/")}
		}
	}
	return best
}

// below is what is left of a path behind the API's, and the revision that it names.
func (a *apiModel) below(parts []string) (rest []string, revision string, ok bool) {
	if len(parts) < len(a.path) {
		return nil, "", false
	}
	for i, want := range a.path {
		part := parts[i]
		if i == len(a.path)-1 {
			part, revision = SplitRevision(part)
		}
		if !strings.EqualFold(unescaped(part), want) {
			return nil, "", false
		}
	}
	return parts[len(a.path):], revision, true
}

func unescaped(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	if p, err := url.PathUnescape(s); err == nil {
		return p
	}
	return s
}

// version reports whether a request asks for the API's version, and takes it out of
// the path.
func (a *apiModel) version(rest []string, r *policy.Request, query url.Values) ([]string, bool) {
	if !a.versioned {
		return rest, true
	}
	var asked string
	switch a.set.Scheme {
	case "Segment":
		if a.def.Version == "" {
			return rest, true
		}
		if len(rest) == 0 || !strings.EqualFold(unescaped(rest[0]), a.def.Version) {
			return rest, false
		}
		return rest[1:], true
	case "Header":
		asked = r.Header.Get(a.set.HeaderName)
	default:
		asked, _ = lookup(query, a.set.QueryName)
	}
	return rest, strings.EqualFold(asked, a.def.Version)
}

func (a *apiModel) operation(rest []string, r *policy.Request, query url.Values) (*operationModel, map[string]string) {
	for _, o := range a.operations {
		if o.info.Method != r.Method && o.info.Method != "*" {
			continue
		}
		matched := map[string]string{}
		if o.template.match(rest, query, matched) {
			return o, matched
		}
	}
	return nil, nil
}

// keyOf is the key that a request shows: in the header, or in the query where the
// header is absent.
func keyOf(a *apiModel, r *policy.Request) (string, bool) {
	if v, ok := r.Header[http.CanonicalHeaderKey(a.def.KeyHeader)]; ok {
		return v[0], true
	}
	return lookup(r.Original.Query(), a.def.KeyQuery)
}

// admit holds the key of a request against what it opens.
func (m *model) admit(a *apiModel, r *policy.Request) (*subscriberModel, *productModel, *policy.Failure) {
	key, shown := keyOf(a, r)
	if !shown || key == "" {
		switch {
		case len(a.open) > 0:
			return nil, a.open[0], nil
		case !a.def.SubscriptionRequired:
			return nil, nil, nil
		}
		return nil, nil, policy.MissingKey()
	}
	sub := m.keys[key]
	product, opens := m.opens(sub, a)
	if opens {
		return sub, product, nil
	}
	if !a.def.SubscriptionRequired {
		return nil, nil, nil
	}
	return nil, nil, policy.InvalidKey()
}

// opens reports whether a subscription opens an API, and by which product.
func (m *model) opens(sub *subscriberModel, a *apiModel) (*productModel, bool) {
	switch {
	case sub == nil || !sub.active || sub.info.End != nil && time.Now().After(*sub.info.End) || sub.info.Start != nil && time.Now().Before(*sub.info.Start):
		return nil, false
	case sub.product != "":
		p := m.products[sub.product]
		return p, p != nil && p.apis[a.name]
	}
	return nil, sub.all || sub.api == a.name
}

// MayTrace reports whether a key is of a subscription that may see traces.
func (s *Service) MayTrace(key string) bool {
	m := s.current.Load()
	sub := m.keys[key]
	if sub == nil || !sub.active {
		return false
	}
	def, ok := m.records["subscriptions/"+strings.ToLower(sub.info.ID)].value.(Subscription)
	return ok && (def.AllowTracing || sub.info.ID == MasterSubscription)
}

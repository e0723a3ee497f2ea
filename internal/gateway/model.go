package gateway

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// MasterSubscription is the one that opens everything of a gateway.
const MasterSubscription = "master"

// model is a service as it runs: built anew at each change, and not changed.
type model struct {
	records  records
	apis     []*apiModel                 // those with the longest path first
	keys     map[string]*subscriberModel // by key
	products map[string]*productModel    // by name in lower case
	global   *policy.Document
	secrets  *strings.Replacer // nil: there are none
	memo     map[memoKey]*policy.Document

	certificates certificates
	schemas      map[string]*schemaModel // by name in lower case
}

// memoKey tells compiled documents apart.
type memoKey struct {
	level       policy.Level
	scope, text string
	around      string // what the text may name
}

// apiModel is a revision of an API.
type apiModel struct {
	name, full string // in lower case: NAME, NAME;rev=N
	path       []string
	def        API
	base       *url.URL // of def.ServiceURL; nil: it has none
	set        VersionSet
	versioned  bool
	revision   string
	info       policy.APIInfo
	operations []*operationModel
	policy     *policy.Document
	open       []*productModel // that contain it and ask for no key
	mutable    bool            // an operation takes OPTIONS itself: cors answers no preflight
}

type operationModel struct {
	template template
	info     policy.OperationInfo
	policy   *policy.Document
}

type productModel struct {
	name   string
	info   policy.ProductInfo
	apis   map[string]bool
	policy *policy.Document
	open   bool
}

type subscriberModel struct {
	info    policy.SubscriptionInfo
	active  bool
	all     bool
	api     string
	product string
}

// take has a model run.
func (s *Service) take(m *model) {
	s.current.Store(m)
	s.serial.Add(1)
}

// Changes grows with each change of a definition, from the start of this process.
func (s *Service) Changes() uint64 { return s.serial.Load() }

// complete fills in what a definition that is put leaves to the gateway.
func complete(r, before record) record {
	switch v := r.value.(type) {
	case Subscription:
		old, _ := before.value.(Subscription)
		v.PrimaryKey = cmp.Or(v.PrimaryKey, old.PrimaryKey, newKey())
		v.SecondaryKey = cmp.Or(v.SecondaryKey, old.SecondaryKey, newKey())
		v.State = cmp.Or(v.State, "active")
		if v.Created.IsZero() {
			if v.Created = old.Created; v.Created.IsZero() {
				v.Created = time.Now().UTC().Truncate(time.Second)
			}
		}
		r.value = v
	case Operation:
		v.Method = strings.ToUpper(v.Method)
		r.value = v
	case API:
		if old, ok := before.value.(API); ok && v.Schemas == nil {
			v.Schemas = old.Schemas
		}
		v.Path = strings.Trim(v.Path, "/")
		v.KeyHeader, v.KeyQuery = cmp.Or(v.KeyHeader, defaultKeyHeader), cmp.Or(v.KeyQuery, defaultKeyQuery)
		r.value = v
	}
	return r
}

const (
	defaultKeyHeader = "Ocp-Apim-Subscription-Key"
	defaultKeyQuery  = "subscription-key"
)

// newKey is 32 hex characters.
func newKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// RegenerateKey makes a key of a subscription anew.
func (s *Service) RegenerateKey(name string, secondary bool) error {
	name, sub, err := s.Subscriptions().Find(name)
	if err != nil {
		return err
	}
	if secondary {
		sub.SecondaryKey = newKey()
	} else {
		sub.PrimaryKey = newKey()
	}
	_, err = s.Subscriptions().Put(s.engine.ctx, name, sub)
	return err
}

// build makes the model of definitions, or says why they do not work.
func (e *Engine) build(s *Service, all records) (*model, error) {
	m := &model{
		records: all, keys: map[string]*subscriberModel{}, products: map[string]*productModel{}, memo: map[memoKey]*policy.Document{},
		certificates: newCertificates(), schemas: map[string]*schemaModel{},
	}
	b := builder{m: m}
	if old := s.current.Load(); old != nil {
		b.old, b.schemas = old.memo, old.schemas
	}
	b.around()
	paths := slices.Sorted(maps.Keys(all))
	for _, step := range []func(string, record) error{b.simple, b.api, b.operation, b.product, b.link, b.policies} {
		for _, path := range paths {
			if err := step(path, all[path]); err != nil {
				return nil, err
			}
		}
	}
	return m, b.finish()
}

// builder builds a model.
type builder struct {
	m       *model
	old     map[memoKey]*policy.Document
	schemas map[string]*schemaModel // of before
	names   policy.Names
	key     string // of what policies may name
	byAPI   map[string]*apiModel
}

// around prepares what policies may name.
func (b *builder) around() {
	values, fragments := map[string]string{}, map[string]string{}
	known := map[string]bool{}
	var key strings.Builder
	var secrets []string
	for _, path := range slices.Sorted(maps.Keys(b.m.records)) {
		switch v := b.m.records[path].value.(type) {
		case NamedValue:
			name := cmp.Or(v.DisplayName, b.m.records[path].name)
			values[name] = v.Value
			key.WriteString(path + "\x00" + name + "\x00" + v.Value + "\x00")
			if v.Secret && len(v.Value) >= minSecret {
				secrets = append(secrets, v.Value, "***")
			}
		case Policy:
			if id, ok := strings.CutPrefix(path, "fragments/"); ok {
				fragments[id] = v.Text
				key.WriteString(path + "\x00" + v.Text + "\x00")
			}
		case Backend, Logger, Certificate:
			known[path] = true
			key.WriteString(path + "\x00")
		case Schema:
			name := strings.ToLower(b.m.records[path].name)
			s := newSchema(name, v, b.schemas[name])
			b.m.schemas[name] = s
			key.WriteString(path + "\x00" + string(s.sum[:]) + "\x00")
		}
	}
	if secrets != nil {
		b.m.secrets = strings.NewReplacer(secrets...)
	}
	b.key, b.byAPI = key.String(), map[string]*apiModel{}
	b.names = policy.Names{
		Value:    func(name string) (string, bool) { v, ok := values[name]; return v, ok },
		Fragment: func(id string) (string, bool) { v, ok := fragments[strings.ToLower(id)]; return v, ok },
		Backend:  func(id string) bool { return known["backends/"+strings.ToLower(id)] },
		Logger:   func(id string) bool { return known["loggers/"+strings.ToLower(id)] },

		Certificate: func(id string) bool { return known["certificates/"+strings.ToLower(id)] },
		Schema: func(id, ref string, more policy.Beside) error {
			_, err := b.m.schemaPart(id, ref, more)
			return err
		},
	}
}

// minSecret is how long a secret is that is starred in texts: shorter ones are in
// everything.
const minSecret = 4

// simple checks definitions that stand for themselves.
func (b *builder) simple(path string, r record) error {
	switch v := r.value.(type) {
	case Backend:
		return b.backend(path, r.name, v)
	case Certificate:
		return b.m.certificates.add(r.name, v)
	case ClientTLS:
		return b.m.certificates.callers(v)
	case Schema:
		return b.m.schemas[strings.ToLower(r.name)].err
	case NamedValue:
		if len(v.Value) > maxNamedValue {
			return fault.New(fault.Invalid, "named value "+r.name, "its value has %d characters; at most %d are taken", len(v.Value), maxNamedValue)
		}
	case VersionSet:
		if !slices.Contains([]string{"Segment", "Header", "Query"}, v.Scheme) {
			return fault.New(fault.Invalid, "version set "+r.name, "its scheme is %q; it may be Segment, Header or Query", v.Scheme)
		}
	case Policy:
		if strings.HasPrefix(path, "fragments/") {
			return inPolicy("fragment "+r.name, policy.CheckFragment(v.Text, b.names))
		}
	}
	return nil
}

const maxNamedValue = 4096

func (b *builder) backend(_, name string, v Backend) error {
	if len(v.Pool) == 0 {
		if _, err := policy.ParseBase(v.URL); err != nil {
			return fault.New(fault.Invalid, "backend "+name, "%q is no URL of a backend, such as https://host/path or app:NAME", v.URL)
		}
		return b.certified(name, v)
	}
	for _, member := range v.Pool {
		other, ok := b.m.records["backends/"+strings.ToLower(member.Backend)].value.(Backend)
		if !ok || len(other.Pool) > 0 {
			return fault.New(fault.Invalid, "backend "+name, "its pool names the backend %s, which is not there or a pool itself", member.Backend)
		}
	}
	return nil
}

func inPolicy(what string, err error) error {
	if err == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Resource: "policy of " + what, Msg: "it does not work", Err: err}
}

func (b *builder) compile(level policy.Level, scope, what, text string) (*policy.Document, error) {
	key := memoKey{level, scope, text, b.key}
	d := b.old[key]
	if d == nil {
		var err error
		if d, err = policy.Compile(text, level, scope, b.names); err != nil {
			return nil, inPolicy(what, err)
		}
	}
	b.m.memo[key] = d
	return d, nil
}

func (b *builder) api(path string, r record) error {
	def, ok := r.value.(API)
	if !ok {
		return nil
	}
	name, revision := SplitRevision(r.name)
	a := &apiModel{name: strings.ToLower(name), full: strings.ToLower(r.name), def: def, revision: cmp.Or(revision, "1"), path: segmentsOf(strings.ToLower(def.Path))}
	if def.ServiceURL != "" {
		var err error
		if a.base, err = policy.ParseBase(def.ServiceURL); err != nil {
			return fault.New(fault.Invalid, "API "+name, "its service URL %q is no URL of a backend, such as https://host/path or app:NAME", def.ServiceURL)
		}
	}
	if def.VersionSet != "" {
		if a.set, a.versioned = b.m.records["versionsets/"+strings.ToLower(def.VersionSet)].value.(VersionSet); !a.versioned {
			return fault.New(fault.Invalid, "API "+name, "there is no version set %s", def.VersionSet)
		}
	}
	for _, other := range b.m.apis {
		if other.name != a.name && slices.Equal(other.path, a.path) && strings.EqualFold(other.def.Version, def.Version) {
			return fault.New(fault.Conflict, "API "+name, "the API %s has the same path %q", other.info.ID, def.Path)
		}
	}
	a.info = policy.APIInfo{
		ID: name, Name: cmp.Or(def.DisplayName, name), Path: def.Path, Version: def.Version, Revision: a.revision, ServiceURL: def.ServiceURL,
		Protocols: def.Protocols, Current: def.IsCurrent, KeyHeader: def.KeyHeader, KeyQuery: def.KeyQuery,
	}
	b.m.apis = append(b.m.apis, a)
	b.byAPI[path] = a
	return nil
}

func (b *builder) operation(path string, r record) error {
	def, ok := r.value.(Operation)
	if !ok {
		return nil
	}
	a := b.byAPI[strings.Join(strings.Split(path, "/")[:2], "/")]
	if a == nil {
		return fault.New(fault.Internal, "operation "+r.name, "its API is not there")
	}
	t, err := parseTemplate(def.URLTemplate)
	if err != nil {
		return fault.New(fault.Invalid, "operation "+r.name, "its URL template %q: %v", def.URLTemplate, err)
	}
	if strings.Trim(def.Method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-*") != "" || def.Method == "" {
		return fault.New(fault.Invalid, "operation "+r.name, "%q is no method", def.Method)
	}
	known, err := b.schemasOf(path[:strings.Index(path, "/operations/")], a, r.name, def)
	if err != nil {
		return err
	}
	o := &operationModel{template: t, info: policy.OperationInfo{
		ID: r.name, Name: cmp.Or(def.DisplayName, r.name), Method: def.Method, Template: def.URLTemplate, Responses: mocks(def.Responses), QueryNames: t.queryNames(),
		Contract: contract(known, def),
	}}
	a.mutable = a.mutable || def.Method == "OPTIONS"
	a.operations = append(a.operations, o)
	return nil
}

func mocks(all []Response) (out []policy.MockResponse) {
	for _, r := range all {
		m := policy.MockResponse{Status: r.StatusCode}
		for _, rep := range r.Representations {
			m.Representation = append(m.Representation, policy.MockBody{ContentType: rep.ContentType, Sample: rep.Sample})
		}
		out = append(out, m)
	}
	return out
}

func (b *builder) product(path string, r record) error {
	switch def := r.value.(type) {
	case Product:
		b.m.products[strings.ToLower(r.name)] = &productModel{
			name: r.name, apis: map[string]bool{}, open: !def.SubscriptionRequired,
			info: policy.ProductInfo{
				ID: r.name, Name: cmp.Or(def.DisplayName, r.name), State: cmp.Or(def.State, "notPublished"), ApprovalRequired: def.ApprovalRequired,
				SubscriptionNeeded: def.SubscriptionRequired, SubscriptionsLimit: def.SubscriptionsLimit,
			},
		}
	case Subscription:
		b.subscription(r.name, def)
	}
	return nil
}

func (b *builder) subscription(name string, def Subscription) {
	api, _ := SplitRevision(def.API)
	sub := &subscriberModel{
		active: def.State == "active", api: strings.ToLower(api), product: strings.ToLower(def.Product), all: def.API == "" && def.Product == "",
		info: policy.SubscriptionInfo{
			ID: name, Name: cmp.Or(def.DisplayName, name), Primary: def.PrimaryKey, Secondary: def.SecondaryKey, Created: def.Created, Start: def.Start, End: def.End,
		},
	}
	for _, key := range []string{def.PrimaryKey, def.SecondaryKey} {
		if old := b.m.keys[key]; old == nil || !old.active {
			b.m.keys[key] = sub
		}
	}
}

// link puts APIs into products.
func (b *builder) link(path string, r record) error {
	steps := strings.Split(path, "/")
	if len(steps) != 4 || steps[0] != "products" || steps[2] != "apis" {
		return nil
	}
	p, api := b.m.products[steps[1]], steps[3]
	found := false
	for _, a := range b.m.apis {
		if a.name != api {
			continue
		}
		if found = true; p.open {
			a.open = append(a.open, p)
		}
	}
	if !found {
		return fault.New(fault.Invalid, "product "+p.name, "there is no API %s", r.name)
	}
	p.apis[api] = true
	p.info.APIs = append(p.info.APIs, r.name)
	return nil
}

func (b *builder) policies(path string, r record) error {
	def, ok := r.value.(Policy)
	if !ok || strings.HasPrefix(path, "fragments/") {
		return nil
	}
	steps := strings.Split(path, "/")
	var err error
	switch kindOf(path) {
	case "policies":
		b.m.global, err = b.compile(policy.Global, "global", "the service", def.Text)
	case "products/policies":
		p := b.m.products[steps[1]]
		p.policy, err = b.compile(policy.Product, "product "+steps[1], "the product "+p.name, def.Text)
	case "apis/policies":
		a := b.byAPI["apis/"+steps[1]]
		a.policy, err = b.compile(policy.API, "api "+steps[1], "the API "+a.info.ID, def.Text)
	case "apis/operations/policies":
		a := b.byAPI["apis/"+steps[1]]
		for _, o := range a.operations {
			if strings.EqualFold(o.info.ID, steps[3]) {
				o.policy, err = b.compile(policy.Operation, "operation "+steps[1]+" "+steps[3], "the operation "+o.info.ID, def.Text)
			}
		}
	}
	return err
}

// finish orders what calls are held against.
func (b *builder) finish() error {
	slices.SortStableFunc(b.m.apis, func(x, y *apiModel) int { return cmp.Compare(len(y.path), len(x.path)) })
	for _, a := range b.m.apis {
		slices.SortStableFunc(a.operations, func(x, y *operationModel) int { return x.template.compare(y.template) })
		for i := 1; i < len(a.operations); i++ {
			x, y := a.operations[i-1], a.operations[i]
			if x.info.Method == y.info.Method && x.template.same(y.template) {
				return fault.New(fault.Conflict, "operation "+y.info.ID, "the operation %s has the same method and URL template", x.info.ID)
			}
		}
	}
	return nil
}

// hide takes the values of secret named values out of a text.
func (s *Service) hide(text string) string {
	if r := s.current.Load().secrets; r != nil {
		return r.Replace(text)
	}
	return text
}

// PolicyFault is what is wrong with a policy in an error of Put, or nil.
func PolicyFault(err error) *policy.Error {
	var e *policy.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

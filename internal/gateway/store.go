package gateway

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway/limit"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Definitions are records below a service, at paths such as apis/NAME/operations/NAME.
// They are kept as JSON, one key each:
//
//	'd' | service (8 bytes) | path, in lower case  ->  {"name": NAME, "value": {…}}

// Service is one gateway: its definitions, and what runs by them. It is safe for
// concurrent use.
type Service struct {
	engine   *Engine
	id       uint64
	name     string
	limits   *limit.Book
	cache    *cache
	backends *backends
	world    *policy.World

	change  sync.Mutex // held while definitions change
	current atomic.Pointer[model]
	serial  atomic.Uint64 // grows with each change
}

// record is one definition.
type record struct {
	name  string // the last part of its path, as it was written
	value any    // API, Operation, …; not changed
}

// records are definitions by path.
type records map[string]record

// Named is a definition and its name.
type Named[T any] struct {
	Name  string
	Value T
}

// Table is the definitions of one kind below one parent.
type Table[T any] struct {
	s      *Service
	prefix string // "apis/echo;rev=1/operations/"
	err    error  // why the parent is not there
}

// APIs are all revisions of all APIs, each under NAME;rev=N. A name without a
// revision is the current one; putting it makes revision 1.
func (s *Service) APIs() Table[API] { return Table[API]{s: s, prefix: "apis/"} }

// Operations are those of a revision of an API.
func (s *Service) Operations(api string) Table[Operation] {
	return below[Operation](s, "apis/", api, "/operations/")
}

// Products are bundles of APIs.
func (s *Service) Products() Table[Product] { return Table[Product]{s: s, prefix: "products/"} }

// ProductAPIs are the APIs of a product, by their names without revision.
func (s *Service) ProductAPIs(product string) Table[struct{}] {
	return below[struct{}](s, "products/", product, "/apis/")
}

// Subscriptions are the keys. The one that opens everything is MasterSubscription.
func (s *Service) Subscriptions() Table[Subscription] {
	return Table[Subscription]{s: s, prefix: "subscriptions/"}
}

// NamedValues are texts that policies name.
func (s *Service) NamedValues() Table[NamedValue] {
	return Table[NamedValue]{s: s, prefix: "namedvalues/"}
}

// Backends are where set-backend-service leads.
func (s *Service) Backends() Table[Backend] { return Table[Backend]{s: s, prefix: "backends/"} }

// Certificates are shown to backends, and held against those of callers.
func (s *Service) Certificates() Table[Certificate] {
	return Table[Certificate]{s: s, prefix: "certificates/"}
}

// Schemas are what validate-content holds bodies against, by their schema-id.
func (s *Service) Schemas() Table[Schema] { return Table[Schema]{s: s, prefix: "schemas/"} }

// APISchemas are what the operations of an API say that bodies are.
func (s *Service) APISchemas(api string) Table[APISchema] {
	return below[APISchema](s, "apis/", api, "/schemas/")
}

// ClientTLS is what is wanted of callers, under ClientTLSName.
func (s *Service) ClientTLS() Table[ClientTLS] { return Table[ClientTLS]{s: s, prefix: "clienttls/"} }

// Loggers are where log-to-eventhub sends.
func (s *Service) Loggers() Table[Logger] { return Table[Logger]{s: s, prefix: "loggers/"} }

// VersionSets are how callers choose versions.
func (s *Service) VersionSets() Table[VersionSet] {
	return Table[VersionSet]{s: s, prefix: "versionsets/"}
}

// Fragments are parts of policies, for include-fragment.
func (s *Service) Fragments() Table[Policy] { return Table[Policy]{s: s, prefix: "fragments/"} }

// Diagnostics are those of an API, or with "" of the service.
func (s *Service) Diagnostics(api string) Table[Diagnostic] {
	if api == "" {
		return Table[Diagnostic]{s: s, prefix: "diagnostics/"}
	}
	return below[Diagnostic](s, "apis/", api, "/diagnostics/")
}

// Scope is where a policy document stands: all empty is the service; else a
// product, an API, or an operation of an API.
type Scope struct{ Product, API, Operation string }

// PolicyName is the name of the one document of a scope.
const PolicyName = "policy"

// Policies is the one policy document of a scope, under PolicyName.
func (s *Service) Policies(at Scope) Table[Policy] {
	switch {
	case at.Operation != "":
		t := s.Operations(at.API)
		return Table[Policy]{s: s, prefix: t.prefix + strings.ToLower(at.Operation) + "/policies/", err: cmp.Or(t.err, s.missing(t.prefix, at.Operation))}
	case at.API != "":
		return below[Policy](s, "apis/", at.API, "/policies/")
	case at.Product != "":
		return below[Policy](s, "products/", at.Product, "/policies/")
	}
	return Table[Policy]{s: s, prefix: "policies/"}
}

func below[T any](s *Service, kind, parent, child string) Table[T] {
	name := s.resolve(kind, parent)
	return Table[T]{s: s, prefix: kind + strings.ToLower(name) + child, err: s.missing(kind, name)}
}

func (s *Service) missing(prefix, name string) error {
	if _, ok := s.current.Load().records[prefix+strings.ToLower(name)]; ok {
		return nil
	}
	return notFound(prefix, name)
}

func notFound(prefix, name string) error {
	steps := strings.Split(strings.Trim(prefix, "/"), "/")
	return fault.New(fault.NotFound, strings.TrimSuffix(steps[len(steps)-1], "s")+" "+name, "there is none")
}

// revisionMark is between an API's name and the number of its revision.
const revisionMark = ";rev="

// SplitRevision is an API's name and the revision in NAME;rev=N, "" where there is none.
func SplitRevision(api string) (name, revision string) {
	at := strings.Index(strings.ToLower(api), revisionMark)
	if at < 0 {
		return api, ""
	}
	return api[:at], api[at+len(revisionMark):]
}

// resolve is the full name of an API that may be written without revision.
func (s *Service) resolve(kind, name string) string {
	if kind != "apis/" {
		return name
	}
	base, revision := SplitRevision(name)
	if revision != "" {
		return name
	}
	prefix := "apis/" + strings.ToLower(base) + revisionMark
	for path, r := range s.current.Load().records {
		if a, ok := r.value.(API); ok && a.IsCurrent && strings.HasPrefix(path, prefix) {
			return r.name
		}
	}
	return name + revisionMark + "1"
}

// Get returns a definition, or fault.NotFound.
func (t Table[T]) Get(name string) (T, error) {
	_, v, err := t.Find(name)
	return v, err
}

// Find is Get, and the name as it was written first.
func (t Table[T]) Find(name string) (string, T, error) {
	var zero T
	if t.err != nil {
		return "", zero, t.err
	}
	name = t.s.resolve(t.prefix, name)
	r, ok := t.s.current.Load().records[t.prefix+strings.ToLower(name)]
	if !ok {
		return "", zero, notFound(t.prefix, name)
	}
	return r.name, r.value.(T), nil
}

// List returns all definitions, by name.
func (t Table[T]) List() (all []Named[T]) {
	for path, r := range t.s.current.Load().records {
		if rest, ok := strings.CutPrefix(path, t.prefix); ok && !strings.Contains(rest, "/") {
			all = append(all, Named[T]{r.name, r.value.(T)})
		}
	}
	slices.SortFunc(all, func(a, b Named[T]) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// definitionName is what may be called something; an API's may have a revision.
var definitionName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}(;rev=[0-9]{1,6})?$`)

// Put makes a definition or replaces it, durably. It is fault.Invalid when the whole
// would not work with it; the message says what is wrong, of policies with line and
// column.
func (t Table[T]) Put(ctx context.Context, name string, v T) (created bool, err error) {
	if t.err != nil {
		return false, t.err
	}
	name = t.s.resolve(t.prefix, name)
	if !definitionName.MatchString(name) {
		return false, fault.New(fault.Invalid, t.prefix+name, "a name has up to 256 letters, digits, dashes, dots and underscores")
	}
	return t.s.put(ctx, t.prefix+strings.ToLower(name), record{name, v})
}

// Parent is nil, or why what the definitions are below is not there.
func (t Table[T]) Parent() error { return t.err }

// Check is what Put would refuse; nothing is put.
func (t Table[T]) Check(name string, v T) error {
	if t.err != nil {
		return t.err
	}
	name = t.s.resolve(t.prefix, name)
	path := t.prefix + strings.ToLower(name)
	next := maps.Clone(t.s.current.Load().records)
	next[path] = complete(record{name, v}, next[path])
	_, err := t.s.engine.build(t.s, next)
	return err
}

// Delete removes a definition and everything below it. What others still name is
// fault.Conflict.
func (t Table[T]) Delete(ctx context.Context, name string) error {
	name, _, err := t.Find(name)
	if err != nil {
		return err
	}
	return t.s.remove(ctx, t.prefix+strings.ToLower(name))
}

func (s *Service) put(_ context.Context, path string, r record) (created bool, err error) {
	s.change.Lock()
	defer s.change.Unlock()
	old := s.current.Load().records
	next := maps.Clone(old)
	before, there := old[path]
	b := changes{s, next, s.engine.db.NewBatch(1024)}
	if err := b.put(path, complete(r, before)); err != nil {
		return false, err
	}
	if a, ok := r.value.(API); ok && a.IsCurrent {
		if err := b.othersNotCurrent(path); err != nil {
			return false, err
		}
	}
	return !there, s.commit(b)
}

func (s *Service) remove(_ context.Context, path string) error {
	s.change.Lock()
	defer s.change.Unlock()
	old := s.current.Load().records
	b := changes{s, maps.Clone(old), s.engine.db.NewBatch(1024)}
	for p := range old {
		if p == path || strings.HasPrefix(p, path+"/") {
			b.remove(p)
		}
	}
	b.unlinkAPI(path)
	return s.commit(b)
}

// commit builds what runs by the changed definitions, makes them durable and takes over.
func (s *Service) commit(b changes) error {
	m, err := s.engine.build(s, b.records)
	if err != nil {
		b.batch.Discard()
		return err
	}
	if err := b.batch.Commit(); err != nil {
		return err
	}
	s.take(m)
	return nil
}

// changes are definitions as they shall be.
type changes struct {
	s       *Service
	records records
	batch   *kv.Batch
}

func (c changes) put(path string, r record) error {
	value, err := json.Marshal(r.value)
	if err != nil {
		return err
	}
	text, err := json.Marshal(stored{r.name, value})
	if err != nil {
		return err
	}
	c.records[path] = r
	c.batch.Set(c.s.engine.key(definitionKind, c.s.id, path), text)
	return nil
}

func (c changes) remove(path string) {
	delete(c.records, path)
	c.batch.Delete(c.s.engine.key(definitionKind, c.s.id, path))
}

// othersNotCurrent ends the term of the revision that was current before.
func (c changes) othersNotCurrent(path string) error {
	base, _ := SplitRevision(path)
	for p, r := range c.records {
		other, _ := SplitRevision(p)
		if a, ok := r.value.(API); ok && p != path && other == base && a.IsCurrent {
			a.IsCurrent = false
			if err := c.put(p, record{r.name, a}); err != nil {
				return err
			}
		}
	}
	return nil
}

// unlinkAPI takes an API out of products once none of its revisions is left.
func (c changes) unlinkAPI(path string) {
	api, ok := strings.CutPrefix(path, "apis/")
	if !ok || strings.Contains(api, "/") {
		return
	}
	base, _ := SplitRevision(api)
	for p := range c.records {
		if strings.HasPrefix(p, "apis/"+base+revisionMark) {
			return
		}
	}
	for p := range c.records {
		if strings.HasPrefix(p, "products/") && strings.HasSuffix(p, "/apis/"+base) {
			c.remove(p)
		}
	}
}

// stored is a record on disk.
type stored struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// The kinds of keys.
const (
	definitionKind = 'd'
	counterKind    = 'c' // see room limit
)

func (e *Engine) key(kind byte, service uint64, rest string) []byte {
	k := append(make([]byte, 0, 16+len(rest)), kind)
	return e.space.Key(append(binary.BigEndian.AppendUint64(k, service), rest...))
}

// decoders read the value of a record, by the kinds in its path.
func decoders() map[string]func([]byte) (any, error) {
	return map[string]func([]byte) (any, error){
		"apis": decode[API], "apis/operations": decode[Operation], "products": decode[Product], "products/apis": decode[struct{}],
		"subscriptions": decode[Subscription], "namedvalues": decode[NamedValue], "backends": decode[Backend], "loggers": decode[Logger],
		"versionsets": decode[VersionSet], "fragments": decode[Policy], "diagnostics": decode[Diagnostic], "apis/diagnostics": decode[Diagnostic],
		"certificates": decode[Certificate], "clienttls": decode[ClientTLS], "schemas": decode[Schema], "apis/schemas": decode[APISchema],
		"policies": decode[Policy], "apis/policies": decode[Policy], "products/policies": decode[Policy], "apis/operations/policies": decode[Policy],
	}
}

func decode[T any](text []byte) (any, error) {
	var v T
	err := json.Unmarshal(text, &v)
	return v, err
}

// read reads the definitions of a service.
func (e *Engine) read(id uint64) (records, error) {
	all, known := records{}, decoders()
	prefix := e.key(definitionKind, id, "")
	err := kv.Each(e.db, prefix, func(key, text []byte) error {
		path := string(key[len(prefix):])
		var s stored
		if err := json.Unmarshal(text, &s); err != nil {
			return err
		}
		kind, ok := known[kindOf(path)]
		if !ok {
			return fault.New(fault.Internal, "gateway definition "+path, "its kind is not known")
		}
		v, err := kind(s.Value)
		all[path] = record{s.Name, v}
		return err
	})
	return all, err
}

// kindOf is a path without its names: apis/operations of apis/a/operations/b.
func kindOf(path string) string {
	steps := strings.Split(path, "/")
	var kinds []string
	for i := 0; i < len(steps); i += 2 {
		kinds = append(kinds, steps[i])
	}
	return strings.Join(kinds, "/")
}

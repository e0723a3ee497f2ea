package app

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// perAccount is what answers for the accounts of a type: one thing for each, made
// when somebody first asks for the account, so that accounts that were made later
// are served at once.
type perAccount[T any] struct {
	make func(resource.Account) (T, error)

	mu   sync.Mutex
	made map[uint64]T // by id, which is never used again; guarded by mu
}

func newPerAccount[T any](make func(resource.Account) (T, error)) *perAccount[T] {
	return &perAccount[T]{make: make, made: map[uint64]T{}}
}

// of is the account's own.
func (p *perAccount[T]) of(a resource.Account) (T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if made, ok := p.made[a.ID]; ok {
		return made, nil
	}
	made, err := p.make(a)
	if err == nil {
		p.made[a.ID] = made
	}
	return made, err
}

// noService answers for an account whose service cannot be made.
func (e *env) noService(a resource.Account, err error) {
	e.Log.Error("the account is not served", "account", a.String(), "error", err)
}

// httpOf is the HTTP side of a service per account.
func httpOf[T http.Handler](e *env, p *perAccount[T]) func(resource.Account) http.Handler {
	return func(a resource.Account) http.Handler {
		h, err := p.of(a)
		if err != nil {
			e.noService(a, err)
			return nil
		}
		return h
	}
}

// find finds the account that a host name means on a port of a type (see
// door.Names).
func (e *env) find(name, typ string) (resource.Account, door.Meaning) {
	if slices.Contains(cloudHosts, name) {
		if typ == typeIssuer || typ == "" { // "": whose certificate is wanted
			return resource.Account{Type: typeIssuer, Name: e.Config.Name}, door.Known
		}
		return resource.Account{}, door.Another
	}
	if e.telemetry.has(name) {
		if typ == typeInsights || typ == "" {
			return resource.Account{Type: typeInsights, Name: e.Config.Name}, door.Known
		}
		return resource.Account{}, door.Another
	}
	label, domain, _ := strings.Cut(name, ".")
	meaning := door.Another
	for _, s := range e.Given.Suffixes {
		if s.domain != domain && (domain != "localhost" || s.routeType() != typ) {
			continue
		}
		meaning = door.Unknown
		if a, err := s.account(e.Exists, label); err == nil {
			return a, door.Known
		}
	}
	return resource.Account{}, meaning
}

func (e *env) account(typ, name string) (resource.Account, door.Meaning) {
	a, err := e.Exists.Account(typ, name)
	if err != nil {
		return a, door.Unknown
	}
	return a, door.Known
}

// hosts are the Azure host names of an account, and the ports that answer for them.
func (e *env) hosts(a resource.Account) (names []string) {
	names, _ = e.hostsAt(a)
	return names
}

// hostsAt are an account's host names, with the service that answers at each.
func (e *env) hostsAt(a resource.Account) (names, services []string) {
	return e.namesAt(a, func(suffix) (string, bool) { return "", true })
}

// twinsOf are the second names of an account: NAME-secondary.DOMAIN.
func (e *env) twinsOf(a resource.Account) (names, services []string) {
	return e.namesAt(a, func(s suffix) (string, bool) { return s.twin, s.twin != "" })
}

// namesAt are names of an account in each domain of its type; end says what follows
// the account's own name there, and whether there is such a name.
func (e *env) namesAt(a resource.Account, end func(suffix) (string, bool)) (names, services []string) {
	for _, s := range e.Given.Suffixes {
		after, there := end(s)
		if s.typ != a.Type || !there {
			continue
		}
		service := s.service
		if strings.HasSuffix(service, "/") {
			service += a.Name
		}
		names, services = append(names, strings.ToLower(a.Name)+after+"."+s.domain), append(services, service)
	}
	return names, services
}

package resource

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// shelf is a store that can refuse.
type shelf struct {
	text []byte
	err  error
}

func (s *shelf) Load() ([]byte, error) { return s.text, nil }
func (s *shelf) Save(text []byte) error {
	if s.err == nil {
		s.text = text
	}
	return s.err
}

// engine holds names, as an engine would.
type engine struct {
	mu      sync.Mutex
	have    map[string]string // account id/name -> properties
	applied int
}

func (e *engine) key(a Account, name string) string { return strings.ToLower(ID{a, "", name}.key()) }

func (e *engine) kind(typ string, onUse func(Account, string) error) Kind {
	return Kind{
		Type: typ, OnUse: onUse, Default: json.RawMessage(`"default"`),
		Exists: func(a Account, name string) bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			_, ok := e.have[typ+e.key(a, name)]
			return ok
		},
		List: func(a Account) []string {
			e.mu.Lock()
			defer e.mu.Unlock()
			var names []string
			prefix := typ + e.key(a, "")
			for key := range e.have {
				if name, ok := strings.CutPrefix(key, prefix); ok {
					names = append(names, name)
				}
			}
			slices.Sort(names)
			return names
		},
		Apply: func(_ context.Context, a Account, name string, properties json.RawMessage) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.applied++
			e.have[typ+e.key(a, name)] = string(properties)
			return nil
		},
		Remove: func(_ context.Context, a Account, name string) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			if _, ok := e.have[typ+e.key(a, name)]; !ok {
				return fault.New(fault.NotFound, name, "there is none")
			}
			delete(e.have, typ+e.key(a, name))
			return nil
		},
	}
}

func fixture(t *testing.T, onUse func(Account, string) error) (*Catalogue, *engine, Account) {
	t.Helper()
	c, err := Open(&shelf{})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{have: map[string]string{}}
	if err := c.Register(e.kind(Databases, onUse), e.kind(Containers, onUse)); err != nil {
		t.Fatal(err)
	}
	a, err := c.EnsureAccount(CosmosAccounts, Default)
	if err != nil {
		t.Fatal(err)
	}
	return c, e, a
}

func allowed(Account, string) error { return nil }

// An id is never used again, also after the account is gone and the store is
// opened anew.
func TestAccountIDsAreNeverUsedAgain(t *testing.T) {
	store := &shelf{}
	c, err := Open(store)
	if err != nil {
		t.Fatal(err)
	}
	first, err := c.EnsureAccount(Namespaces, "Contoso")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.EnsureAccount(Namespaces, "contoso"); err != nil || again != first {
		t.Errorf("ensured twice: %v and %v (%v)", first, again, err)
	}
	if err := c.RemoveAccount(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if c, err = Open(store); err != nil {
		t.Fatal(err)
	}
	second, err := c.EnsureAccount(Namespaces, "contoso")
	if err != nil || second.ID == first.ID {
		t.Errorf("made anew as %v, after %v (%v)", second, first, err)
	}
	if _, err := c.Account(Namespaces, "nobody"); !fault.Is(err, fault.NotFound) {
		t.Errorf("an account that is not there: %v", err)
	}
}

// What could not be saved is not there.
func TestAccountIsDurableBeforeItIsSeen(t *testing.T) {
	store := &shelf{err: errors.New("disk full")}
	c, err := Open(store)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.EnsureAccount(Namespaces, "a"); !errors.Is(err, store.err) {
		t.Fatal(err)
	}
	if got := c.Accounts(Namespaces); len(got) != 0 {
		t.Errorf("seen though not saved: %v", got)
	}
}

func TestNeedMakesWhatItIsIn(t *testing.T) {
	c, e, a := fixture(t, allowed)
	id := ID{a, Containers, "db/coll"}
	if err := c.Need(t.Context(), id, nil); err != nil {
		t.Fatal(err)
	}
	if !c.Exists(ID{a, Databases, "db"}) || !c.Exists(id) {
		t.Errorf("made %v", e.have)
	}
	if err := c.Need(t.Context(), id, json.RawMessage(`"other"`)); err != nil || e.applied != 2 {
		t.Errorf("one that exists was touched: %v, %d calls", err, e.applied)
	}
	if err := c.Create(t.Context(), id, nil); !fault.Is(err, fault.Conflict) {
		t.Errorf("created twice: %v", err)
	}
	if err := c.Ensure(t.Context(), id, json.RawMessage(`"new"`)); err != nil || e.applied != 3 {
		t.Errorf("not brought up to date: %v", err)
	}
}

func TestUseByNameAsksTheKind(t *testing.T) {
	refusal := fault.New(fault.NotFound, "db", "declare it")
	c, e, a := fixture(t, func(Account, string) error { return refusal })
	if err := c.Need(t.Context(), ID{a, Containers, "db/coll"}, nil); !errors.Is(err, refusal) {
		t.Errorf("by name: %v", err)
	}
	if err := c.Need(t.Context(), ID{a, Containers, "db/coll"}, json.RawMessage(`{}`)); err != nil || len(e.have) != 2 {
		t.Errorf("asked for with properties: %v, %v", err, e.have)
	}
}

func TestMakersOfOneThingMakeOne(t *testing.T) {
	c, e, a := fixture(t, allowed)
	var makers sync.WaitGroup
	for range 50 {
		makers.Go(func() {
			if err := c.Need(context.Background(), ID{a, Containers, "db/coll"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	makers.Wait()
	if e.applied != 2 {
		t.Errorf("%d calls of the engine, want 2", e.applied)
	}
}

func TestWatch(t *testing.T) {
	c, _, a := fixture(t, allowed)
	id := ID{a, Databases, "db"}
	for _, change := range []func() error{
		func() error { return c.Need(t.Context(), id, nil) },
		func() error { return c.Ensure(t.Context(), ID{a, Databases, "DB"}, nil) },
		func() error { return c.Remove(t.Context(), id) },
	} {
		watch := c.Watch(id)
		select {
		case <-watch:
			t.Fatal("told before a change")
		default:
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		<-watch
	}
}

func TestRemoveAccountRemovesWhatIsInIt(t *testing.T) {
	c, e, a := fixture(t, allowed)
	other, err := c.EnsureAccount(CosmosAccounts, "other")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []ID{{a, Databases, "one"}, {a, Databases, "two"}, {other, Databases, "one"}} {
		if err := c.Ensure(t.Context(), id, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.RemoveAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if len(e.have) != 1 || !c.Exists(ID{other, Databases, "one"}) {
		t.Errorf("left: %v", e.have)
	}
	if err := c.RemoveAccount(t.Context(), a); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
}

// TestRemoveAccountTellsBefore: what is known of an account elsewhere goes before its
// name is free; if that fails the account stays, empty. Types of several parts count
// as things right in the account.
func TestRemoveAccountTellsBefore(t *testing.T) {
	c, err := Open(&shelf{})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{have: map[string]string{}}
	blobs := e.kind(BlobContainers, allowed)
	blobs.Word = "container"
	if err := c.Register(blobs); err != nil {
		t.Fatal(err)
	}
	fails := errors.New("disk full")
	told := 0
	c.OnLeaving(func(a Account) error {
		told++
		if _, err := c.Account(a.Type, a.Name); err != nil || len(e.have) != 0 {
			t.Errorf("told when %v is left, and the account is: %v", e.have, err)
		}
		return fails
	})
	a, err := c.EnsureAccount(StorageAccounts, "contoso")
	if err != nil {
		t.Fatal(err)
	}
	e.have[BlobContainers+e.key(a, "one")] = "{}"
	if got := c.HeldBy(a); got != "1 container" {
		t.Errorf("it holds %s", got)
	}
	if err := c.RemoveAccount(t.Context(), a); !errors.Is(err, fails) {
		t.Errorf("removed: %v", err)
	}
	fails = nil
	if err := c.RemoveAccount(t.Context(), a); err != nil || told != 2 {
		t.Errorf("removed again: %v, told %d times", err, told)
	}
	if _, err := c.Account(StorageAccounts, "contoso"); !fault.Is(err, fault.NotFound) {
		t.Errorf("it is left: %v", err)
	}
}

// What is in a service of an account has one name: the service is always "default".
func TestThingsInServicesOfAnAccount(t *testing.T) {
	c, e, _ := fixture(t, allowed)
	if err := c.Register(e.kind(BlobContainers, allowed), e.kind(Queues, allowed)); err != nil {
		t.Fatal(err)
	}
	a, err := c.EnsureAccount(StorageAccounts, "store")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []ID{{a, BlobContainers, "box"}, {a, Queues, "line"}} {
		if err := c.Create(t.Context(), id, nil); err != nil || !c.Exists(id) {
			t.Fatalf("%s: %v", id, err)
		}
	}
	if err := c.Create(t.Context(), ID{a, BlobContainers, "default/box"}, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a path instead of a name: %v", err)
	}
	if err := c.RemoveAccount(t.Context(), a); err != nil || len(e.have) != 0 {
		t.Errorf("%v, left: %v", err, e.have)
	}
}

func TestMistakes(t *testing.T) {
	c, e, a := fixture(t, allowed)
	for _, id := range []ID{{a, Hubs, "h"}, {a, Containers, "coll"}, {a, Databases, "db/coll"}, {a, "Microsoft.Nothing/x", "y"}} {
		if err := c.Ensure(t.Context(), id, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", id, err)
		}
	}
	if err := c.Register(e.kind(Databases, nil)); err == nil {
		t.Error("a kind was registered twice")
	}
	if _, err := Open(&shelf{text: []byte("{")}); err == nil {
		t.Error("a damaged list was read")
	}
}

func TestAccountProperties(t *testing.T) {
	store := NewMem()
	c, err := Open(store)
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.EnsureAccount(Namespaces, "contoso")
	if err != nil {
		t.Fatal(err)
	}
	moved := c.WatchAccounts()
	if err := c.UpdateAccount(a, func(old json.RawMessage) (json.RawMessage, error) {
		if old != nil {
			t.Errorf("properties before any were given: %s", old)
		}
		return json.RawMessage(`{"n":1}`), nil
	}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-moved:
	default:
		t.Error("a change of properties was not told")
	}
	boom := errors.New("boom")
	if err := c.UpdateAccount(a, func(json.RawMessage) (json.RawMessage, error) { return nil, boom }); !errors.Is(err, boom) {
		t.Errorf("error of a change: %v", err)
	}
	again, err := Open(store)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(again.Properties(a)); got != `{"n":1}` {
		t.Errorf("after a start: %s", got)
	}
	if err := again.RemoveAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	b, err := again.EnsureAccount(Namespaces, "contoso")
	if err != nil || b.ID == a.ID || again.Properties(b) != nil {
		t.Errorf("made anew: %v %v, properties %s", b, err, again.Properties(b))
	}
	if err := again.UpdateAccount(a, func(json.RawMessage) (json.RawMessage, error) { return nil, nil }); !fault.Is(err, fault.NotFound) {
		t.Errorf("update of one that is gone: %v", err)
	}
}

package identity

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Store keeps identity's one text: a JSON object with the ids of the project,
// its principals and the assignments. It is small and changes rarely, so it is
// written whole.
type Store interface {
	// Load returns what was saved last, or nil.
	Load() ([]byte, error)
	// Save replaces it. It is durable when Save returns.
	Save(text []byte) error
}

// book is what the store keeps. One that is in use is never changed: a change
// makes another.
type book struct {
	Subscription string       `json:"subscription"` // GUIDs, made once
	Tenant       string       `json:"tenant"`
	Principals   []person     `json:"principals"`
	Assignments  []Assignment `json:"assignments"`
	// Enforced says that there was an assignment once. It stays when the last one
	// goes: taking a right away must never give everybody every right.
	Enforced bool `json:"enforced,omitempty"`
}

// person is a principal as it is kept.
type person struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"` // the whole one, with what says its kind
	ObjectID string `json:"objectId"`
	AppID    string `json:"appId"`

	// Of one that was made at run time (see Identity.Ensure).
	Made  bool     `json:"made,omitempty"`
	Group string   `json:"group,omitempty"` // resource group of a user-assigned one
	Apps  []string `json:"apps,omitempty"`  // function apps that may be it
}

// Assignment gives a role to a principal at a scope.
type Assignment struct {
	ID        string    `json:"id"`                 // GUID
	Principal string    `json:"principal"`          // its object id
	Role      string    `json:"role"`               // the role's id
	Scope     string    `json:"scope"`              // an Azure resource id
	Declared  bool      `json:"declared,omitempty"` // by the project file, which also takes it away
	Since     time.Time `json:"since"`
}

func (a Assignment) same(b Assignment) bool {
	return a.Principal == b.Principal && a.Role == b.Role && len(a.Scope) == len(b.Scope) && within(a.Scope, b.Scope)
}

func loadBook(s Store) (book, []byte, error) {
	text, err := s.Load()
	if err != nil {
		return book{}, nil, fmt.Errorf("read identities: %w", err)
	}
	if text == nil {
		return book{Subscription: uuid.New(), Tenant: uuid.New()}, nil, nil
	}
	var b book
	if err := json.Unmarshal(text, &b); err != nil || b.Subscription == "" || b.Tenant == "" {
		return book{}, nil, fault.Wrap(fault.Internal, "list of identities", errorOr(err), "it is damaged")
	}
	return b, text, nil
}

func errorOr(err error) error {
	if err == nil {
		return fault.New(fault.Internal, "", "an id is missing")
	}
	return err
}

func (b book) copy() book {
	b.Principals, b.Assignments = slices.Clone(b.Principals), slices.Clone(b.Assignments)
	return b
}

// ensure finds the person, or adds one with fresh ids. appID is the client id
// that the project file asks for, or "".
func (b *book) ensure(kind Kind, name, appID string) person {
	full := kind.Named(name)
	for n, p := range b.Principals {
		if p.Kind == kind.String() && p.Name == full {
			if appID != "" {
				b.Principals[n].AppID = appID
			}
			return b.Principals[n]
		}
	}
	if appID == "" {
		appID = uuid.New()
	}
	p := person{Kind: kind.String(), Name: full, ObjectID: uuid.New(), AppID: appID}
	b.Principals = append(b.Principals, p)
	return p
}

// kind is the person's kind; false for one that this program does not know.
func (p person) kind() (Kind, bool) {
	k := slices.Index(kindWords[:], p.Kind)
	return Kind(max(k, 0)), k >= 0
}

// declare replaces what the project file assigned before by what it assigns
// now; what stays keeps its id. An assignment that was made by command and is
// now declared is the file's.
func (b *book) declare(wanted []Assignment) {
	old := b.Assignments
	b.Assignments = nil
	for _, w := range wanted {
		if slices.ContainsFunc(b.Assignments, w.same) {
			continue
		}
		if n := slices.IndexFunc(old, w.same); n >= 0 {
			w.ID, w.Since = old[n].ID, old[n].Since
		} else {
			w.ID, w.Since = uuid.New(), time.Now().UTC()
		}
		w.Declared = true
		b.Assignments = append(b.Assignments, w)
	}
	for _, a := range old {
		if !a.Declared && !slices.ContainsFunc(b.Assignments, a.same) {
			b.Assignments = append(b.Assignments, a)
		}
	}
	b.Enforced = b.Enforced || len(b.Assignments) > 0
}

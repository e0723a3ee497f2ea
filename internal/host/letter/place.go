package letter

import (
	"context"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Place says where letters are kept.
type Place struct {
	Kind       string // queue, hub or container
	Name       string
	Connection string // the app setting; "": the kind's usual one
}

// String is kind:name, as people write it.
func (p Place) String() string { return p.Kind + ":" + p.Name }

// ParsePlace reads kind:name.
func ParsePlace(text string) (Place, error) {
	kind, name, ok := strings.Cut(text, ":")
	if !ok || name == "" {
		return Place{}, fault.New(fault.Invalid, "place "+text, "write queue:NAME, hub:NAME or container:NAME")
	}
	return Place{Kind: strings.ToLower(kind), Name: name}, nil
}

// Setup is what a store is made of.
type Setup struct {
	Place
	Function string // which asks
	Settings *settings.Settings
	Config   *hostjson.Config
}

// Kind is one kind of place: a row of the table that a host is given.
type Kind struct {
	Name string // queue, hub, container
	// Check says what is wrong with a place, without opening anything.
	Check func(Setup) error
	// Open opens the place, and makes it where it is missing.
	Open func(ctx context.Context, s Setup) (Store, error)
}

// Table is the kinds that a host knows.
type Table []Kind

// Find returns the row of a kind, or says which there are.
func (t Table) Find(kind string) (Kind, error) {
	names := make([]string, len(t))
	for i, k := range t {
		if strings.EqualFold(k.Name, kind) {
			return k, nil
		}
		names[i] = k.Name
	}
	return Kind{}, fault.New(fault.Invalid, "dead letters", "%q is no kind of place; there are %s", kind, strings.Join(names, ", "))
}

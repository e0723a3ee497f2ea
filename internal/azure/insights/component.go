package insights

import (
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
)

// Component is what telemetry is sent to and asked of.
type Component struct {
	Name  string
	AppID string // a GUID, as its key is
	Key   string // instrumentation key, in lower case
	// Put takes items that nobody changes any more, from the first on as far as there is
	// room, and returns how many. It does not wait.
	Put  func(items ...*item.Item) int
	Live *live.Component
	// Tables are what was kept, as queries see it.
	Tables func() kql.Tables
	// TokensOnly reports whether the key alone opens nothing.
	TokensOnly func() bool
}

// Components are those that there are.
type Components interface {
	// ByKey finds the one with an instrumentation key, in lower case.
	ByKey(key string) (*Component, bool)
	// Default is the one that is meant where nothing names one.
	Default() (*Component, bool)
	// At finds those that a query's place means; see PlaceOf. The error is
	// fault.NotFound.
	At(place string) ([]*Component, error)
}

// Access is who may do what.
type Access interface {
	// May reports whether whom a token stands for may do something with a component. The
	// error is fault.Unauthorized or fault.Forbidden.
	May(token string, right Right, c *Component) error
	// Key reports whether a key is the one that opens all data.
	Key(key string) bool
	// Open reports whether data is asked for without any of it.
	Open() bool
}

// Right is what a token can be asked for.
type Right int

// The rights.
const (
	Write Right = iota // send telemetry
	Read               // ask for it
)

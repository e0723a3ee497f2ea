package arm

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Provider is what a room of a provider gives.
type Provider struct {
	Types  []Type
	Routes []Route
}

// Type is a type of resource and what is its own. Everything not given the Manager
// does: see the package comment.
type Type struct {
	Name    string // as Azure writes it: Microsoft.EventHub/namespaces/eventhubs
	Tracked bool   // it has a location and tags, and stands in its group's list
	Long    bool   // clients wait for an operation: PUT answers with one
	Created int    // status of a PUT that makes one; 0 is 200
	Gone    int    // status of DELETE; 0 is 204
	Seen    int    // status of HEAD; 0 is 200
	Plain   bool   // nothing about provisioning in its properties
	Bare    bool   // its properties are not below "properties"
	Upsert  bool   // If-Match: * is met where there is none, too
	// PathName says that its name tells what it is in as well: app/function.
	PathName bool

	// Same is the name that it is kept under, where several names mean it: the current
	// revision of an API. Answers have the name that was asked for. nil: the name itself.
	Same func(id ID) string

	Always []string  // names that exist whenever the parent does: default
	Refuse []Refusal // properties that are not served
	Secret []string  // dotted paths of what is kept and never shown
	Named  func(name string) error

	// Put makes or changes the real thing, and adds to c.Body what the service adds.
	// It may be called again for the same body, after a crash.
	Put func(ctx context.Context, c *Call) error
	// Get adds to c.Body what is true now. fault.NotFound says that there is none.
	Get func(ctx context.Context, c *Call) error
	// List gives the ids of those that the engine has in the collection c.ID; nil
	// leaves it with those that are stored. Stored ones need not be among them.
	List func(ctx context.Context, c *Call) ([]ID, error)
	Only bool // List gives all that a listing shows
	// Delete deletes all of the real thing. That there is none is fine.
	Delete  func(ctx context.Context, c *Call) error
	Actions map[string]Action // listKeys is POST …/listKeys; "GET x" another verb
}

// Action does something with a resource.
type Action func(ctx context.Context, c *Call) (Answer, error)

// Answer is what an action answers: a body, or none.
type Answer struct {
	Status int // 0 is 200
	Body   any
	Header http.Header
	Long   bool // with an operation, as PUT of a Type that is Long
}

// Document is the body of an Answer that is no JSON.
type Document struct {
	Type string // of the content
	Text []byte
}

// Route is something at a provider that is no resource.
type Route struct {
	Method string
	Path   string // Microsoft.Storage/checkNameAvailability; {} stands for any one segment
	Do     Action
}

// Refusal is a property that is not served: any value other than those that mean it
// is off is refused by name.
type Refusal struct {
	Path   string // properties.captureDescription.enabled
	Unless []any  // null and absence always are fine
	Why    string // what is not there
}

// Caller is who asks.
type Caller struct{ ObjectID, Name string }

// Call is one request to a type.
type Call struct {
	ID     ID
	Caller Caller
	Query  url.Values
	Header http.Header
	Base   string // https://localhost:8443

	// Body is of PUT what will be kept (a PATCH was merged already), of POST what was
	// sent, and else what is kept; empty where that is nothing.
	Body Body
	Old  Body // what was kept before; nil: nothing

	// Whole says of a deletion that what it is in goes as well.
	Whole bool

	Manager *Manager
	kept    bool // there is a stored body
}

// Keep sets what is at a path to what it was before, or to a new value: for what a
// service makes once.
func (c *Call) Keep(fresh func() any, path ...string) {
	if had := c.Old.Get(path...); had != nil {
		c.Body.Set(had, path...)
		return
	}
	c.Body.Set(fresh(), path...)
}

// Kept reports whether somebody made or changed the resource here, rather than by
// lazuli.yaml or as a client.
func (c *Call) Kept() bool { return c.kept }

// at is a call about another resource.
func (c *Call) at(id ID, body Body) *Call {
	out := *c
	out.ID, out.Body, out.Old, out.kept = id, body, nil, false
	return &out
}

// sameLocation compares two locations: West Europe is westeurope.
func sameLocation(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}

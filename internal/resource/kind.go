package resource

import (
	"context"
	"encoding/json"
)

// Kind is a type of resource and how it comes and goes. The engine is the truth
// for what exists; a kind turns a change of a resource into calls of the engine,
// each of which is durable when it returns. Properties are the kind's own JSON.
type Kind struct {
	Type string

	Word  string                                    // what one is called: hub
	Holds func(account Account, name string) string // what one holds, in words: 3 events; may be nil

	// Exists asks the engine.
	Exists func(account Account, name string) bool
	// List asks the engine for the names of all, in order.
	List func(account Account) []string
	// Apply makes the resource, or brings one that exists up to date. It never
	// loses data: what it cannot change it refuses with fault.Conflict.
	Apply func(ctx context.Context, account Account, name string, properties json.RawMessage) error
	// Remove deletes the resource and everything in it.
	Remove func(ctx context.Context, account Account, name string) error

	// Default are the properties of one that is made because somebody named it.
	Default json.RawMessage
	// OnUse says whether somebody's naming is enough: nil, or the error that
	// says where to declare it. A nil func allows nothing.
	OnUse func(account Account, name string) error
}

func (k Kind) defaults() json.RawMessage {
	if k.Default == nil {
		return json.RawMessage("{}")
	}
	return k.Default
}

package queue

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Properties are the properties of a queue as a resource. nil metadata leaves what is
// there.
type Properties struct {
	Metadata []engine.Pair `json:"metadata,omitempty"`
}

// JSON is the form that the catalogue takes.
func (p Properties) JSON() json.RawMessage {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // of texts: it never fails
	}
	return text
}

// Kinds are what can exist in an account: queues. onUse says whether naming one is
// enough to make it (see resource.Kind.OnUse).
func Kinds(store *engine.Store, onUse func(account resource.Account, name string) error) []resource.Kind {
	return []resource.Kind{{
		Type: resource.Queues, Word: "queue", OnUse: onUse,
		Exists: func(a resource.Account, name string) bool {
			_, err := store.Account(a.ID).Queue(name)
			return err == nil
		},
		List: func(a resource.Account) []string { return store.Account(a.ID).Names() },
		Remove: func(ctx context.Context, a resource.Account, name string) error {
			return store.Account(a.ID).Delete(ctx, name)
		},
		Apply: func(ctx context.Context, a resource.Account, name string, text json.RawMessage) error {
			return apply(ctx, store.Account(a.ID), name, text)
		},
	}}
}

// apply makes a queue, or gives one that exists the metadata that is asked for.
func apply(ctx context.Context, a engine.Account, name string, text json.RawMessage) error {
	if err := checkName(name); err != nil {
		return fault.New(fault.Invalid, "queue "+name, "a queue's name has 3 to 63 lower-case letters, digits, and single hyphens between them")
	}
	var p Properties
	if err := json.Unmarshal(text, &p); err != nil {
		return fault.Wrap(fault.Invalid, "queue "+name, err, "its properties")
	}
	q, err := a.Queue(name)
	if fault.Is(err, fault.NotFound) {
		_, err = a.Create(ctx, name, p.Metadata)
		return err
	}
	if err != nil || p.Metadata == nil {
		return err
	}
	info, err := q.Info()
	if err != nil || slices.Equal(info.Metadata, p.Metadata) {
		return err
	}
	return q.SetMetadata(ctx, p.Metadata)
}

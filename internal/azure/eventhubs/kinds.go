package eventhubs

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// HubProperties are the properties of a hub as a resource.
type HubProperties struct {
	Partitions     int           `json:"partitionCount"`
	Retention      time.Duration `json:"retention"`      // nanoseconds; 0 leaves what is set, negative is no limit
	RetentionBytes int64         `json:"retentionBytes"` // of a partition; 0 and negative as above
	ConsumerGroups []string      `json:"consumerGroups,omitempty"`
}

// DefaultHub is what a hub becomes that somebody names for the first time.
func DefaultHub() HubProperties { return HubProperties{Partitions: 4, Retention: 24 * time.Hour} }

// JSON is the form that the catalogue takes.
func (p HubProperties) JSON() json.RawMessage {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // numbers and texts always marshal
	}
	return text
}

// Kinds are what can exist in a namespace: hubs and their consumer groups. onUse
// says whether naming one is enough to make it (see resource.Kind.OnUse).
func Kinds(b *broker.Broker, onUse func(account resource.Account, name string) error) []resource.Kind {
	return []resource.Kind{
		{
			Type: resource.Hubs, Word: "hub", Holds: func(a resource.Account, name string) string { return held(b.Namespace(a.ID), name) },
			Default: DefaultHub().JSON(), OnUse: onUse,
			Exists: func(a resource.Account, name string) bool {
				_, err := b.Namespace(a.ID).Hub(name)
				return err == nil
			},
			List: func(a resource.Account) (names []string) {
				for _, h := range b.Namespace(a.ID).Hubs() {
					names = append(names, h.Name())
				}
				return names
			},
			Apply: func(_ context.Context, a resource.Account, name string, properties json.RawMessage) error {
				return applyHub(b.Namespace(a.ID), name, properties)
			},
			Remove: func(_ context.Context, a resource.Account, name string) error {
				return b.Namespace(a.ID).DeleteHub(name)
			},
		},
		groups{b}.kind(onUse),
	}
}

// Need makes a hub, and a consumer group unless it is "", that somebody names
// (see resource.Catalogue.Need).
func Need(exists *resource.Catalogue, a resource.Account) func(ctx context.Context, hub, group string) error {
	return func(ctx context.Context, hub, group string) error {
		if group == "" {
			return exists.Need(ctx, resource.ID{Account: a, Type: resource.Hubs, Name: hub}, nil)
		}
		return exists.Need(ctx, resource.ID{Account: a, Type: resource.ConsumerGroups, Name: hub + "/" + group}, nil)
	}
}

func applyHub(namespace broker.Namespace, name string, properties json.RawMessage) error {
	var p HubProperties
	if err := json.Unmarshal(properties, &p); err != nil {
		return fault.Wrap(fault.Invalid, "hub "+name, err, "its properties")
	}
	_, err := namespace.EnsureHub(broker.HubConfig{
		Name: name, Partitions: p.Partitions, Retention: p.Retention, RetentionBytes: p.RetentionBytes, ConsumerGroups: p.ConsumerGroups,
	})
	return err
}

// held is what a hub holds, in words.
func held(namespace broker.Namespace, name string) string {
	h, err := namespace.Hub(name)
	if err != nil {
		return ""
	}
	var events int64
	for i := range h.PartitionCount() {
		if p, err := h.Partition(i); err == nil {
			info := p.Info()
			events += info.LastSequence + 1 - info.BeginSequence
		}
	}
	return resource.Counted(events, "event")
}

// groups are the consumer groups, named HUB/GROUP.
type groups struct{ b *broker.Broker }

func (g groups) kind(onUse func(resource.Account, string) error) resource.Kind {
	return resource.Kind{
		Type: resource.ConsumerGroups, Word: "consumer group", OnUse: onUse, List: g.list,
		Exists: func(a resource.Account, name string) bool {
			hub, group, err := g.find(a, name)
			return err == nil && hub.HasGroup(group)
		},
		Apply: func(_ context.Context, a resource.Account, name string, _ json.RawMessage) error {
			hub, group, err := g.find(a, name)
			if err != nil {
				return err
			}
			return hub.AddGroup(group)
		},
		Remove: func(_ context.Context, a resource.Account, name string) error {
			hub, group, err := g.find(a, name)
			if err != nil {
				return err
			}
			return hub.RemoveGroup(group)
		},
	}
}

func (g groups) find(a resource.Account, name string) (*broker.Hub, string, error) {
	hub, group, _ := strings.Cut(name, "/")
	h, err := g.b.Namespace(a.ID).Hub(hub)
	return h, group, err
}

func (g groups) list(a resource.Account) (names []string) {
	for _, h := range g.b.Namespace(a.ID).Hubs() {
		for _, group := range h.ConsumerGroups() {
			names = append(names, h.Name()+"/"+group)
		}
	}
	return names
}

package app

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/page/hubs"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// hubPages is event hubs as the portal shows them.
func (e *env) hubPages() []portal.Page {
	return hubs.Pages(hubs.Config{
		Broker: e.Storage.broker, Counts: e.Counts, Consumers: e.hubConsumers, Tasks: e.Tasks, Changes: e.hubChanges(),
		Namespaces: func() []resource.Account { return e.Exists.Accounts(resource.Namespaces) },
	})
}

// emptyNamespaces are those without hubs in which one comes to be on first use.
func (e *env) emptyNamespaces() (names []string) {
	for _, a := range e.Exists.Accounts(resource.Namespaces) {
		if e.Config.HubsAutoCreated(a.Name) && len(e.Storage.broker.Namespace(a.ID).Hubs()) == 0 {
			names = append(names, a.Name)
		}
	}
	return names
}

// hubConsumers are the functions and jobs that read hubs.
func (e *env) hubConsumers() (all []hubs.Consumer) {
	for _, app := range e.apps() {
		for _, f := range app.host.Functions() {
			if f.Source.Group != "" {
				all = append(all, hubs.Consumer{
					Kind: hubs.Function, App: app.name, Name: f.Name, Namespace: e.namespaceID(f.Source.Host), Hub: f.Source.Target, Group: f.Source.Group,
					Off: f.Disabled, Run: e.runOf(app.name, f.Name),
				})
			}
		}
	}
	for _, job := range e.jobs() {
		for _, in := range job.Spec().Inputs {
			if in.Kind == hub.Kind && !in.Reference {
				all = append(all, e.jobConsumer(job, in))
			}
		}
	}
	return all
}

// jobConsumer is an input of a job.
func (e *env) jobConsumer(job *jobs.Job, in jobs.Input) hubs.Consumer {
	status := job.Status()
	next := map[int]int64{}
	first := broker.Offset(0)
	namespace := e.Storage.namespace
	if a, err := e.Exists.Account(resource.Namespaces, cmp.Or(in.Account, resource.Default)); err == nil {
		namespace = a
	}
	if h, err := e.Storage.broker.Namespace(namespace.ID).Hub(in.Target); err == nil {
		first = h.FirstOffset()
	}
	if status.Job != nil {
		for _, m := range status.Job.Inputs() {
			for _, p := range m.Partitions {
				if strings.EqualFold(m.Name, in.Name) && p.Next >= 0 {
					next[p.Partition] = p.Next - int64(first)
				}
			}
		}
	}
	return hubs.Consumer{
		Kind: hubs.Job, Name: job.Name(), Namespace: namespace.ID, Hub: in.Target, Group: cmp.Or(in.Group, broker.DefaultGroup),
		Off: status.State == jobs.Stopped || status.State == jobs.Failed,
		Next: func(partition int) (int64, bool) {
			n, ok := next[partition]
			return n, ok
		},
	}
}

// runOf finds the run of a function that had an event, among those that are
// remembered.
func (e *env) runOf(app, function string) func(int, int64) (hubs.Run, bool) {
	return func(partition int, sequence int64) (run hubs.Run, found bool) {
		e.Counts.Function(app, function).Latest(func(r telemetry.Run) bool {
			p, first, last, ok := hub.Had(r.Details)
			if found = ok && p == strconv.Itoa(partition) && first <= sequence && sequence <= last; found {
				run = hubs.Run{ID: r.ID, At: r.At.UnixMilli(), DurationMs: float64(r.Duration.Microseconds()) / 1000, Retry: r.Retry, Running: r.Running}
				if r.Failure != nil {
					run.Error = cmp.Or(r.Failure.Message, r.Failure.Type)
				}
			}
			return !found
		})
		return run, found
	}
}

// hubChanges go through the catalogue.
func (e *env) hubChanges() hubs.Changes {
	return hubs.Changes{
		Create: func(ctx context.Context, id resource.ID, s hubs.Settings) error {
			if s.Partitions == 0 {
				s.Partitions = eventhubs.DefaultHub().Partitions
			}
			return e.Exists.Create(ctx, id, chosenProperties(s).JSON())
		},
		Update: func(ctx context.Context, id resource.ID, s hubs.Settings) error {
			return e.Exists.Ensure(ctx, id, chosenProperties(s).JSON())
		},
		Ensure: func(ctx context.Context, id resource.ID) error { return e.Exists.Ensure(ctx, id, nil) },
		Remove: e.Exists.Remove,
		Declared: func(id resource.ID) bool {
			for _, n := range e.Config.EventHubs.All() {
				for name := range n.Hubs {
					if strings.EqualFold(n.Name, id.Account.Name) && strings.EqualFold(name, id.Name) {
						return true
					}
				}
			}
			return false
		},
	}
}

// chosenProperties is a hub as somebody wants it in the portal.
func chosenProperties(s hubs.Settings) eventhubs.HubProperties {
	return eventhubs.HubProperties{
		Partitions: s.Partitions, ConsumerGroups: s.Groups,
		Retention: orNoLimit(time.Duration(s.RetentionHours * float64(time.Hour))), RetentionBytes: orNoLimit(s.RetentionMiB << 20),
	}
}

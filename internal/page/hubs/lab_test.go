package hubs

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// lab is the page over a broker in memory with the hub default/Orders, which
// function ingest of app shop reads.
type lab struct {
	*portaltest.Lab
	t         testing.TB
	b         *broker.Broker
	counts    *telemetry.Counts
	consumers []Consumer
}

var account = resource.Account{ID: 7, Type: resource.Namespaces, Name: "default"}

const orders = "/api/hubs/default/Orders"

func newLab(t *testing.T) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	l := &lab{t: t, counts: telemetry.New(), consumers: []Consumer{{Kind: Function, App: "shop", Name: "ingest", Namespace: account.ID, Hub: "orders", Group: "$Default"}}}
	l.b = startBroker(t, broker.Options{FS: vfs.NewMem(), Events: l.counts.FromBroker})
	l.ensure("Orders", 2)
	l.Lab = portaltest.Serve(t, nil, Pages(Config{
		Broker: l.b, Namespaces: func() []resource.Account { return []resource.Account{account} }, Counts: l.counts,
		Consumers: func() []Consumer { return l.consumers }, Tasks: &portal.Tasks{}, Changes: l.changes(),
	})...)
	return l
}

func startBroker(t testing.TB, o broker.Options) *broker.Broker {
	t.Helper()
	o.Dir, o.Log = cmp.Or(o.Dir, "hubs"), testkit.Discard()
	b, err := broker.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-end; err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (l *lab) ensure(name string, partitions int, groups ...string) *broker.Hub {
	l.t.Helper()
	h, err := l.b.Namespace(account.ID).EnsureHub(broker.HubConfig{Name: name, Partitions: partitions, Retention: time.Hour, ConsumerGroups: groups})
	if err != nil {
		l.t.Fatal(err)
	}
	return h
}

// changes go to the broker without a catalogue.
func (l *lab) changes() Changes {
	n := l.b.Namespace(account.ID)
	apply := func(_ context.Context, id resource.ID, s Settings) error {
		_, err := n.EnsureHub(broker.HubConfig{
			Name: id.Name, Partitions: s.Partitions, Retention: time.Duration(s.RetentionHours * float64(time.Hour)),
			RetentionBytes: s.RetentionMiB << 20, ConsumerGroups: s.Groups,
		})
		return err
	}
	return Changes{
		Create: func(ctx context.Context, id resource.ID, s Settings) error {
			if _, err := n.Hub(id.Name); err == nil {
				return fault.New(fault.Conflict, id.String(), "it exists")
			}
			return apply(ctx, id, s)
		},
		Update: apply,
		Ensure: func(_ context.Context, id resource.ID) error {
			hub, group, _ := strings.Cut(id.Name, "/")
			h, err := n.Hub(hub)
			if err != nil {
				return err
			}
			return h.AddGroup(group)
		},
		Remove: func(_ context.Context, id resource.ID) error {
			hub, group, isGroup := strings.Cut(id.Name, "/")
			if !isGroup {
				return n.DeleteHub(hub)
			}
			h, err := n.Hub(hub)
			if err != nil {
				return err
			}
			return h.RemoveGroup(group)
		},
		Declared: func(id resource.ID) bool { return id.Name == "Orders" },
	}
}

// put stores a message in a partition.
func put(t testing.TB, h *broker.Hub, partition int, key string, m eventdata.Message) broker.AppendResult {
	t.Helper()
	body, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	part, err := h.Partition(partition)
	if err != nil {
		t.Fatal(err)
	}
	res, err := store(t.Context(), part, [][]byte{body}, key)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// answer is what events:search said.
type answer struct {
	began Began
	Rows  []Found
	Progress
}

// search asks for one page.
func (l *lab) search(hub string, s Search) (a answer) {
	l.t.Helper()
	lines := l.stream(l.t.Context(), "/api/hubs/default/"+hub+"/events:search", s)
	for i := 0; lines.Scan(); i++ {
		var row struct {
			S *int64
			T int64
		}
		must(l.t, json.Unmarshal(lines.Bytes(), &row))
		switch {
		case i == 0:
			must(l.t, json.Unmarshal(lines.Bytes(), &a.began))
		case row.S != nil:
			var f Found
			must(l.t, json.Unmarshal(lines.Bytes(), &f))
			a.Rows = append(a.Rows, f)
		default:
			must(l.t, json.Unmarshal(lines.Bytes(), &a.Progress))
		}
	}
	if a.Error != "" || !a.Done {
		l.t.Fatalf("search %+v ended as %+v", s, a.Progress)
	}
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stream posts and reads lines.
func (l *lab) stream(ctx context.Context, path string, body any) *bufio.Scanner {
	l.t.Helper()
	text, err := json.Marshal(body)
	must(l.t, err)
	req, err := http.NewRequestWithContext(ctx, "POST", l.URL+path, strings.NewReader(string(text)))
	must(l.t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	must(l.t, err)
	l.t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != 200 {
		l.t.Fatalf("%s: %s", path, res.Status)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return lines
}

// names are rows as PARTITION/SEQUENCE.
func names(rows []Found) (out []string) {
	for _, f := range rows {
		out = append(out, fmt.Sprintf("%d/%d", f.P, f.S))
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d rows %.300v, want %d %.300v", what, len(got), got, len(want), want)
	}
}

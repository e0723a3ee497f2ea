package endtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/changefeed"
	containers "github.com/lazuli-dev/lazuli/internal/end/container"
	hubs "github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// HubService is an implementation of hubs under test, with what the suite needs
// besides: something that happens in the service.
type HubService struct {
	hubs.Service
	Conn settings.Connection // of the hub "contract" with two partitions, empty
	// Send appends events with the bodies to a partition of the hub.
	Send func(t *testing.T, partition int, bodies ...string)
	// Owners says that the service knows owners of partitions.
	Owners bool
	// Grow gives the hub a third partition.
	Grow func(t *testing.T)
}

// ContainerService is an implementation of containers under test.
type ContainerService struct {
	containers.Service
	Conn settings.Connection // of database "db": container "docs" by /id and "leases" by /id, empty
}

// reads is who reads in the suite.
var reads = hubs.Consumer{Group: "$Default"}

// patience bounds each wait of the suite.
const patience = 10 * time.Second

// Hubs checks that a service does what package hub promises. open is called for
// every part and returns an empty service.
func Hubs(t *testing.T, open func(t *testing.T) HubService) {
	t.Run("Hub", func(t *testing.T) { eventHub(t, open(t)) })
	t.Run("Sink", func(t *testing.T) { eventSink(t, open(t)) })
	t.Run("LargeEvents", func(t *testing.T) { largeEvents(t, open(t)) })
	t.Run("Owners", func(t *testing.T) { owners(t, open(t)) })
	t.Run("Changed", func(t *testing.T) { changed(t, open(t)) })
}

// Containers checks that a service does what package container promises.
func Containers(t *testing.T, open func(t *testing.T) ContainerService) {
	t.Run("Feed", func(t *testing.T) { changeFeed(t, open(t)) })
	t.Run("Leases", func(t *testing.T) { leases(t, open(t)) })
	t.Run("Reader", func(t *testing.T) { reader(t, open(t)) })
}

// changed grows the hub: who has it open is told, and whoever opens it then
// finds the new partition.
func changed(t *testing.T, s HubService) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	hub, err := s.Open(ctx, s.Conn, "contract", reads)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { hub.Close() }()
	select {
	case <-hub.Changed():
		t.Error("a hub that is as it was has changed")
	default:
	}
	s.Grow(t)
	select {
	case <-hub.Changed():
	case <-ctx.Done():
		t.Fatal("nobody was told that the hub has grown")
	}
	hub.Close()
	if hub, err = s.Open(ctx, s.Conn, "contract", reads); err != nil {
		t.Fatal(err)
	}
	if ids, err := hub.Partitions(ctx); err != nil || fmt.Sprint(ids) != "[0 1 2]" {
		t.Errorf("partitions: %v, %v", ids, err)
	}
	select {
	case <-hub.Changed():
		t.Error("the hub has changed since it was opened again")
	default:
	}
}

func eventHub(t *testing.T, s HubService) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	hub, err := s.Open(ctx, s.Conn, "contract", reads)
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	if hub.Namespace() == "" || hub.Namespace() != s.Host(s.Conn) {
		t.Errorf("the namespace is %q, and by its connection %q", hub.Namespace(), s.Host(s.Conn))
	}
	if ids, err := hub.Partitions(ctx); err != nil || fmt.Sprint(ids) != "[0 1]" {
		t.Errorf("partitions: %v, %v", ids, err)
	}
	s.Send(t, 0, "a", "b", "c")
	all := read(t, ctx, hub, hubs.Position{}, 3)
	if text(all) != "a b c" {
		t.Errorf("from the start: %s", text(all))
	}
	for i, e := range all {
		if e.Sequence != all[0].Sequence+int64(i) || e.Offset == "" || e.EnqueuedAt.IsZero() {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if got := text(read(t, ctx, hub, hubs.Position{Kind: hubs.AfterOffset, Offset: all[0].Offset}, 2)); got != "b c" {
		t.Errorf("after the first offset: %s", got)
	}
	if got := text(read(t, ctx, hub, hubs.Position{Kind: hubs.AfterSequence, Sequence: all[0].Sequence}, 2)); got != "b c" {
		t.Errorf("after the first sequence number: %q", got)
	}
	if got := text(read(t, ctx, hub, hubs.Position{Kind: hubs.FromTime, Time: all[0].EnqueuedAt}, 3)); got != "a b c" {
		t.Errorf("from the first time: %s", got)
	}
	waiting(t, ctx, s, hub)
}

// waiting reads at the end: a read that is cancelled loses nothing, and one
// that waits is woken.
func waiting(t *testing.T, ctx context.Context, s HubService, hub hubs.Hub) {
	r, err := hub.Open(ctx, "0", hubs.Position{Kind: hubs.FromEnd})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if events, err := r.Read(short, nil, 10); len(events) != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("at the end: %d events, %v", len(events), err)
	}
	s.Send(t, 0, "d")
	events, err := r.Read(ctx, nil, 10)
	if err != nil || text(events) != "d" {
		t.Errorf("after the end: %s, %v", text(events), err)
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		s.Send(t, 0, "e")
	}()
	if events, err = r.Read(ctx, events[:0], 10); err != nil || text(events) != "e" {
		t.Errorf("woken: %s, %v", text(events), err)
	}
	<-sent
}

func read(t *testing.T, ctx context.Context, hub hubs.Hub, from hubs.Position, n int) []hubs.Event {
	t.Helper()
	r, err := hub.Open(ctx, "0", from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []hubs.Event
	for len(out) < n {
		events, err := r.Read(ctx, nil, n-len(out))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			e.Body = bytes.Clone(e.Body) // it is valid until the next Read only
			out = append(out, e)
		}
	}
	return out
}

func text(events []hubs.Event) string {
	var parts [][]byte
	for _, e := range events {
		parts = append(parts, e.Body)
	}
	return string(bytes.Join(parts, []byte(" ")))
}

// eventSink sends to the hub and reads back: the events of a key are together
// and in order, and those without one are together.
func eventSink(t *testing.T, s HubService) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sink, err := s.Sink(ctx, s.Conn, "contract")
	if err != nil {
		t.Fatal(err)
	}
	hub, err := s.Open(ctx, s.Conn, "contract", reads)
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	err = sink.Send(ctx, []hubs.Outgoing{
		{Body: []byte("a1"), Key: "a"},
		{Body: []byte("x1")},
		{Body: []byte("b1"), Key: "bb"},
		{Body: []byte("a2"), Key: "a"},
		{Body: []byte("x2")},
		{Body: []byte("a3"), Key: "a"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Send(ctx, nil); err != nil {
		t.Errorf("sending nothing: %v", err)
	}
	byKey, placed := map[string]string{}, map[string]string{}
	for _, e := range received(t, ctx, hub, 6) {
		byKey[e.PartitionKey] += string(e.Body) + " "
		if p, seen := placed[e.PartitionKey]; seen && p != e.partition {
			t.Errorf("events of key %q are in two partitions", e.PartitionKey)
		}
		placed[e.PartitionKey] = e.partition
	}
	if byKey["a"] != "a1 a2 a3 " || byKey["bb"] != "b1 " || byKey[""] != "x1 x2 " {
		t.Errorf("by key: %v", byKey)
	}
}

// largeEvents sends what one batch of the service does not hold, which keeps its
// order, and what no batch holds, which takes nothing else along.
func largeEvents(t *testing.T, s HubService) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sink, err := s.Sink(ctx, s.Conn, "contract")
	if err != nil {
		t.Fatal(err)
	}
	hub, err := s.Open(ctx, s.Conn, "contract", reads)
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	if err := sink.Send(ctx, []hubs.Outgoing{{Body: []byte("small"), Key: "k"}, {Body: make([]byte, 2<<20), Key: "k"}}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("an event of 2 MiB: %v", err)
	}
	var events []hubs.Outgoing
	for n := range 4 {
		events = append(events, hubs.Outgoing{Body: bytes.Repeat([]byte{'a' + byte(n)}, 400<<10), Key: "k"})
	}
	if err := sink.Send(ctx, events); err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, e := range received(t, ctx, hub, 4) {
		got += string(e.Body[:1])
	}
	if got != "abcd" {
		t.Errorf("received %s", got)
	}
}

// placedEvent is an event and where it was.
type placedEvent struct {
	hubs.Event
	partition string
}

// received is the first events of both partitions of the hub, which has no more.
func received(t *testing.T, ctx context.Context, hub hubs.Hub, want int) (all []placedEvent) {
	t.Helper()
	readers := map[string]hubs.Reader{}
	for _, partition := range []string{"0", "1"} {
		r, err := hub.Open(ctx, partition, hubs.Position{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		readers[partition] = r
	}
	for len(all) < want && ctx.Err() == nil {
		for partition, r := range readers {
			short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			events, err := r.Read(short, nil, 100)
			cancel()
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			for _, e := range events {
				e.Body = bytes.Clone(e.Body)
				all = append(all, placedEvent{e, partition})
			}
		}
	}
	if len(all) != want {
		t.Fatalf("%d events, want %d", len(all), want)
	}
	return all
}

// owners: of two owners that read a partition the later one has it. Where the service
// knows none there is nothing to hold.
func owners(t *testing.T, s HubService) {
	if !s.Owners {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	open := func(owner string) hubs.Reader {
		hub, err := s.Open(ctx, s.Conn, "contract", hubs.Consumer{Group: "$Default", Owner: owner})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(hub.Close)
		r, err := hub.Open(ctx, "0", hubs.Position{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		return r
	}
	s.Send(t, 0, "a")
	first := open("first")
	if events, err := first.Read(ctx, nil, 10); err != nil || text(events) != "a" {
		t.Fatalf("%s, %v", text(events), err)
	}
	if events, err := open("second").Read(ctx, nil, 10); err != nil || text(events) != "a" {
		t.Fatalf("the second owner: %s, %v", text(events), err)
	}
	if events, err := first.Read(ctx, nil, 10); !errors.Is(err, hubs.ErrTaken) {
		t.Errorf("the first owner: %s, %v", text(events), err)
	}
}

func changeFeed(t *testing.T, s ContainerService) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	feed, err := s.Feed(ctx, s.Conn, "db", "docs")
	if err != nil {
		t.Fatal(err)
	}
	if id, err := feed.Identity(ctx); err != nil || id.AccountHost == "" || id.DatabaseRID == "" || id.ContainerRID == "" {
		t.Errorf("identity: %+v, %v", id, err)
	}
	ranges, err := feed.Ranges(ctx)
	if err != nil || len(ranges) != 1 || ranges[0].Min != "" || ranges[0].Max != "FF" {
		t.Fatalf("ranges: %+v, %v", ranges, err)
	}
	read := func(after string, most int) (string, string) {
		t.Helper()
		page, err := feed.Read(ctx, changefeed.Query{Range: ranges[0], After: after, Max: most})
		if err != nil {
			t.Fatal(err)
		}
		return ids(page.Docs), page.Next
	}
	sink, err := s.Sink(ctx, s.Conn, "db", "docs", "")
	if err != nil {
		t.Fatal(err)
	}
	upsert := func(docs ...string) { // one after the other: only those of a key keep their order
		t.Helper()
		for _, d := range docs {
			if err := sink.Upsert(ctx, [][]byte{[]byte(d)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	upsert(`{"id":"1","n":1}`, `{"id":"2","n":1}`, `{"id":"3","n":1}`)
	first, next := read("", 2)
	if first != "1 2" {
		t.Errorf("first page: %s", first)
	}
	rest, end := read(next, 10)
	if rest != "3" {
		t.Errorf("second page: %s", rest)
	}
	if none, again := read(end, 10); none != "" || again == "" {
		t.Errorf("at the end: %s, %q", none, again)
	}
	now, err := feed.Now(ctx, ranges[0])
	if err != nil {
		t.Fatal(err)
	}
	waits(t, ctx, feed, ranges[0], now, func() { upsert(`{"id":"1","n":2}`) })
	if docs, _ := read(now, 10); docs != "1" {
		t.Errorf("after now: %s", docs)
	}
	if docs, _ := read("", 10); docs != "2 3 1" {
		t.Errorf("latest versions in order of change: %s", docs)
	}
	last := [][]byte{[]byte(`{"id":"5","n":1}`), []byte(`{"id":"6"}`), []byte(`{"id":"5","n":2}`)}
	if err := sink.Upsert(ctx, last); err != nil {
		t.Fatal(err)
	}
	page, err := feed.Read(ctx, changefeed.Query{Range: ranges[0], Max: 10})
	if err != nil || !bytes.Contains(bytes.Join(raw(page.Docs), nil), []byte(`"id":"5","n":2`)) {
		t.Errorf("of two versions in a batch the last must be there: %s, %v", page.Docs, err)
	}
	if err := sink.Upsert(ctx, [][]byte{[]byte(`{"id":"4"}`), []byte(`{"no":"id"}`)}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a document without an id: %v", err)
	}
	if _, err := feed.Read(ctx, changefeed.Query{Range: changefeed.Range{ID: "7", Min: "10", Max: "20"}}); !errors.Is(err, changefeed.ErrSplit) {
		t.Errorf("a range that is not there: %v", err)
	}
}

func raw(docs []json.RawMessage) (all [][]byte) {
	for _, d := range docs {
		all = append(all, d)
	}
	return all
}

// waits does something that a source which can wait is woken by.
func waits(t *testing.T, ctx context.Context, feed changefeed.Source, r changefeed.Range, now string, do func()) {
	t.Helper()
	waiter, can := feed.(changefeed.Waiter)
	if !can {
		do()
		return
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		do()
	}()
	if err := waiter.Wait(ctx, r, now); err != nil {
		t.Fatal(err)
	}
	<-written
	ended, stop := context.WithCancel(ctx)
	stop()
	if err := waiter.Wait(ended, r, `"999999"`); err == nil {
		t.Error("waiting with an ended context succeeded")
	}
}

func ids[D ~[]byte](docs []D) string {
	out := ""
	for _, d := range docs {
		var doc struct{ ID string }
		if json.Unmarshal(d, &doc) != nil {
			return "broken: " + string(d)
		}
		if out != "" {
			out += " "
		}
		out += doc.ID
	}
	return out
}

func leases(t *testing.T, s ContainerService) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	l, err := s.Service.Leases(ctx, s.Conn, "db", "leases", false)
	if err != nil {
		t.Fatal(err)
	}
	fails := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	_, err = l.Read(ctx, "p..x")
	fails("reading nothing", err, changefeed.ErrMissing)
	made, err := l.Create(ctx, []byte(`{"id":"p..x","Owner":null}`))
	if err != nil || made == "" {
		t.Fatalf("%q, %v", made, err)
	}
	_, err = l.Create(ctx, []byte(`{"id":"p..x"}`))
	fails("creating twice", err, changefeed.ErrExists)
	if etag := etagOf(t, l, "p..x"); etag != made {
		t.Errorf("read with the ETag %s, made with %s", etag, made)
	}
	second, err := l.Replace(ctx, []byte(`{"id":"p..x","Owner":"me"}`), made)
	if err != nil || second == made {
		t.Errorf("%q, %v", second, err)
	}
	_, err = l.Replace(ctx, []byte(`{"id":"p..x"}`), made)
	fails("replacing an older version", err, changefeed.ErrChanged)
	_, err = l.Replace(ctx, []byte(`{"id":"p..y"}`), made)
	fails("replacing nothing", err, changefeed.ErrMissing)
	if _, err := l.Create(ctx, []byte(`{"id":"q..x"}`)); err != nil {
		t.Fatal(err)
	}
	all, err := l.List(ctx, "p..")
	if err != nil || len(all) != 1 || !bytes.Contains(all[0], []byte(`"me"`)) {
		t.Errorf("listed %s, %v", all, err)
	}
	fails("deleting an older version", l.Delete(ctx, []byte(`{"id":"p..x"}`), made), changefeed.ErrChanged)
	if err := l.Delete(ctx, []byte(`{"id":"p..x"}`), second); err != nil {
		t.Error(err)
	}
	fails("deleting twice", l.Delete(ctx, []byte(`{"id":"p..x"}`), second), changefeed.ErrMissing)
}

func etagOf(t *testing.T, l changefeed.LeaseStore, id string) string {
	t.Helper()
	doc, err := l.Read(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		ETag string `json:"_etag"`
	}
	if err := json.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	return got.ETag
}

// reader reads documents by id and asks for all of them.
func reader(t *testing.T, s ContainerService) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sink, err := s.Sink(ctx, s.Conn, "db", "docs", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Upsert(ctx, [][]byte{[]byte(`{"id":"1","n":7}`), []byte(`{"id":"2"}`)}); err != nil {
		t.Fatal(err)
	}
	r, err := s.Service.Reader(ctx, s.Conn, "db", "docs")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"1", "3"} {
		doc, err := r.Read(ctx, id, &id)
		if err != nil || bytes.Contains(doc, []byte(`"n":7`)) != (id == "1") || (doc == nil) != (id == "3") {
			t.Errorf("document %s: %s, %v", id, doc, err)
		}
	}
	rows, err := r.Query(ctx, containers.Query{Text: "SELECT * FROM c"})
	if got := strings.Fields(ids(rows)); err != nil || len(got) != 2 || !slices.Contains(got, "1") || !slices.Contains(got, "2") { // in no order
		t.Errorf("all documents: %s, %v", got, err)
	}
}

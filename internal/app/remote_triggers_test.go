package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/blobs"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	remoteblobs "github.com/lazuli-dev/lazuli/internal/remote/blobs"
	remotecosmos "github.com/lazuli-dev/lazuli/internal/remote/cosmos"
	"github.com/lazuli-dev/lazuli/internal/remote/hoststate"
	remotequeues "github.com/lazuli-dev/lazuli/internal/remote/queues"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// line is the way to another process, which can be cut as when either is killed.
type line struct {
	cut  atomic.Bool
	sent atomic.Int64
}

// Do implements policy.Transporter.
func (l *line) Do(r *http.Request) (*http.Response, error) {
	l.sent.Add(1)
	if l.cut.Load() {
		return nil, errors.New("connection refused")
	}
	return http.DefaultClient.Do(r)
}

// remoteHost is a trigger of a function whose sources are in another process.
type remoteHost struct {
	t     *testing.T
	calls endtest.Recorder
	line  line

	mu    sync.Mutex
	waits string // what the function waits for; guarded by mu

	stop func()
}

// setup is what its trigger is made of. Setting S leads to the other process.
func (h *remoteHost) setup(owner, declaration, connection string) trigger.Setup {
	s := endtest.Setup(h.t, declaration, "", &h.calls)
	s.Owner, s.Settings = owner, settings.New(map[string]string{"S": connection, settings.HostStorage: connection})
	s.Waits = func(clause string) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.waits = clause
	}
	return s
}

func (h *remoteHost) waiting() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waits
}

// run runs the trigger until stop is called, and again when it fails, as a host does.
func (h *remoteHost) run(tr trigger.Listener) {
	ctx, cancel := context.WithCancel(h.t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		for ctx.Err() == nil {
			if err := tr.Run(ctx); err != nil {
				h.t.Log("the trigger ended: ", err)
			}
			select {
			case <-time.After(200 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	h.stop = func() { cancel(); ended.Wait() }
	h.t.Cleanup(h.stop)
}

// handed are the texts that the function was given.
func (h *remoteHost) handed() (all []string) {
	for _, c := range h.calls.Calls() {
		v := c.Data(worker.Capabilities{})
		if d, isText := v.GetData().(*funcrpc.TypedData_String_); isText {
			all = append(all, d.String_)
			continue
		}
		if d, isBytes := v.GetData().(*funcrpc.TypedData_Bytes); isBytes { // of a blob
			all = append(all, string(d.Bytes))
			continue
		}
		var docs []struct{ ID string }
		if err := json.Unmarshal([]byte(v.GetJson()), &docs); err != nil {
			h.t.Error(err)
		}
		for _, d := range docs {
			all = append(all, d.ID)
		}
	}
	return all
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(keyWait); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

const feedDeclaration = `{"name":"docs","type":"cosmosDBTrigger","databaseName":"db","containerName":"docs","connection":"S","startFromBeginning":true,` +
	`"feedPollDelay":50,"leaseAcquireInterval":100,"leaseRenewInterval":200,"leaseExpirationInterval":1500}`

// feedHost is a host with a cosmosDBTrigger.
func feedHost(t *testing.T, owner, connection string, service func(*line) container.Service) *remoteHost {
	t.Helper()
	h := &remoteHost{t: t}
	tr, err := container.NewTrigger(service(&h.line), h.setup(owner, feedDeclaration, connection))
	if err != nil {
		t.Fatal(err)
	}
	h.run(tr)
	return h
}

func overTheLine(l *line) container.Service { return &remotecosmos.Service{Transport: l} }

// write writes documents into the process itself.
func (r *rig) write(ids ...string) {
	r.t.Helper()
	sink, err := r.app.house.localContainers(nil).Sink(context.Background(), connection(r.t, settings.CosmosDB, r.documents()), "db", "docs", "")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, id := range ids {
		if err := sink.Upsert(context.Background(), [][]byte{[]byte(`{"id":"` + id + `"}`)}); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestHostsShareRemoteFeed: of two hosts on one container of another process one works;
// when it is killed the other goes on, and no document is lost.
func TestHostsShareRemoteFeed(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	r := another(t, twoContainers)
	one := feedHost(t, "one", r.documents(), overTheLine)
	r.write("a", "b", "c")
	eventually(t, "the first host works", func() bool { return len(one.handed()) == 3 })
	two := feedHost(t, "two", r.documents(), overTheLine)
	r.write("d", "e")
	eventually(t, "the first host goes on", func() bool { return len(one.handed()) == 5 })
	if got := two.handed(); len(got) != 0 {
		t.Errorf("the second host has %v", got)
	}
	one.line.cut.Store(true)
	r.write("f", "g")
	one.stop()
	r.write("h")
	eventually(t, "the second host takes over", func() bool { return slices.Contains(two.handed(), "h") })
	all := append(one.handed(), two.handed()...)
	slices.Sort(all)
	if got := strings.Join(slices.Compact(all), ""); got != "abcdefgh" {
		t.Errorf("handed %s", got)
	}
}

// TestLeasesOfBoth: what the host of a process has read of its own container a host of
// another process goes on with, and the other way round.
func TestLeasesOfBoth(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	r := another(t, twoContainers)
	inside := func(*line) container.Service { return r.app.house.localContainers(nil) }
	for n, service := range []func(*line) container.Service{inside, overTheLine, inside, overTheLine} {
		id := fmt.Sprint("d", n)
		r.write(id)
		h := feedHost(t, fmt.Sprint("host", n), r.documents(), service)
		eventually(t, "host "+id, func() bool { return len(h.handed()) > 0 })
		h.stop()
		if got := h.handed(); len(got) != 1 || got[0] != id {
			t.Errorf("host %d was handed %v", n, got)
		}
	}
}

// TestRemoteAway: while the other process does not answer the function waits and says
// for what, asks seldom, and goes on by itself.
func TestRemoteAway(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	r := another(t, twoContainers)
	h := feedHost(t, "one", r.documents(), overTheLine)
	r.write("a")
	eventually(t, "it works", func() bool { return len(h.handed()) == 1 })
	h.line.cut.Store(true)
	r.write("b")
	eventually(t, "it waits", func() bool {
		return regexp.MustCompile(`the changes of container db/docs do not come: .*setting S.*cannot be reached: .*refused`).MatchString(h.waiting())
	})
	before := h.line.sent.Load()
	time.Sleep(time.Second)
	if n := h.line.sent.Load() - before; n > 60 { // at most 20 reads, 10 looks at leases and 5 signs of life, some of them tried thrice
		t.Errorf("%d requests in a second while it is away", n)
	}
	h.line.cut.Store(false)
	eventually(t, "it goes on", func() bool { return len(h.handed()) >= 2 && h.waiting() == "" })
	if got := strings.Join(h.handed(), " "); got != "a b" {
		t.Errorf("handed %s", got)
	}
}

// TestRemoteQueueTrigger: messages of another process are worked off, and one that
// fails goes to its poison queue there.
func TestRemoteQueueTrigger(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	r := another(t, "{}")
	text := r.wholeStorage(resource.DefaultStorage)
	h := &remoteHost{t: t}
	clients := &storage.Clients{Transport: &h.line}
	h.calls.Answer = func(context.Context, int) error {
		if handed := h.handed(); handed[len(handed)-1] == "bad" {
			return errors.New("bad")
		}
		return nil
	}
	end := queues.End{Queues: &remotequeues.Service{Clients: clients}}
	tr, err := queues.NewTrigger(end, h.setup("one", `{"name":"m","type":"queueTrigger","queueName":"work","connection":"S"}`, text))
	if err != nil {
		t.Fatal(err)
	}
	h.run(tr)
	eventually(t, "it waits for the queue", func() bool { return h.waiting() == "the queue work does not exist" })
	local, c := r.app.house.localQueues(), connection(t, settings.StorageQueues, text)
	q, err := local.Need(t.Context(), c, "work", queues.Send)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"Z29vZA==", "YmFk"} { // good, bad
		if err := q.Put(t.Context(), []byte(m), 0); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the bad one is set aside", func() bool {
		poison, err := local.Open(t.Context(), c, "work-poison", queues.Process)
		if err != nil {
			return false
		}
		n, err := poison.Length(t.Context())
		left, leftErr := q.Length(t.Context())
		return err == nil && n == 1 && leftErr == nil && left == 0
	})
	handed := h.handed()
	slices.Sort(handed)
	if got := strings.Join(handed, " "); got != "bad bad bad bad bad good" {
		t.Errorf("handed %s", got)
	}
}

// TestRemoteBlobTrigger: blobs of another process run the function once each, those
// that were there and those that come, also over a new start.
func TestRemoteBlobTrigger(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	r := another(t, "storage: {containers: [inbox]}")
	text := r.wholeStorage(resource.DefaultStorage)
	clients := &storage.Clients{}
	c := connection(t, settings.Storage, text)
	account, err := clients.Blobs(c)
	if err != nil {
		t.Fatal(err)
	}
	messages := &remotequeues.Service{Clients: clients}
	end := blobs.End{
		Blobs: &remoteblobs.Service{Clients: clients, Every: 50 * time.Millisecond}, Queues: messages,
		State: func(*settings.Settings) (state.Blobs, error) { return hoststate.New(account, "S"), nil },
		Work: func(ctx context.Context, _ *settings.Settings, name string) (queues.Queue, error) {
			return messages.Need(ctx, connection(t, settings.StorageQueues, text), name, queues.Process)
		},
	}
	inbox, err := r.app.house.localBlobs().Open(t.Context(), c, "inbox", blobs.Write)
	if err != nil {
		t.Fatal(err)
	}
	host := func() *remoteHost {
		h := &remoteHost{t: t}
		tr, err := blobs.NewTrigger(end, h.setup("one", `{"name":"b","type":"blobTrigger","path":"inbox/{name}.txt","connection":"S"}`, text))
		if err != nil {
			t.Fatal(err)
		}
		h.run(tr)
		return h
	}
	put := func(name, content string) {
		t.Helper()
		if err := inbox.Write(t.Context(), name, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	put("a.txt", "of a")
	put("other.bin", "no")
	first := host()
	eventually(t, "what was there", func() bool { return len(first.handed()) == 1 })
	put("b.txt", "of b")
	eventually(t, "what comes", func() bool { return len(first.handed()) == 2 })
	first.stop()
	put("c.txt", "of c")
	second := host()
	eventually(t, "what came meanwhile", func() bool { return len(second.handed()) > 0 })
	second.stop()
	if got := strings.Join(append(first.handed(), second.handed()...), ", "); got != "of a, of b, of c" {
		t.Errorf("handed %s", got)
	}
}

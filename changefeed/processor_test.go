package changefeed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/changefeed"
)

// seen are the ids that handlers were given, in their order.
type seen struct {
	mu    sync.Mutex
	ids   []string
	fails int // how often a handler still fails
}

func (s *seen) handle(_ context.Context, docs []json.RawMessage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range docs {
		var got struct{ ID string }
		if err := json.Unmarshal(d, &got); err != nil {
			return err
		}
		s.ids = append(s.ids, got.ID)
	}
	if s.fails > 0 {
		s.fails--
		return errors.New("not yet")
	}
	return nil
}

func (s *seen) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ids)
}

func (s *seen) sorted() string {
	all := s.all()
	slices.Sort(all)
	return strings.Join(all, " ")
}

// start runs a processor; stop ends it and waits.
func start(t *testing.T, p *changefeed.Processor) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
}

// pass lets time go by.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

var beginning = changefeed.Options{StartFromBeginning: true, Owner: "me"}

// TestDocuments holds the shape that .NET's processor shares.
func TestDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(1), &seen{}
		a.put("1", "2")
		stop := start(t, a.processor(t, s.handle, beginning))
		pass(time.Second)
		got, err := json.Marshal(a.leases())
		if err != nil {
			t.Fatal(err)
		}
		stamp := time.Now().Add(-time.Second).UTC()
		want := `{"..0":{"ContinuationToken":"\"2\"","FeedRange":{"Range":{"max":"FF","min":""}},"LeaseToken":"0","Mode":"Incremental Feed","Owner":"me","_etag":"\"v7\"","_ts":` +
			strconv.FormatInt(stamp.Unix(), 10) + `,"id":"` + prefix + `..0","properties":{},"timestamp":"` + stamp.Format(time.RFC3339Nano) + `","version":0},` +
			`".info":{"_etag":"\"v5\"","_ts":` + strconv.FormatInt(stamp.Unix(), 10) + `,"id":"` + prefix + `.info"}}`
		if string(got) != want {
			t.Errorf("the lease container has\n%s, want\n%s", got, want)
		}
		stop()
		if lease := a.leases()["..0"]; lease["Owner"] != nil {
			t.Errorf("after the end the owner is %v", lease["Owner"])
		}
		if s.sorted() != "1 2" {
			t.Errorf("handled %s", s.sorted())
		}
	})
}

// TestContinuesOther goes on where .NET's processor stopped.
func TestContinuesOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(1), &seen{}
		a.put("1", "2", "3")
		text := `{"id":"` + prefix + `..0","_etag":"x","LeaseToken":"0","Owner":null,"ContinuationToken":"\"2\"","properties":{},` +
			`"timestamp":"2026-01-02T03:04:05.1234567Z","_ts":1767323045}`
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatal(err)
		}
		a.mu.Lock()
		a.store("leases", prefix+"..0", fields)
		a.store("leases", prefix+".info", map[string]json.RawMessage{"id": json.RawMessage(`"` + prefix + `.info"`)})
		a.mu.Unlock()
		stop := start(t, a.processor(t, s.handle, beginning))
		pass(time.Second)
		stop()
		if s.sorted() != "3" {
			t.Errorf("handled %s", s.sorted())
		}
	})
}

// TestTakesOver: leases in every shape that .NET's processors have written are taken from
// an owner that is silent, and stay leases that .NET reads: each field has the type that
// it has there, and what this package has no use for is as it was. .NET itself does not
// run here; the shapes are those of its source.
func TestTakesOver(t *testing.T) {
	for name, c := range map[string]struct{ text, token string }{
		"a range by its id":        {`{"id":"..0","version":0,"_etag":"x","LeaseToken":"0","FeedRange":{"Range":{"min":"","max":"FF"}},"Owner":"net","ContinuationToken":"\"2\"","properties":{"a":"b"},"timestamp":"1999-01-02T03:04:05.1234567Z","_ts":915246245,"Mode":"Incremental Feed"}`, "0"},
		"a range by what is in it": {`{"id":"..-FF","version":1,"_etag":"x","LeaseToken":"-FF","FeedRange":{"Range":{"min":"","max":"FF"}},"Owner":"net","ContinuationToken":"\"2\"","properties":{},"timestamp":"1999-01-02T03:04:05.1Z","_ts":915246245}`, "-FF"},
		"never owned":              {`{"id":"..0","version":0,"_etag":"x","LeaseToken":"0","FeedRange":{"Range":{"min":"","max":"FF"}},"Owner":null,"ContinuationToken":"\"2\"","properties":{},"timestamp":null,"_ts":915246245}`, "0"},
		"an SDK before FeedRange":  {`{"id":"..0","_etag":"x","LeaseToken":"0","Owner":"net","ContinuationToken":"\"2\"","properties":{},"timestamp":"1999-01-02T03:04:05Z","_ts":915246245}`, "0"},
		"the SDK 2":                {`{"id":"..0","PartitionId":"0","_etag":"x","Owner":"net","ContinuationToken":"\"2\"","properties":{},"timestamp":"1999-01-02T03:04:05Z","_ts":915246245}`, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, s := newAccount(1), &seen{}
				a.put("1", "2", "3")
				var fields map[string]json.RawMessage
				if err := json.Unmarshal([]byte(strings.Replace(c.text, `"id":"`, `"id":"`+prefix, 1)), &fields); err != nil {
					t.Fatal(err)
				}
				a.mu.Lock()
				a.store("leases", prefix+".."+c.token, maps.Clone(fields))
				a.store("leases", prefix+".info", map[string]json.RawMessage{"id": json.RawMessage(`"` + prefix + `.info"`)})
				for _, d := range a.docs {
					d.fields["_ts"] = fields["_ts"]
				}
				a.mu.Unlock()
				stop := start(t, a.processor(t, s.handle, beginning))
				pass(time.Second)
				lease := a.leases()[".."+c.token]
				stop()
				if s.sorted() != "3" {
					t.Errorf("handled %s", s.sorted())
				}
				if len(tokens(a)) != 1 || lease["Owner"] != "me" || lease["LeaseToken"] != c.token || lease["ContinuationToken"] != `"3"` {
					t.Errorf("lease %v", lease)
				}
				for _, same := range []string{"FeedRange", "properties", "Mode", "PartitionId"} {
					got, _ := json.Marshal(lease[same])
					if was, had := fields[same]; had && string(got) != strings.ReplaceAll(string(was), `"min":"","max":"FF"`, `"max":"FF","min":""`) {
						t.Errorf("%s became %s of %s", same, got, was)
					}
				}
				text, _ := lease["timestamp"].(string)
				if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$`).MatchString(text) {
					t.Errorf("timestamp %v", lease["timestamp"])
				}
				if version := lease["version"]; version != 0.0 && version != 1.0 {
					t.Errorf("version %v", version)
				}
			})
		})
	}
}

// TestStarts: by default nothing that was there before, and none of what comes while
// nobody runs is lost.
func TestStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, now, from := newAccount(2), &seen{}, &seen{}
		a.put("a", "b")
		time.Sleep(2 * time.Second)
		moment := time.Now()
		a.put("c")
		stop := start(t, a.processor(t, now.handle, changefeed.Options{}))
		pass(time.Second)
		stop()
		a.put("d", "e")
		stop = start(t, a.processor(t, now.handle, changefeed.Options{}))
		stopOther := start(t, a.processor(t, from.handle, changefeed.Options{Prefix: "other", StartFrom: moment}))
		pass(time.Second)
		stop()
		stopOther()
		if now.sorted() != "d e" || from.sorted() != "c d e" {
			t.Errorf("from now on %s, from a time %s", now.sorted(), from.sorted())
		}
	})
}

// TestOrder: batches of a range come one after the other, of the size asked for.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(1)
		var want []string
		for i := range 25 {
			want = append(want, fmt.Sprintf("%02d", i))
		}
		a.put(want...)
		s := &seen{}
		most, running := 0, 0
		handle := func(ctx context.Context, docs []json.RawMessage) error {
			running++
			most = max(most, len(docs), 10*running)
			defer func() { running-- }()
			time.Sleep(time.Millisecond)
			return s.handle(ctx, docs)
		}
		stop := start(t, a.processor(t, handle, changefeed.Options{StartFromBeginning: true, MaxItems: 10}))
		pass(time.Second)
		stop()
		if !slices.Equal(s.all(), want) || most != 10 {
			t.Errorf("handled %v, at most %d at once", s.all(), most)
		}
	})
}

// TestHandlerFails: what a handler failed on comes again, and nothing overtakes it.
func TestHandlerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(1), &seen{fails: 2}
		var told []string
		o := beginning
		o.State = func(lease string, err error) { told = append(told, fmt.Sprint(lease, " ", err)) }
		a.put("1")
		stop := start(t, a.processor(t, s.handle, o))
		pass(time.Second)
		a.put("2")
		pass(30 * time.Second)
		stop()
		if got := strings.Join(s.all(), " "); got != "1 1 2 1 2" {
			t.Errorf("handled %s", got)
		}
		if got := strings.Join(told, ", "); got != "0 the handler of range 0: not yet, 0 <nil>, 0 the handler of range 0: not yet, 0 <nil>" {
			t.Errorf("told %s", got)
		}
	})
}

// TestInstances share the ranges, and take over what a killed one had; nothing is
// lost.
func TestInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, first, second := newAccount(4), &seen{}, &seen{}
		stop := start(t, a.processor(t, first.handle, changefeed.Options{Owner: "first", StartFromBeginning: true}))
		pass(time.Second)
		killed, kill := context.WithCancel(t.Context())
		dead := make(chan error, 1)
		cut := newCut(a)
		go func() {
			dead <- cut.processor(t, second.handle, changefeed.Options{Owner: "second", StartFromBeginning: true}).Run(killed)
		}()
		pass(3 * 13 * time.Second)
		if got := owners(a); got != "first 2, second 2" {
			t.Errorf("after a while %s", got)
		}
		// They do not fight. After five minutes the client asks anew for the account's
		// places, beside its requests, and races with them: a fault of its own.
		pass(2 * time.Minute)
		if got := owners(a); got != "first 2, second 2" {
			t.Errorf("later %s", got)
		}
		a.put("a", "b", "c", "d", "e", "f", "g", "h")
		pass(10 * time.Second)
		cut.off()
		kill()
		<-dead
		a.put("i", "j", "k", "l", "m", "n", "o", "p")
		pass(time.Minute + 3*13*time.Second)
		if got := owners(a); got != "first 4" {
			t.Errorf("after one was killed %s", got)
		}
		stop()
		all := append(first.all(), second.all()...)
		slices.Sort(all)
		if got := strings.Join(slices.Compact(all), ""); got != "abcdefghijklmnop" || len(second.all()) == 0 {
			t.Errorf("handled %s, the second %v", got, second.all())
		}
	})
}

// TestComesAgain: an instance that keeps its name has its leases back at once.
func TestComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(2), &seen{}
		killed, kill := context.WithCancel(t.Context())
		dead := make(chan error, 1)
		cut := newCut(a)
		go func() { dead <- cut.processor(t, s.handle, beginning).Run(killed) }()
		pass(time.Second)
		cut.off()
		kill()
		<-dead
		a.put("1", "2", "3")
		stop := start(t, a.processor(t, s.handle, beginning))
		pass(time.Second)
		stop()
		if s.sorted() != "1 2 3" {
			t.Errorf("handled %s", s.sorted())
		}
	})
}

// owners says who has how many leases.
func owners(a *account) string {
	n := map[string]int{}
	for name, lease := range a.leases() {
		if strings.HasPrefix(name, "..") {
			n[fmt.Sprint(lease["Owner"])]++
		}
	}
	var all []string
	for owner, count := range n {
		all = append(all, fmt.Sprint(owner, " ", count))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// TestSplit: a range that is split goes on as its parts, also twice and while
// documents come.
func TestSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(1), &seen{}
		stop := start(t, a.processor(t, s.handle, beginning))
		a.put("a", "b", "c", "d")
		pass(10 * time.Second)
		a.split("0")
		a.put("e", "f", "g", "h", "i", "j", "k", "l")
		pass(20 * time.Second)
		a.split("01")
		a.put("m", "n", "o", "p")
		pass(20 * time.Second)
		if got := strings.Join(tokens(a), " "); got != "00 010 011" {
			t.Errorf("leases %s", got)
		}
		stop()
		if got := strings.ReplaceAll(s.sorted(), " ", ""); got != "abcdefghijklmnop" {
			t.Errorf("handled %s", got)
		}
	})
}

// TestSplitWhileAway: who was not there when a range was split finds its parts.
func TestSplitWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(1), &seen{}
		a.put("a", "b")
		stop := start(t, a.processor(t, s.handle, beginning))
		pass(time.Second)
		stop()
		a.put("c", "d")
		a.split("0")
		a.put("e", "f")
		stop = start(t, a.processor(t, s.handle, beginning))
		pass(time.Minute)
		stop()
		if got := s.sorted(); got != "a b c d e f" {
			t.Errorf("handled %s", got)
		}
	})
}

// TestMerge: ranges that are merged go on apart, each with its own position, and can
// be split again.
func TestMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(2), &seen{}
		a.put("a", "b", "c", "d")
		stop := start(t, a.processor(t, s.handle, beginning))
		pass(time.Second)
		a.merge()
		a.put("e", "f", "g", "h")
		pass(20 * time.Second)
		if got := strings.Join(tokens(a), " "); got != "-80 80-FF" {
			t.Errorf("leases %s", got)
		}
		if version := a.leases()["..80-FF"]["version"]; version != 1.0 {
			t.Errorf("version %v", version)
		}
		a.split("9")
		a.split("91")
		a.put("i", "j", "k", "l")
		pass(time.Minute)
		if got := strings.Join(tokens(a), " "); got != "-80 80-C0 C0-FF" {
			t.Errorf("leases after it was split %s", got)
		}
		stop()
		if got := strings.ReplaceAll(s.sorted(), " ", ""); got != "abcdefghijkl" {
			t.Errorf("handled %s", got)
		}
	})
}

func tokens(a *account) (all []string) {
	for name := range a.leases() {
		if token, ok := strings.CutPrefix(name, ".."); ok {
			all = append(all, token)
		}
	}
	slices.Sort(all)
	return all
}

// TestAway: while the account does not answer the processor waits, says so, asks
// seldom, and goes on by itself.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(1), &seen{}
		var mu sync.Mutex
		state := map[string]error{}
		o := beginning
		o.State = func(lease string, err error) {
			mu.Lock()
			defer mu.Unlock()
			state[lease] = err
		}
		stop := start(t, a.processor(t, s.handle, o))
		pass(time.Second)
		a.setAway(true)
		before := a.asked()
		pass(4 * time.Minute) // the client asks for more of its own after five: see TestInstances
		if n := a.asked() - before; n > 120 || n < 16 {
			t.Errorf("%d requests in four minutes", n)
		}
		mu.Lock()
		if state["0"] == nil || state[""] == nil {
			t.Errorf("the state is %v", state)
		}
		mu.Unlock()
		a.put("1")
		a.setAway(false)
		pass(20 * time.Second)
		mu.Lock()
		if state["0"] != nil || state[""] != nil {
			t.Errorf("the state is still %v", state)
		}
		mu.Unlock()
		stop()
		if s.sorted() != "1" {
			t.Errorf("handled %s", s.sorted())
		}
	})
}

// TestSaveFails: a batch whose position could not be saved is not handled again while
// the lease is held.
func TestSaveFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(1), &seen{}
		stop := start(t, a.processor(t, func(ctx context.Context, docs []json.RawMessage) error {
			a.setAway(true)
			return s.handle(ctx, docs)
		}, beginning))
		pass(time.Second)
		a.put("1")
		pass(time.Minute)
		a.setAway(false)
		pass(10 * time.Second)
		stop()
		if got := strings.Join(s.all(), " "); got != "1" {
			t.Errorf("handled %s", got)
		}
		if got := a.leases()["..0"]["ContinuationToken"]; got == nil {
			t.Error("no position was saved")
		}
	})
}

// TestDeleted: a container that is made anew is another.
func TestDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(1)
		done := make(chan error, 1)
		go func() { done <- a.processor(t, (&seen{}).handle, beginning).Run(t.Context()) }()
		pass(time.Second)
		a.mu.Lock()
		a.rid = "another="
		a.mu.Unlock()
		if err := <-done; !errors.Is(err, changefeed.ErrDeleted) {
			t.Errorf("%v", err)
		}
	})
}

// TestStolen: who loses a lease is told by the context, and saves nothing.
func TestStolen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(1)
		a.put("1")
		told := make(chan struct{})
		stop := start(t, a.processor(t, func(ctx context.Context, _ []json.RawMessage) error {
			<-ctx.Done()
			close(told)
			return nil
		}, beginning))
		pass(time.Second)
		a.mu.Lock()
		lease := a.docs["leases/"+prefix+"..0"]
		lease.fields["Owner"] = json.RawMessage(`"thief"`)
		a.store("leases", lease.id, lease.fields)
		a.mu.Unlock()
		pass(18 * time.Second)
		select {
		case <-told:
		default:
			t.Error("the handler was not told")
		}
		stop()
		if got := a.leases()["..0"]; got["Owner"] != "thief" || got["ContinuationToken"] != nil {
			t.Errorf("the lease is %v", got)
		}
	})
}

// TestOwnKey: a lease container may have the partition key /partitionKey.
func TestOwnKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(2), &seen{}
		a.key = "/partitionKey"
		a.put("1", "2", "3")
		for range 2 {
			stop := start(t, a.processor(t, s.handle, beginning))
			pass(time.Second)
			stop()
		}
		if s.sorted() != "1 2 3" {
			t.Errorf("handled %s", s.sorted())
		}
		if key := a.leases()["..0"]["partitionKey"]; key != prefix+"..0" {
			t.Errorf("the key of a lease is %v", key)
		}
	})
}

// TestLock: two that begin together make the leases once, and a lock that was left is
// taken away.
func TestLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newAccount(3), &seen{}
		a.mu.Lock()
		a.store("leases", prefix+".lock", map[string]json.RawMessage{"id": json.RawMessage(`"` + prefix + `.lock"`), "ttl": json.RawMessage("30")})
		a.mu.Unlock()
		a.put("1", "2", "3")
		one := start(t, a.processor(t, s.handle, changefeed.Options{StartFromBeginning: true}))
		two := start(t, a.processor(t, s.handle, changefeed.Options{StartFromBeginning: true}))
		pass(20 * time.Second)
		if len(s.all()) != 0 {
			t.Error("the lock did not hold")
		}
		pass(13 * time.Second)
		one()
		two()
		if s.sorted() != "1 2 3" {
			t.Errorf("handled %s", s.sorted())
		}
		if a.leases()[".lock"] != nil {
			t.Error("the lock is still there")
		}
	})
}

// TestRefuses says what cannot be.
func TestRefuses(t *testing.T) {
	docs, err := changefeed.NewContainerWithKey("https://account.example", "a2V5", "db", "docs", nil)
	if err != nil {
		t.Fatal(err)
	}
	handle := (&seen{}).handle
	_, both := changefeed.New(docs, changefeed.Leases(nil), handle, &changefeed.Options{StartFromBeginning: true, StartFrom: time.Now()})
	_, nothing := changefeed.New(nil, nil, nil, nil)
	_, address := changefeed.NewContainerWithKey("account.example", "a2V5", "db", "docs", nil)
	_, key := changefeed.NewContainerWithKey("https://account.example", "secret!", "db", "docs", nil)
	_, text := changefeed.NewContainerFromConnectionString("AccountKey=a2V5", "db", "docs", nil)
	_, names := changefeed.NewContainerWithKey("https://account.example", "a2V5", "", "docs", nil)
	got := fmt.Sprint(errors.Join(both, nothing, address, key, text, names))
	for _, want := range []string{"exclude each other", "a handler are needed", "is no address", "not base64", "needs AccountEndpoint", "a database and"} {
		if !strings.Contains(got, want) {
			t.Errorf("no word of %q in %s", want, got)
		}
	}
	if strings.Contains(got, "secret!") {
		t.Error("the key is told")
	}
}

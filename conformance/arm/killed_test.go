package arm

import (
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// kills is how often lazuli is killed within one apply.
const kills = 12

// TestKilledApply kills lazuli while it makes what the recorded run made, a dozen times
// at random moments, starts it again and sends the call again, as another apply does.
// In the end all reads are as recorded, so a plan is empty; then what was recorded
// destroys all of it, with two kills more, and nothing is left on disk.
func TestKilledApply(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any number
	if os.Getenv("LAZULI_SEED") != "" {
		if err := json.Unmarshal([]byte(os.Getenv("LAZULI_SEED")), &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("LAZULI_SEED=%d", seed)
	k := &killed{t: t, l: lab.Up(t, project), random: rand.New(rand.NewPCG(seed, 0)), same: translation{}} //nolint:gosec // not for secrets
	calls := read(t, "testdata/fixture.jsonl")
	k.begin(calls)
	last, writes := 0, 0
	for i, c := range calls {
		if c.Method == http.MethodPut || c.Method == http.MethodPatch {
			last, writes = i, writes+1
		}
	}
	in := k.chosen(writes, kills)
	for i, n := 0, 0; i <= last; i++ {
		c := calls[i]
		if c.Method != http.MethodPut && c.Method != http.MethodPatch {
			k.send(c) // for the ids in it; a read in the middle may find less
			continue
		}
		if in[n] {
			k.kill(c)
		}
		if got := k.send(c); got.StatusCode > 299 {
			t.Fatalf("%v after %d kills: %s %s", c, k.times, got.Status, got.text)
		}
		n++
	}
	if k.times != kills {
		t.Errorf("it was killed %d times, not %d", k.times, kills)
	}
	var destroy []call
	for _, c := range calls[last+1:] {
		if c.Method == http.MethodDelete {
			destroy = append(destroy, c)
		} else if len(destroy) == 0 {
			k.demand(c)
		}
	}
	in = k.chosen(len(destroy), 2)
	for n, c := range destroy {
		if in[n] {
			k.kill(c)
		}
		if got := k.send(c); got.StatusCode > 299 && got.StatusCode != http.StatusNotFound {
			t.Errorf("%v: %s %s", c, got.Status, got.text)
		}
	}
	k.gone("fixture")
}

// killed is a lazuli that is killed now and then.
type killed struct {
	t      *testing.T
	l      *lab.Lazuli
	m      *manager
	random *rand.Rand
	same   translation
	times  int
}

// begin signs in, and learns what the record calls the caller and the subscription.
func (k *killed) begin(calls []call) {
	k.m = open(k.t, k.l)
	for _, c := range calls {
		if c.Caller != "" {
			k.same[c.Caller] = k.m.me.OID
		}
	}
	k.same[subscriptionOf(k.t, calls)] = k.m.subscription(k.t)
}

// chosen are n of so many, at random.
func (k *killed) chosen(of, n int) map[int]bool {
	all := map[int]bool{}
	for _, i := range k.random.Perm(of)[:n] {
		all[i] = true
	}
	return all
}

// target is a call's path and body as they are now.
func (k *killed) target(c call) (string, []byte) {
	var body []byte
	if c.Request != nil {
		body = k.same.apply(c.Request)
	}
	target := string(k.same.words(c.Path))
	if c.Query != "" {
		target += "?" + string(k.same.words(c.Query))
	}
	return target, body
}

// send sends a call and learns the ids of its answer.
func (k *killed) send(c call) answer {
	k.t.Helper()
	target, body := k.target(c)
	got := k.m.call(k.t, c.Method, target, body)
	k.compare(c, got)
	return got
}

func (k *killed) compare(c call, got answer) []string {
	var response any
	if len(got.text) > 0 && json.Unmarshal(got.text, &response) != nil {
		return nil
	}
	for _, name := range []string{"Azure-AsyncOperation", "Location"} {
		k.same.learn(c.Header[name], got.Header.Get(name))
	}
	return k.same.differences("", c.Response, response)
}

// demand demands of a call what was recorded.
func (k *killed) demand(c call) {
	k.t.Helper()
	target, body := k.target(c)
	got := k.m.call(k.t, c.Method, target, body)
	faults := k.compare(c, got)
	if got.StatusCode != c.Status || len(faults) > 0 {
		k.t.Errorf("%v: status %d, was %d\n  %s", c, got.StatusCode, c.Status, strings.Join(faults, "\n  "))
	}
}

// kill sends a call, and ends lazuli while that is under way, or shortly before or after.
func (k *killed) kill(c call) {
	k.t.Helper()
	target, body := k.target(c)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		req, err := http.NewRequestWithContext(k.t.Context(), c.Method, "https://"+host+target, strings.NewReader(string(body)))
		if err != nil {
			return
		}
		req.Header.Set("Authorization", "Bearer "+k.m.token)
		req.Header.Set("Content-Type", "application/json")
		if res, err := k.m.client.Do(req); err == nil {
			_ = res.Body.Close()
		}
	}()
	select {
	case <-time.After(time.Duration(k.random.IntN(20)) * time.Millisecond):
	case <-ended:
	}
	k.l.Kill(k.t)
	<-ended
	k.times++
	k.m.client.CloseIdleConnections()
	k.l.Again(k.t)
	k.m = open(k.t, k.l)
}

// gone demands that nothing of a name is left, on disk neither.
func (k *killed) gone(prefix string) {
	k.t.Helper()
	got := k.m.call(k.t, "GET", "/subscriptions/"+k.m.subscription(k.t)+"/resources?api-version=2021-04-01", nil)
	if strings.Contains(string(got.text), prefix) {
		k.t.Errorf("after destroy there are resources: %s", got.text)
	}
	var left []string
	err := filepath.WalkDir(filepath.Join(k.l.Dir, ".lazuli"), func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(filepath.Base(path), prefix) {
			left = append(left, path)
		}
		return err
	})
	if slices.Sort(left); err != nil || left != nil {
		k.t.Errorf("after destroy there is %v (%v)", left, err)
	}
}

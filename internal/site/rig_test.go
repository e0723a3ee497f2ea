package site

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const within = 20 * time.Second

// rig is sites whose apps are folders that somebody looks into.
type rig struct {
	*Sites
	t    *testing.T
	o    Options
	stop func()

	mu     sync.Mutex
	specs  map[string]json.RawMessage // of the store
	blobs  map[string][]byte          // by address
	asked  []As
	runs   []ran
	refuse error // of the blobs
	build  error
	sooner chan struct{}
}

// ran is an app that was run.
type ran struct {
	spec Spec
	code string // what its file says
	over bool
}

func newRig(t *testing.T) *rig {
	t.Helper()
	testkit.NoLeaks(t)
	r := &rig{t: t, specs: map[string]json.RawMessage{}, blobs: map[string][]byte{}, sooner: make(chan struct{})}
	r.o = Options{
		Dir: t.TempDir(), Store: r, Blobs: r, Log: testkit.Discard(),
		Make: r.app, Build: func(_ context.Context, _ string, _ Spec, _ Place, say func(string)) error {
			say("building")
			return r.build
		},
		Sooner: func() <-chan struct{} {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.sooner
		},
	}
	r.open()
	t.Cleanup(func() { r.stop() })
	return r
}

// open opens the sites, as a start does.
func (r *rig) open() {
	r.t.Helper()
	var err error
	if r.Sites, err = Open(r.o); err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	sites := r.Sites
	go func() { defer close(done); _ = sites.Run(ctx) }() // always nil
	r.stop = func() { cancel(); <-done }
}

func (r *rig) All() (map[string]json.RawMessage, error) { return r.specs, nil }

func (r *rig) Save(_ context.Context, name string, _ Spec, text json.RawMessage) error {
	r.specs[name] = text
	return nil
}

func (r *rig) Remove(_ context.Context, name string) error {
	delete(r.specs, name)
	return nil
}

func (r *rig) Read(_ context.Context, address string, as As) (Blob, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, as)
	text, there := r.blobs[address]
	switch {
	case r.refuse != nil:
		return Blob{}, r.refuse
	case !there:
		return Blob{}, fault.New(fault.NotFound, address, "BlobNotFound")
	}
	return Blob{Body: io.NopCloser(bytes.NewReader(text)), Size: int64(len(text))}, nil
}

func (r *rig) Write(_ context.Context, address string, as As, _ int64, body io.Reader) error {
	text, err := io.ReadAll(body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, as)
	if r.refuse != nil {
		return r.refuse
	}
	r.blobs[address] = text
	return err
}

// app is an app that does nothing but run.
type app struct {
	r *rig
	n int
}

func (r *rig) app(_ string, spec Spec, at Place) (App, error) {
	text, err := os.ReadFile(filepath.Join(at.Code, "code.txt"))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs = append(r.runs, ran{spec: spec, code: string(text)})
	return &app{r, len(r.runs) - 1}, nil
}

func (a *app) Run(ctx context.Context) error {
	<-ctx.Done()
	a.r.mu.Lock()
	defer a.r.mu.Unlock()
	a.r.runs[a.n].over = true
	return nil
}

// zipOf is a package whose code says text.
func zipOf(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string]string{"host.json": "{}", "code.txt": text} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (r *rig) put(change func(*Spec)) {
	r.t.Helper()
	_, err := r.Put(r.t.Context(), "shop", func(s *Spec, _ bool) error { change(s); return nil })
	if err != nil {
		r.t.Fatal(err)
	}
}

// until waits until the site is as asked.
func (r *rig) until(what string, is func(State) bool) State {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), within)
	defer cancel()
	for {
		changed := r.Changed()
		s, ok := r.State("shop")
		if ok && is(s) {
			return s
		}
		select {
		case <-changed:
		case <-ctx.Done():
			r.t.Fatalf("it is not %s: %+v", what, s)
		}
	}
}

func (r *rig) untilPhase(p Phase) State {
	r.t.Helper()
	return r.until(string(p), func(s State) bool { return s.Phase == p })
}

// untilCode waits until code of a text runs, and returns by which spec.
func (r *rig) untilCode(text string) Spec {
	r.t.Helper()
	r.until("running "+text, func(s State) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return s.Phase == Running && len(r.runs) > 0 && r.runs[len(r.runs)-1].code == text
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	for n, one := range r.runs {
		if over := n < len(r.runs)-1; one.over != over {
			r.t.Errorf("run %d of %d is over: %v", n, len(r.runs), one.over)
		}
	}
	return r.runs[len(r.runs)-1].spec
}

func (r *rig) deploy(zip []byte, u Upload) Deployment {
	r.t.Helper()
	u.Body, u.Size = bytes.NewReader(zip), int64(len(zip))
	d, err := r.Deploy(r.t.Context(), "shop", u)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), within)
	defer cancel()
	if d, err = r.Wait(ctx, "shop", d.ID); err != nil {
		r.t.Fatal(err)
	}
	return d
}

func logOf(d Deployment) string {
	var lines []string
	for _, l := range d.Log {
		lines = append(lines, l.Text)
	}
	return strings.Join(lines, "\n")
}

var errRefused = errors.New("AuthorizationPermissionMismatch")

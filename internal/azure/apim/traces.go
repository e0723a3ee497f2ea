package apim

import (
	"net/http"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// tracePath is where traces are read, by a name that cannot be guessed.
const tracePath = "/lazuli-traces/"

// maxTraces is how many are kept.
const maxTraces = 100

// traces are the last ones.
type traces struct {
	mu    sync.Mutex // guards what follows
	texts map[string][]byte
	order []string
}

func (t *traces) keep(text []byte) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.texts == nil {
		t.texts = map[string][]byte{}
	}
	name := uuid.New()
	t.texts[name] = text
	if t.order = append(t.order, name); len(t.order) > maxTraces {
		delete(t.texts, t.order[0])
		t.order = t.order[1:]
	}
	return name
}

func (t *traces) serve(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	text, ok := t.texts[strings.TrimPrefix(r.URL.Path, tracePath)]
	t.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // the client may be gone
}

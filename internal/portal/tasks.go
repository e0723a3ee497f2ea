package portal

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	maxTasks  = 16 // that run at a time
	keptTasks = 50 // that have ended
)

// Task says what a background task does.
type Task struct {
	Kind    string // a word that the pages know: export, send, …
	Subject string // the thing that it works on
	To      string // the address of the page that shows it
}

// TaskState is a row of the topic "tasks".
type TaskState struct {
	ID      string  `json:"id"`
	Kind    string  `json:"kind"`
	Subject string  `json:"subject"`
	To      string  `json:"to"`
	State   string  `json:"state"` // busy, ok, bad, off: cancelled
	Done    int64   `json:"done"`
	Of      int64   `json:"of"`   // 0: nobody knows
	Rate    float64 `json:"rate"` // per second, over all of it
	Said    string  `json:"said,omitempty"`
	Error   string  `json:"error,omitempty"`
	Result  string  `json:"result,omitempty"` // the address of what came out
	Started int64   `json:"started"`          // unix milliseconds
	Ended   int64   `json:"ended,omitempty"`
}

// Tasks is work that goes on when the page that began it is closed: an export,
// many events to send. It ends with the process. The zero value has none.
type Tasks struct {
	mu   sync.Mutex // guards the fields below and every task's state
	all  []*task    // oldest first
	stop bool
	wait sync.WaitGroup
}

type task struct {
	state  TaskState
	cancel context.CancelFunc
}

// Progress is how a task says how far it is. Any goroutine may call it.
type Progress struct {
	tasks *Tasks
	task  *task
}

// Of says how much there is to do.
func (p *Progress) Of(total int64) { p.change(func(s *TaskState) { s.Of = total }) }

// Add says that so much more is done.
func (p *Progress) Add(n int64) { p.change(func(s *TaskState) { s.Done += n }) }

// Say replaces the line that tells what it is doing.
func (p *Progress) Say(text string) { p.change(func(s *TaskState) { s.Said = text }) }

// Result says where the outcome is.
func (p *Progress) Result(url string) { p.change(func(s *TaskState) { s.Result = url }) }

func (p *Progress) change(f func(*TaskState)) {
	p.tasks.mu.Lock()
	defer p.tasks.mu.Unlock()
	f(&p.task.state)
}

// Start begins a task and returns its id. Its context ends when somebody
// cancels it or the process stops. With too many under way it is refused
// (fault.Throttled).
func (t *Tasks) Start(what Task, work func(context.Context, *Progress) error) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.room(); err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &task{cancel: cancel, state: TaskState{
		ID: rand.Text(), Kind: what.Kind, Subject: what.Subject, To: what.To, State: "busy", Started: time.Now().UnixMilli(),
	}}
	t.all = append(t.all, k)
	t.trim()
	t.wait.Go(func() {
		err := guarded(func() error { return work(ctx, &Progress{t, k}) })
		t.end(k, err, ctx.Err() != nil)
	})
	return k.state.ID, nil
}

// Room is the refusal that Start would give now, or nil.
func (t *Tasks) Room() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.room()
}

func (t *Tasks) room() error {
	busy := 0
	for _, k := range t.all {
		if k.state.Ended == 0 {
			busy++
		}
	}
	switch {
	case busy >= maxTasks:
		return fault.New(fault.Throttled, "tasks", "%d run already; wait for one to end, or cancel one", busy)
	case t.stop:
		return fault.New(fault.Unavailable, "tasks", "lazuli is stopping")
	}
	return nil
}

// guarded makes a panic an error, as net/http does of a request's: a mistake in
// one task stops no database. The stack is in the error, for whoever mends it.
func guarded(work func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.New(fault.Internal, "task", "a mistake of lazuli ended it: %v\n%s", r, debug.Stack())
		}
	}()
	return work()
}

// end notes how a task ended.
func (t *Tasks) end(k *task, err error, cancelled bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k.cancel()
	k.state.Ended = time.Now().UnixMilli()
	switch {
	case cancelled:
		k.state.State = "off"
	case err != nil:
		k.state.State, k.state.Error = "bad", err.Error()
	default:
		k.state.State = "ok"
	}
}

// trim forgets the oldest of those that have ended.
func (t *Tasks) trim() {
	over := -keptTasks
	for _, k := range t.all {
		if k.state.Ended != 0 {
			over++
		}
	}
	t.all = slices.DeleteFunc(t.all, func(k *task) bool {
		if over <= 0 || k.state.Ended == 0 {
			return false
		}
		over--
		return true
	})
}

// list is how the tasks are now, the newest first.
func (t *Tasks) list() []TaskState {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now().UnixMilli()
	out := make([]TaskState, 0, len(t.all))
	for _, k := range slices.Backward(t.all) {
		s := k.state
		if took := cmp.Or(s.Ended, now) - s.Started; took > 0 {
			s.Rate = float64(s.Done) * 1000 / float64(took)
		}
		out = append(out, s)
	}
	return out
}

// run waits for ctx, then cancels all tasks and waits for them.
func (t *Tasks) run(ctx context.Context) {
	<-ctx.Done()
	t.mu.Lock()
	t.stop = true
	for _, k := range t.all {
		k.cancel()
	}
	t.mu.Unlock()
	t.wait.Wait()
}

// find calls f with a task, or answers that there is none.
func (t *Tasks) find(id string, f func(i int, k *task) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, k := range t.all {
		if k.state.ID == id {
			return f(i, k)
		}
	}
	return fault.New(fault.NotFound, "task "+id, "there is no such task; it ended long ago, or lazuli was started anew")
}

// getTasks serves GET /api/tasks.
func (s *Server) getTasks(w http.ResponseWriter, _ *http.Request) error {
	WriteJSON(w, http.StatusOK, s.cfg.Tasks.list())
	return nil
}

// cancelTask serves POST /api/tasks/{id}/cancel.
func (s *Server) cancelTask(w http.ResponseWriter, r *http.Request) error {
	err := s.cfg.Tasks.find(r.PathValue("id"), func(_ int, k *task) error {
		k.cancel()
		return nil
	})
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

// forgetTask serves DELETE /api/tasks/{id}: one that has ended leaves the list.
func (s *Server) forgetTask(w http.ResponseWriter, r *http.Request) error {
	t := s.cfg.Tasks
	err := t.find(r.PathValue("id"), func(i int, k *task) error {
		if k.state.Ended == 0 {
			return fault.New(fault.Conflict, "task "+k.state.ID, "it still runs; cancel it first")
		}
		t.all = slices.Delete(t.all, i, i+1)
		return nil
	})
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

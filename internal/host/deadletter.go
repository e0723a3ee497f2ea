package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// deadLetters is the place for what a function failed on.
type deadLetters struct {
	setup letter.Setup
	kind  letter.Kind
	large letter.Kind // where letters go that the place cannot take

	kept atomic.Int64
	mu   sync.Mutex // guards what follows
	err  error      // of the last
}

// largeContainer is where a letter is that its place cannot take, which has a note of it
// then: a container of the app's own account.
const largeContainer = "lazuli-dead-letters"

// kindContainer is the kind of place of largeContainer.
const kindContainer = "container"

// openDeadLetters reads a deadLetter section: exactly one of queue, hub and container,
// and connection.
func (h *Host) openDeadLetters(f *function, s *hostjson.Section) (*deadLetters, error) {
	names := make([]string, 0, len(h.o.Letters)+1)
	var at letter.Place
	given := 0
	for _, k := range h.o.Letters {
		names = append(names, k.Name)
		if s.Has(k.Name) {
			at = letter.Place{Kind: k.Name, Name: s.Text(k.Name, ""), Connection: s.Text("connection", "")}
			given++
		}
	}
	s.Only(append(names, "connection")...)
	if given != 1 {
		s.Fail(names[0], "name one place: one of %s", strings.Join(names, ", "))
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	return h.deadLettersAt(f, at)
}

func (h *Host) deadLettersAt(f *function, at letter.Place) (*deadLetters, error) {
	kind, err := h.o.Letters.Find(at.Kind)
	if err != nil {
		return nil, err
	}
	d := &deadLetters{kind: kind, setup: letter.Setup{Place: at, Function: f.decl.Name, Settings: h.setup().settings, Config: h.setup().config}}
	if d.large, err = h.o.Letters.Find(kindContainer); err != nil {
		return nil, err
	}
	return d, kind.Check(d.setup)
}

// notInto refuses a place that starts the function again.
func (d *deadLetters) notInto(t trigger.Trigger) error {
	if d == nil {
		return nil
	}
	at := d.setup.Place
	if s := t.Source(); strings.EqualFold(s.Target, at.Name) && strings.HasPrefix(s.Words, sourceWords[at.Kind]) {
		return fault.New(fault.Invalid, "function "+d.setup.Function, "its dead letters go to %s, which starts the function itself: they would go round for ever", at)
	}
	return nil
}

// sourceWords is how Source.Words of the triggers begin that places of a kind can start.
var sourceWords = map[string]string{"queue": "queue ", "hub": "event hub ", kindContainer: "blobs "}

// open opens the place, anew at each use: it may have been replaced under its name.
func (d *deadLetters) open(ctx context.Context) (letter.Store, error) {
	s, err := d.kind.Open(ctx, d.setup)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d.setup.Place, err)
	}
	return s, nil
}

// openLarge opens largeContainer.
func (d *deadLetters) openLarge(ctx context.Context) (letter.Store, error) {
	setup := d.setup
	setup.Place = letter.Place{Kind: kindContainer, Name: largeContainer}
	return d.large.Open(ctx, setup)
}

// put keeps letters durably, large ones elsewhere with a note in their place.
func (d *deadLetters) put(ctx context.Context, letters []*letter.Letter) error {
	store, err := d.open(ctx)
	if err != nil {
		return err
	}
	notes, err := d.notes(ctx, store.Most(), letters)
	if err == nil {
		err = store.Put(ctx, notes)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err = err; err == nil {
		d.kept.Add(int64(len(letters)))
	}
	return err
}

// notes are the letters as their place can take them. What a note stands for is durable.
func (d *deadLetters) notes(ctx context.Context, most int, letters []*letter.Letter) ([]*letter.Letter, error) {
	if most == 0 {
		return letters, nil
	}
	out := make([]*letter.Letter, len(letters))
	for i, l := range letters {
		text, err := l.Encode()
		if err != nil {
			return nil, err
		}
		if out[i] = l; len(text) <= most {
			continue
		}
		large, err := d.openLarge(ctx)
		if err == nil {
			err = large.Put(ctx, []*letter.Letter{l})
		}
		if err != nil {
			return nil, fmt.Errorf("keep a letter of %d bytes in container %s: %w", len(text), largeContainer, err)
		}
		out[i] = noteOf(l, letter.BlobName(l))
	}
	return out, nil
}

// noteOf is a letter without what makes it large, which is in a blob.
func noteOf(l *letter.Letter, blob string) *letter.Letter {
	note := *l
	note.Blob = blob
	note.Item = letter.Item{Partition: l.Item.Partition, Offset: l.Item.Offset, SequenceNumber: l.Item.SequenceNumber, MessageID: l.Item.MessageID}
	note.Error.Stack, note.Error.Message = "", cutMessage(l.Error.Message)
	return &note
}

// cutMessage keeps a note small.
func cutMessage(s string) string {
	text, cut := cutText(s, 1<<10)
	if cut {
		text += "…"
	}
	return text
}

// info describes the place; nil where there is none.
func (d *deadLetters) info() *DeadLetterInfo {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return &DeadLetterInfo{Place: d.setup.Place, Kept: d.kept.Load(), Err: d.err}
}

// lettersOf are the letters of items that the function failed on.
func (f *function) lettersOf(items []letter.Item, attempts int, cause error) []*letter.Letter {
	failure := failureOf(cause)
	all := make([]*letter.Letter, len(items))
	for i := range items {
		all[i] = &letter.Letter{
			ID: uuid.New(), Function: f.decl.Name, Trigger: f.trigger.Type, Source: f.starts.Source().Words,
			Item: items[i], Error: failure, Attempts: attempts, Time: time.Now().UTC(),
		}
	}
	return all
}

// failureOf is an error as a letter tells it.
func failureOf(err error) letter.Failure {
	f := letter.Failure{Message: strings.ToValidUTF8(err.Error(), "\uFFFD")}
	var own *FunctionError
	if errors.As(err, &own) {
		f.Type, f.Stack = own.Type, userFrames(own.Stack)
	}
	return f
}

// keep puts the letters into their place, and tells of it.
func (h *Host) keep(ctx context.Context, f *function, letters []*letter.Letter, cause error) error {
	begun := time.Now()
	err := f.dead.put(ctx, letters)
	h.emit(SetAside{
		Function: f.decl.Name, Place: f.dead.setup.Place, Letters: len(letters), Cause: cause, Err: err,
		Took: time.Since(begun), At: begun,
	})
	return err
}

// asideOf is how a pump that settles message by message sets one aside; nil where the
// function has no place for it.
func (h *Host) asideOf(f *function) trigger.Aside {
	if f.dead == nil {
		return nil
	}
	return func(ctx context.Context, item letter.Item, attempts int, cause error) error {
		return h.keep(ctx, f, f.lettersOf([]letter.Item{item}, attempts, cause), cause)
	}
}

// How soon dead letters that could not be kept are tried again.
const (
	firstKeepPause   = 500 * time.Millisecond
	longestKeepPause = 30 * time.Second
)

// setAside keeps what a call brought, whose attempts are used up, and returns cause. The
// position must not move before that, so it tries until it succeeds; when ctx ends before,
// the call counts as cancelled and comes again.
func (i *invoker) setAside(ctx context.Context, c trigger.Call, cause error, runs int) error {
	if i.f.dead == nil || c.Letters == nil {
		return cause
	}
	letters := i.f.lettersOf(c.Letters(), runs, cause)
	again := run.Backoff{First: firstKeepPause, Longest: longestKeepPause}
	for {
		keeping, cancel := i.h.detach(ctx)
		err := i.h.keep(keeping, i.f, letters, cause)
		cancel()
		if err == nil {
			return cause
		}
		if again.Wait(ctx) != nil {
			return fmt.Errorf("%w: %w", trigger.ErrCancelled, errors.Join(cause, err))
		}
	}
}

// placeOf is where the letters of a function are: as it is told, else as the function
// asks, else where its service sets aside what it failed on.
func (h *Host) placeOf(f *function, from string) (*deadLetters, error) {
	if from != "" {
		at, err := letter.ParsePlace(from)
		if err != nil {
			return nil, err
		}
		if f.dead != nil {
			at.Connection = f.dead.setup.Connection
		}
		if own, ok := f.starts.(trigger.Poisoner); ok && f.dead == nil {
			at.Connection = own.Poison().Connection
		}
		return h.deadLettersAt(f, at)
	}
	if f.dead != nil {
		return f.dead, nil
	}
	if own, ok := f.starts.(trigger.Poisoner); ok {
		return h.deadLettersAt(f, own.Poison())
	}
	return nil, fault.New(fault.NotFound, "function "+f.decl.Name,
		"it has no dead letters: lazuli.functions.%s.deadLetter in host.json gives it a place for what it fails on", f.decl.Name)
}

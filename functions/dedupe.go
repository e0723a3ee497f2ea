package functions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Dedupe keeps a function from doing the same work twice: triggers deliver at least once,
// so after a crash, a stolen partition or a redrive of dead letters an event comes again.
//
//	marks := &functions.Dedupe{Table: "marks"}
//	app.Use(marks.Middleware)
//	app.EventHub("store", functions.EventHubTrigger{Hub: "readings"}, s.batch, s.readings, marks)
//
// It is a middleware and a binding. A function that is registered with it, as the last of
// its bindings, is not given events, documents, messages and blobs whose key has a mark;
// others of its app are left alone. Marks are entities of a table. They are read before
// the handler runs, and travel with what it wrote: the host writes the function's other
// outputs first, and the marks last, of one invocation together.
//
// So this is what a repeat costs, by where the first run was cut off:
//
//   - before the handler returned without an error: nothing was written; it runs again;
//   - after that, and before the marks are there: some or all outputs were written, and the
//     handler and all its outputs are run again. Documents that have ids of their own are
//     written once all the same ([CosmosDBOutput.Upsert] replaces, CreateOnly leaves);
//     events, messages and what the handler did by itself are there twice;
//   - after the marks: nothing runs again, until TTL is over.
//
// Two deliveries at one time, as when a partition changes its reader, may both run; the
// marks of one of them are refused then, and its invocation fails and is repeated, or not,
// as the trigger's rule is.
type Dedupe struct {
	// Table holds the marks. It comes to be with the first. Functions and apps may
	// share one.
	Table string

	// Connection names the app setting with the account's connection string:
	// "AzureWebJobsStorage" when empty. Identities are not supported.
	Connection string

	// TTL is how long a mark counts: a day when 0. It has to be longer than an event
	// can come again, such as the retention of its hub. See Sweep.
	TTL time.Duration

	// Key returns what tells an item ([Event], [Document], [Message] or [Blob]) from all
	// others, or "" for one that is not looked at. When nil it is [DefaultKey].
	Key func(item any) string

	once  sync.Once // makes store
	store *markTable
	err   error
}

// dayOfMarks is the TTL of marks when none is given.
const dayOfMarks = 24 * time.Hour

// DefaultKey tells items apart by what their service tells: an event by the message id
// that its sender gave, else by partition and sequence number; a document by its id, _rid
// and _etag, so that each version of it is another; a message by its id; a blob by its
// name and ETag.
func DefaultKey(item any) string {
	switch item := item.(type) {
	case Event:
		var system struct {
			ID json.RawMessage `json:"message-id"`
		}
		if json.Unmarshal(item.SystemProperties, &system) == nil && len(system.ID) > 0 && string(system.ID) != "null" {
			return "id " + unquote(system.ID)
		}
		return "event " + item.PartitionID + " " + strconv.FormatInt(item.SequenceNumber, 10)
	case Document:
		var d struct {
			ID   string `json:"id"`
			RID  string `json:"_rid"`
			ETag string `json:"_etag"`
		}
		if json.Unmarshal(item, &d) != nil {
			return ""
		}
		return "document " + d.ID + " " + d.RID + " " + d.ETag
	case Message:
		return "message " + item.ID
	case Blob:
		var p struct{ ETag string }
		if json.Unmarshal(item.Properties, &p) != nil {
			return ""
		}
		return "blob " + item.Container + "/" + item.Name + " " + p.ETag
	}
	return ""
}

// ByProperty returns a Key that takes an application property of events, such as an order
// number that their sender gave. Items without it are not looked at.
func ByProperty(name string) func(item any) string {
	return func(item any) string {
		e, ok := item.(Event)
		if !ok {
			return ""
		}
		var all map[string]json.RawMessage
		if json.Unmarshal(e.Properties, &all) != nil || len(all[name]) == 0 || string(all[name]) == "null" {
			return ""
		}
		return name + " " + unquote(all[name])
	}
}

// Middleware is for [App.Use].
func (d *Dedupe) Middleware(next Handler) Handler {
	return func(ctx context.Context, in Input) error {
		c := callOf(ctx)
		if c == nil || !c.fn.has(d) {
			return next(ctx, in)
		}
		keys := d.keysOf(in)
		if len(keys) == 0 {
			return next(ctx, in)
		}
		seen, err := d.seen(ctx, c.fn.name, keys)
		if err != nil {
			return fmt.Errorf("read the marks of function %s: %w", c.fn.name, err)
		}
		rest, fresh := d.unseen(in, seen)
		if rest == nil {
			return nil
		}
		if err := next(ctx, rest); err != nil || len(fresh) == 0 {
			return err
		}
		return emit(ctx, d, "Dedupe", d.marks(c.fn.name, fresh))
	}
}

func (f *function) has(b Binding) bool {
	for _, own := range f.bound {
		if own.Binding == b {
			return true
		}
	}
	return false
}

func (d *Dedupe) key(item any) string {
	if d.Key != nil {
		return d.Key(item)
	}
	return DefaultKey(item)
}

// keysOf are the keys of an input's items, each once.
func (d *Dedupe) keysOf(in Input) []string {
	var keys []string
	had := map[string]bool{"": true}
	each(in, func(item any) bool {
		if k := d.key(item); !had[k] {
			had[k] = true
			keys = append(keys, k)
		}
		return true
	})
	return keys
}

// unseen is the input without the items whose key is seen or was met before in it, and
// the keys of the rest; nil when nothing is left.
func (d *Dedupe) unseen(in Input, seen map[string]bool) (rest Input, fresh []string) {
	had := map[string]bool{}
	keep := func(item any) bool {
		k := d.key(item)
		if k == "" {
			return true
		}
		if seen[k] || had[k] {
			return false
		}
		had[k] = true
		fresh = append(fresh, k)
		return true
	}
	return each(in, keep), fresh
}

// each calls keep for the items of an input, and returns the input with those that it
// keeps; nil when there are none. An input that has no items is returned as it is.
func each(in Input, keep func(item any) bool) Input {
	switch in := in.(type) {
	case Events:
		rest := make(Events, 0, len(in))
		for _, e := range in {
			if keep(e) {
				rest = append(rest, e)
			}
		}
		if len(rest) > 0 {
			return rest
		}
		return nil
	case Documents:
		rest := make(Documents, 0, len(in))
		for _, doc := range in {
			if keep(doc) {
				rest = append(rest, doc)
			}
		}
		if len(rest) > 0 {
			return rest
		}
		return nil
	case Event, Message, Blob:
		if !keep(in) {
			return nil
		}
	}
	return in
}

// markEntity says that a key was done. Expires is a text in the form of markTime, whose
// order is that of its times: a host's table output takes no types.
type markEntity struct{ PartitionKey, RowKey, Key, Expires string }

// markRow is the row of a key: keys have signs that rows may not.
func markRow(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// longestMarkKey is how much of a key is kept for people.
const longestMarkKey = 256

func (d *Dedupe) marks(function string, keys []string) []any {
	ttl := d.TTL
	if ttl == 0 {
		ttl = dayOfMarks
	}
	expires := time.Now().Add(ttl).UTC().Format(markTime)
	all := make([]any, len(keys))
	for i, k := range keys {
		all[i] = markEntity{PartitionKey: function, RowKey: markRow(k), Key: k[:min(len(k), longestMarkKey)], Expires: expires}
	}
	return all
}

// open finds the table by its setting.
func (d *Dedupe) open() (*markTable, error) {
	d.once.Do(func() { d.store, d.err = openMarks(or(d.Connection, defaultStorage), d.Table) })
	return d.store, d.err
}

// readsAtOnce is how many marks are read together.
const readsAtOnce = 16

// seen reads which keys have a mark. One whose time is over is taken away.
func (d *Dedupe) seen(ctx context.Context, function string, keys []string) (map[string]bool, error) {
	store, err := d.open()
	if err != nil {
		return nil, err
	}
	var (
		all  sync.WaitGroup
		free = make(chan struct{}, readsAtOnce)
		errs = make([]error, len(keys))
		is   = make([]bool, len(keys))
	)
	for i, k := range keys {
		free <- struct{}{}
		all.Add(1)
		go func() {
			defer all.Done()
			is[i], errs[i] = store.has(ctx, function, markRow(k), time.Now())
			<-free
		}()
	}
	all.Wait()
	seen := make(map[string]bool, len(keys))
	for i, k := range keys {
		seen[k] = is[i]
	}
	return seen, errors.Join(errs...)
}

// Sweep takes marks away whose time is over, those of all functions in the table, and
// returns how many. Marks that are never looked at again stay otherwise: call it from a
// timer function.
func (d *Dedupe) Sweep(ctx context.Context) (int, error) {
	store, err := d.open()
	if err != nil {
		return 0, err
	}
	return store.sweep(ctx, time.Now())
}

// String is "marks in table NAME".
func (d *Dedupe) String() string { return "marks in table " + d.Table }

func (d *Dedupe) collect() collection { return &jsonList{noun: "mark", object: true} }

func (d *Dedupe) problems() []string {
	var out []string
	if d.Table == "" {
		out = append(out, "Dedupe needs Table")
	}
	if d.TTL < 0 {
		out = append(out, fmt.Sprintf("Dedupe.TTL %v is negative", d.TTL))
	}
	return out
}

func (d *Dedupe) binding(name string) any {
	return tableBinding{Name: name, Type: "table", Direction: "out", TableName: d.Table, Connection: or(d.Connection, defaultStorage)}
}

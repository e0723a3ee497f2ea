package stream

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// KeyWarning says that events of an input are not partitioned as
// Options.PartitionKeys claims: their partition key is not the property. Events
// of one value may then lie in several partitions, whose lanes give each a row
// of its own.
type KeyWarning struct {
	Input    string
	Property string
	Events   int64     // since the start
	Value    string    // of the property, as JSON, in the last such event
	Key      string    // its partition key, or ""
	At       time.Time // when it was seen
}

// String is one sentence with everything and what to do.
func (w KeyWarning) String() string {
	key := "no partition key"
	if w.Key != "" {
		key = fmt.Sprintf("the partition key %q", w.Key)
	}
	events := "1 event of input " + w.Input + " is"
	if w.Events != 1 {
		events = fmt.Sprintf("%d events of input %s are", w.Events, w.Input)
	}
	return fmt.Sprintf("%s not partitioned by %s (the last has %s there, and %s): a group may be split over partitions and give a row in each; send %s as the partition key, or take partitionKey off the input",
		events, w.Property, w.Value, key, w.Property)
}

// KeyWarnings returns what was seen in the last ten minutes.
func (j *Job) KeyWarnings() []KeyWarning {
	var all []KeyWarning
	for _, in := range j.opts.Program.Inputs {
		if w, recent := j.keys[in.Name].recent(); recent {
			all = append(all, w)
		}
	}
	return all
}

// keyWatch compares the events of an input with their partition keys. A nil
// keyWatch has nothing to compare.
type keyWatch struct {
	job  string
	slot int
	now  func() time.Time
	log  *slog.Logger

	mu     sync.Mutex
	seen   KeyWarning // guarded by mu
	logged time.Time  // guarded by mu
}

// newKeyWatch watches an input of a job whose lanes rely on its partition key;
// nil if none does, or if the query does not read the property.
func (j *Job) newKeyWatch(in *streamsql.Input) *keyWatch {
	if !j.parallel || j.opts.Program.SplitsBy(nil) == "" {
		return nil
	}
	for name, property := range j.opts.PartitionKeys {
		if property == "" || !strings.EqualFold(name, in.Name) {
			continue
		}
		for _, f := range in.Fields {
			if strings.EqualFold(strings.Join(f.Path, "."), property) {
				return &keyWatch{job: j.opts.Name, slot: f.Slot, now: j.opts.Now, log: j.opts.Log, seen: KeyWarning{Input: in.Name, Property: property}}
			}
		}
	}
	return nil
}

// differs says whether the row's property is not its event's partition key.
func (w *keyWatch) differs(row *streamsql.Row, e *Event) bool {
	if v := row.Slots[w.slot]; v.Kind() != streamsql.String {
		var number [32]byte
		return string(v.AppendJSON(number[:0])) != e.PartitionKey
	}
	return row.Slots[w.slot].Text() != e.PartitionKey
}

// note counts events of a batch; the row and event are the last of them.
func (w *keyWatch) note(events int, row *streamsql.Row, e *Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	w.seen.Events += int64(events)
	w.seen.Value, w.seen.Key, w.seen.At = string(row.Slots[w.slot].AppendJSON(nil)), strings.Clone(e.PartitionKey), now
	if now.Sub(w.logged) < clockEvery {
		return
	}
	w.logged = now
	w.log.Warn("events are not partitioned as partitionKey says: groups may be split over partitions", "job", w.job, "input", w.seen.Input,
		"property", w.seen.Property, "value", w.seen.Value, "partition_key", w.seen.Key, "events", w.seen.Events)
}

func (w *keyWatch) recent() (KeyWarning, bool) {
	if w == nil {
		return KeyWarning{}, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen, w.seen.Events > 0 && w.now().Sub(w.seen.At) < clockRecent
}

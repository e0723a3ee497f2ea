package jobs

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// record is what was last ordered for a job, as JSON under the job's name.
type record struct {
	Stopped bool `json:"stopped"`
	// Start is where the job begins as long as it has no checkpoint: a time or
	// "all".
	Start string `json:"start"`
	// Run is a random name of all that was done since the checkpoints were last
	// discarded; it is in the ids of rows.
	Run string `json:"run"`
}

// record reads the job's record; known is false before its first start.
func (s *Store) record() (r record, known bool, err error) {
	text, known, err := s.db.Get(nil, s.recordKey())
	if err != nil || !known {
		return r, false, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, true, fault.Wrap(fault.Internal, "stream job "+s.job, err, "its record cannot be read")
	}
	return r, true, nil
}

func (s *Store) recordKey() []byte { return s.records.Key([]byte(s.job)) }

// setStopped records whether the job is to run.
func (s *Store) setStopped(stopped bool) error {
	r, known, err := s.record()
	if err != nil || known && r.Stopped == stopped {
		return err
	}
	r.Stopped = stopped
	return s.put(s.db.NewBatch(256), r)
}

// Forget removes all that there is of the job.
func (s *Store) Forget() error {
	b := s.db.NewBatch(256)
	s.discard(b)
	b.Delete(s.recordKey())
	return b.Commit()
}

func (s *Store) put(b *kv.Batch, r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	b.Set(s.recordKey(), text)
	return b.Commit()
}

// ordered is what a start is to do.
type ordered struct {
	first     beginning // where lanes begin that have no checkpoint
	run       string
	discarded bool // checkpoints that there were
}

// order records a start. Every start but the last discards the checkpoints and
// begins another run, in one commit.
func (s *Store) order(b beginning, now time.Time) (o ordered, err error) {
	r, _, err := s.record()
	if err != nil {
		return o, err
	}
	known := r.Start != ""
	if b.mode != stream.StartLast || !known {
		r.Start = b.settled(now).String()
	}
	if b.mode != stream.StartLast || r.Run == "" {
		r.Run = newRun()
	}
	if o.first, err = parseBeginning(r.Start); err != nil {
		return o, err
	}
	o.run, r.Stopped = r.Run, false
	batch := s.db.NewBatch(512)
	if b.mode != stream.StartLast {
		s.discard(batch)
		o.discarded = known
	}
	return o, s.put(batch, r)
}

// newRun is a name that no other run has: 60 random bits, as lower-case text.
func newRun() string {
	const letters = "0123456789abcdefghjkmnpqrstvwxyz"
	var b [12]byte
	_, _ = rand.Read(b[:]) // it never fails
	for i := range b {
		b[i] = letters[b[i]%32]
	}
	return string(b[:])
}

package app

import (
	"encoding/json"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// jobRecord is what was last ordered for a job, as JSON under the job's name.
type jobRecord struct {
	Stopped bool `json:"stopped"`
	// Start is where the job begins as long as it has no checkpoint: a time or
	// "all".
	Start string `json:"start"`
}

// record reads the job's record; known is false before its first start.
func (j *jobStore) record() (r jobRecord, known bool, err error) {
	text, known, err := j.db.Get(nil, j.recordKey())
	if err != nil || !known {
		return r, false, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, true, fault.Wrap(fault.Internal, "stream job "+j.job, err, "its record cannot be read")
	}
	return r, true, nil
}

func (j *jobStore) recordKey() []byte { return j.records.Key([]byte(j.job)) }

// setStopped records whether the job is to run.
func (j *jobStore) setStopped(stopped bool) error {
	r, known, err := j.record()
	if err != nil || known && r.Stopped == stopped {
		return err
	}
	r.Stopped = stopped
	return j.put(j.db.NewBatch(256), r)
}

func (j *jobStore) put(b *kv.Batch, r jobRecord) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	b.Set(j.recordKey(), text)
	return b.Commit()
}

// order records a start and returns where the job begins without a checkpoint.
// Every start but the last discards the checkpoints, in the same commit.
func (j *jobStore) order(start jobStart, now time.Time) (first jobStart, discarded bool, err error) {
	r, _, err := j.record()
	if err != nil {
		return first, false, err
	}
	if start.mode == stream.StartLast && r.Start != "" {
		if first, err = parseJobStart(r.Start); err != nil {
			return first, false, err
		}
		return first, false, j.setStopped(false)
	}
	first = start.settled(now)
	b := j.db.NewBatch(512)
	if start.mode != stream.StartLast {
		all := j.space.Key([]byte(j.job + "\x00"))
		b.DeleteRange(all, kv.PrefixEnd(all))
		discarded = r.Start != ""
	}
	return first, discarded, j.put(b, jobRecord{Start: first.String()})
}

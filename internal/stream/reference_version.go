package stream

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// refVersion is one version of reference data.
type refVersion struct {
	from int64
	etag string
	text [][]byte // until it was decoded; nil where read is not
	read func(context.Context) ([][]byte, error)

	mu      sync.Mutex // guards what follows
	decoded bool
	rows    [][]streamsql.Value
	broken  error // why it could not be used when it was wanted
}

func newVersion(s Snapshot) *refVersion {
	return &refVersion{from: s.ValidFrom, etag: s.ETag, text: s.Rows, read: s.Read}
}

// fault is why the version cannot be used, as far as is known.
func (v *refVersion) fault() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.broken
}

// open returns the rows of a version as decoded slots.
func (d *refData) open(ctx context.Context, v *refVersion) ([][]streamsql.Value, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.decoded {
		return v.rows, nil
	}
	text := v.text
	if v.read != nil {
		var err error
		if text, err = v.read(ctx); err != nil {
			if unusable(err) {
				v.broken = err
			}
			return nil, err
		}
		defer d.opens(v)
	}
	v.rows, v.text, v.decoded = d.decode(text), nil, true
	return v.rows, nil
}

// opens takes note that a version holds rows, and lets those of another go.
func (d *refData) opens(v *refVersion) {
	d.mu.Lock()
	d.opened = append(slices.DeleteFunc(d.opened, func(o *refVersion) bool { return o == v }), v)
	var closed *refVersion
	if len(d.opened) > keptVersions {
		closed, d.opened = d.opened[0], slices.Delete(d.opened, 0, 1)
	}
	d.mu.Unlock()
	if closed == nil || !closed.mu.TryLock() { // else somebody opens it just now
		return
	}
	closed.rows, closed.decoded = nil, false
	closed.mu.Unlock()
}

// rows returns what is valid for a version: its rows, or where it cannot be used
// those of the one before it.
func (d *refData) rows(ctx context.Context, v *refVersion) ([][]streamsql.Value, error) {
	if ctx == nil {
		ctx = context.Background() // a lane that does not run yet
	}
	versions := *d.versions.Load()
	for i := slices.Index(versions, v); ; i-- {
		rows, err := d.open(ctx, v)
		if err == nil || ctx.Err() != nil {
			return rows, errors.Join(err, ctx.Err())
		}
		err = &ReferenceError{d.input.Name, err}
		if !unusable(err) {
			return nil, err
		}
		d.note(err)
		if i <= 0 {
			return nil, nil
		}
		v = versions[i-1]
	}
}

// ReferenceWarning says why reference data stays as it was.
type ReferenceWarning struct {
	Input string
	Text  string
	At    time.Time // when it was last tried
}

// note keeps why versions cannot be used, for people; nil: all can.
func (d *refData) note(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.trouble = ReferenceWarning{}
		return
	}
	if text := err.Error(); text != d.trouble.Text { // not at each try
		d.trouble = ReferenceWarning{Input: d.input.Name, Text: text}
		d.stays(err)
	}
	d.trouble.At = d.now()
}

// ReferenceWarnings say which reference data stays as it was, and why.
func (j *Job) ReferenceWarnings() (all []ReferenceWarning) {
	j.mu.Lock()
	refs := j.refs
	j.mu.Unlock()
	for _, d := range refs {
		d.mu.Lock()
		if d.trouble.Text != "" {
			all = append(all, d.trouble)
		}
		d.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b ReferenceWarning) int {
		return a.At.Compare(b.At)
	})
	return all
}

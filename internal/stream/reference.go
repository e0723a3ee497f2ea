package stream

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// refData holds the versions of one reference input. Lanes read it while the job
// replaces it, so the list is never changed in place.
type refData struct {
	input    *streamsql.Input
	source   Reference
	now      func() time.Time
	versions atomic.Pointer[[]*refVersion]
	errors   func(error) // told of rows that are left out
	stays    func(error) // told why a version is not used

	mu      sync.Mutex    // guards what follows
	opened  []*refVersion // that hold rows and can read them again, the last used at the end
	trouble ReferenceWarning
}

// keptVersions is how many versions that can be read again are kept decoded.
const keptVersions = 4

// ReferenceError says that reference data cannot be read. It passes when the
// data is mended.
type ReferenceError struct {
	Input string
	Err   error // of a fault.Kind
}

func (e *ReferenceError) Error() string {
	return "reference data " + e.Input + " cannot be read: " + e.Err.Error()
}

func (e *ReferenceError) Unwrap() error { return e.Err }

// load reads which versions there are, and the one that is valid now if it is the
// first time, else those that are new. A version that cannot be used is passed
// over: the one of its time that was there before stays, or else that of the time
// before. A new one of a time before the valid one's is passed over too, until the
// next start.
func (d *refData) load(ctx context.Context) error {
	snapshots, err := d.source.Snapshots(ctx)
	if err != nil {
		return &ReferenceError{d.input.Name, err}
	}
	if len(snapshots) == 0 {
		return &ReferenceError{d.input.Name, fault.New(fault.NotFound, "", "it has no version")}
	}
	if d.versions.Load() == nil {
		return d.begin(ctx, snapshots)
	}
	have, valid := *d.versions.Load(), d.at(Ticks(d.now()))
	versions, failed := make([]*refVersion, 0, len(snapshots)), error(nil)
	for _, s := range snapshots {
		old := d.ofTime(s.ValidFrom)
		switch {
		case old != nil && s.ETag != "" && old.etag == s.ETag:
			versions, failed = append(versions, old), errors.Join(failed, old.fault())
			continue
		case old == nil && valid != nil && s.ValidFrom < valid.from:
			continue
		}
		v := newVersion(s)
		if _, err := d.open(ctx, v); err == nil {
			versions = append(versions, v)
			continue
		} else if failed = err; ctx.Err() != nil {
			return ctx.Err()
		}
		if old != nil {
			versions = append(versions, old)
		}
	}
	if len(versions) == 0 { // all that there is cannot be used
		versions = have
	}
	d.versions.Store(&versions)
	if failed != nil {
		return &ReferenceError{d.input.Name, failed}
	}
	return nil
}

// begin takes the versions of a start: that of now, or the nearest before it that
// can be used, is read.
func (d *refData) begin(ctx context.Context, snapshots []Snapshot) error {
	versions := make([]*refVersion, len(snapshots))
	for i, s := range snapshots {
		versions[i] = newVersion(s)
	}
	valid := sort.Search(len(versions), func(i int) bool { return versions[i].from > Ticks(d.now()) })
	if valid == 0 {
		return &ReferenceError{d.input.Name, fault.New(fault.NotFound, "", "none of its versions is valid yet; the first is from %s on", TimeOf(versions[0].from).Format(time.RFC3339))}
	}
	var failed error
	for i := valid - 1; i >= 0; i-- {
		_, err := d.open(ctx, versions[i])
		if err == nil {
			d.versions.Store(&versions)
			d.note(failed)
			return nil
		}
		if failed == nil {
			failed = &ReferenceError{d.input.Name, err}
		}
		if !unusable(err) {
			break
		}
		versions = append(versions[:i], versions[i+1:]...)
	}
	return failed
}

// unusable reports whether an error of a version lies in the version.
func unusable(err error) bool {
	return fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge)
}

// ofTime is the version of a time that was there before, or nil.
func (d *refData) ofTime(from int64) *refVersion {
	if v := d.at(from); v != nil && v.from == from {
		return v
	}
	return nil
}

// RowsETag is an ETag of a version's rows: equal rows in the same order have the
// same one.
func RowsETag(rows [][]byte) string {
	h := sha256.New()
	var size [8]byte
	for _, r := range rows {
		binary.LittleEndian.PutUint64(size[:], uint64(len(r)))
		h.Write(size[:])
		h.Write(r)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (d *refData) decode(texts [][]byte) [][]streamsql.Value {
	rows := make([][]streamsql.Value, 0, len(texts))
	decoder := d.input.NewDecoder()
	var scratch streamsql.Scratch
	row := streamsql.Row{Scratch: &scratch}
	for _, body := range texts {
		row.Err = nil
		if err := decoder.Decode(body, &row); err != nil {
			d.errors(fault.Wrap(fault.Invalid, "reference data "+d.input.Name, err, "a row is left out"))
			continue
		}
		if !d.input.Complete(&row) {
			if row.Err != nil {
				d.errors(fault.Wrap(fault.Invalid, "reference data "+d.input.Name, row.Err, "a row is left out"))
			}
			continue
		}
		values := make([]streamsql.Value, len(row.Slots))
		for i, x := range row.Slots {
			values[i] = x.Clone()
		}
		rows = append(rows, values)
	}
	return rows
}

// at is the version that is valid at a time, or nil.
func (d *refData) at(t int64) *refVersion {
	versions := *d.versions.Load()
	i := sort.Search(len(versions), func(i int) bool { return versions[i].from > t })
	if i == 0 {
		return nil
	}
	return versions[i-1]
}

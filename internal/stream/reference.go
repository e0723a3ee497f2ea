package stream

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"sort"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// refData holds the versions of one reference input, decoded. Lanes read it
// while the job replaces it, so versions are never changed in place.
type refData struct {
	input    *streamsql.Input
	source   Reference
	versions atomic.Pointer[[]*refVersion]
	errors   func(error)
}

// refVersion is one version, with its rows as decoded slots.
type refVersion struct {
	from int64
	etag string
	rows [][]streamsql.Value
}

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

// load reads all versions. Rows that are no JSON objects are reported and left
// out.
func (d *refData) load(ctx context.Context) error {
	snapshots, err := d.source.Snapshots(ctx)
	if err != nil {
		return &ReferenceError{d.input.Name, err}
	}
	if len(snapshots) == 0 {
		return &ReferenceError{d.input.Name, fault.New(fault.Invalid, "", "it has no version")}
	}
	versions := make([]*refVersion, 0, len(snapshots))
	for _, s := range snapshots {
		v := d.known(s)
		if v == nil {
			v = d.decode(s)
		}
		versions = append(versions, v)
	}
	d.versions.Store(&versions)
	return nil
}

// known is the version that a snapshot is, if it was read before.
func (d *refData) known(s Snapshot) *refVersion {
	have := d.versions.Load()
	if have == nil || s.ETag == "" {
		return nil
	}
	for _, v := range *have {
		if v.from == s.ValidFrom && v.etag == s.ETag {
			return v
		}
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

func (d *refData) decode(s Snapshot) *refVersion {
	v := &refVersion{from: s.ValidFrom, etag: s.ETag}
	decoder := d.input.NewDecoder()
	var scratch streamsql.Scratch
	row := streamsql.Row{Scratch: &scratch}
	for _, body := range s.Rows {
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
		v.rows = append(v.rows, values)
	}
	return v
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

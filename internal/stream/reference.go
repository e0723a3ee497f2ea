package stream

import (
	"context"
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
	rows [][]streamsql.Value
}

// load reads all versions. Rows that are no JSON objects are reported and left
// out.
func (d *refData) load(ctx context.Context) error {
	snapshots, err := d.source.Snapshots(ctx)
	if err != nil {
		return fault.Wrap(fault.KindOf(err), "reference data "+d.input.Name, err, "cannot be read")
	}
	if len(snapshots) == 0 {
		return fault.New(fault.Invalid, "reference data "+d.input.Name, "has no version")
	}
	old := map[int64]*refVersion{}
	if have := d.versions.Load(); have != nil {
		for _, v := range *have {
			old[v.from] = v
		}
	}
	versions := make([]*refVersion, 0, len(snapshots))
	for _, s := range snapshots {
		if v := old[s.ValidFrom]; v != nil {
			versions = append(versions, v)
			continue
		}
		versions = append(versions, d.decode(s))
	}
	d.versions.Store(&versions)
	return nil
}

func (d *refData) decode(s Snapshot) *refVersion {
	v := &refVersion{from: s.ValidFrom}
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

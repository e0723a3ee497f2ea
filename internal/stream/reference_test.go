package stream

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// TestReferenceVersions: what is read again takes the place of what was there,
// unless its ETag says that it is the same.
func TestReferenceVersions(t *testing.T) {
	program := compile(t, `SELECT r.name INTO o FROM i JOIN r ON i.k = r.k`, "r")
	in := program.Inputs[slicesIndex(program.Inputs, "r")]
	one, two := [][]byte{[]byte(`{"k":"a","name":"first"}`)}, [][]byte{[]byte(`{"k":"a","name":"second"}`), []byte(`{"k":"b","name":"x"}`)}
	load := func(d *refData, s ...Snapshot) {
		t.Helper()
		d.source = memReference(s)
		if err := d.load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d := &refData{input: in, now: time.Now, errors: func(err error) { t.Error(err) }}
	load(d, Snapshot{ValidFrom: StartOfInput, ETag: RowsETag(one), Rows: one})
	first := d.at(0)
	load(d, Snapshot{ValidFrom: StartOfInput, ETag: RowsETag(one), Rows: one})
	if d.at(0) != first {
		t.Error("the same version was decoded again")
	}
	load(d, Snapshot{ValidFrom: StartOfInput, ETag: RowsETag(two), Rows: two})
	if v := d.at(0); v == first || len(v.rows) != 2 {
		t.Errorf("the new version is not there: %+v", v)
	}
	load(d, Snapshot{ValidFrom: StartOfInput, Rows: one})
	unnamed := d.at(0)
	load(d, Snapshot{ValidFrom: StartOfInput, Rows: one})
	if d.at(0) == unnamed {
		t.Error("a version without an ETag is equal to another")
	}
	load(d, Snapshot{ValidFrom: StartOfInput, ETag: "a", Rows: one}, Snapshot{ValidFrom: 100, ETag: "a", Rows: two})
	if early, late := d.at(99), d.at(100); early == late || len(early.rows) != 1 || len(late.rows) != 2 {
		t.Errorf("one ETag of two times: %+v, %+v", early, late)
	}
	if RowsETag([][]byte{[]byte("ab")}) == RowsETag([][]byte{[]byte("a"), []byte("b")}) {
		t.Error("an ETag does not see where rows end")
	}
}

// hourly is reference data of hours, each read when it is wanted. What is no JSON
// cannot be used.
type hourly struct {
	names map[int64]string // by hour
	reads []string
}

func (s *hourly) Snapshots(context.Context) (all []Snapshot, err error) {
	for hour := int64(-1000); hour <= 1000; hour++ {
		name, there := s.names[hour]
		if !there {
			continue
		}
		all = append(all, Snapshot{ValidFrom: atHour(hour), ETag: name, Read: func(context.Context) ([][]byte, error) {
			s.reads = append(s.reads, name)
			if strings.HasPrefix(name, "bad") {
				return nil, fault.New(fault.Invalid, name, "is Avro")
			}
			return [][]byte{[]byte(`{"k":"` + name + `"}`)}, nil
		}})
	}
	if len(all) == 0 {
		err = fault.New(fault.NotFound, "series", "nothing is there yet")
	}
	return all, err
}

// atHour is an hour of the bubble's clock, which stands at 0.
func atHour(hour int64) int64 {
	return Ticks(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(hour) * time.Hour))
}

// TestReferenceSeries: the version of an event's time counts, is read when it is
// wanted first, and one that cannot be used leaves the one before it.
func TestReferenceSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		program := compile(t, `SELECT r.k INTO o FROM i JOIN r ON i.k = r.k`, "r")
		s := &hourly{names: map[int64]string{}}
		var said []string
		d := &refData{input: program.Inputs[slicesIndex(program.Inputs, "r")], source: s, now: time.Now, stays: func(err error) { said = append(said, err.Error()) }}
		want := func(hour int64, name string) {
			t.Helper()
			v := d.at(atHour(hour))
			if v == nil {
				if name != "" {
					t.Errorf("hour %d has no version", hour)
				}
				return
			}
			rows, err := d.rows(t.Context(), v)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(rows) > 0 {
				got = rows[0][0].Text()
			}
			if got != name {
				t.Errorf("hour %d: %q, want %q", hour, got, name)
			}
		}
		refresh := func() error { t.Helper(); err := d.load(t.Context()); d.note(err); return err }
		var waits *ReferenceError
		if err := d.load(t.Context()); !errors.As(err, &waits) || !fault.Is(err, fault.NotFound) {
			t.Fatalf("nothing there: %v", err)
		}
		s.names[2] = "two"
		if err := d.load(t.Context()); !errors.As(err, &waits) || !strings.Contains(err.Error(), "valid yet") {
			t.Fatalf("nothing valid: %v", err)
		}
		s.names[-9], s.names[-5], s.names[-1] = "m9", "m5", "bad1"
		if err := d.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(said) != 1 || !strings.Contains(said[0], "bad1 is Avro") && !strings.Contains(said[0], "bad1: is Avro") {
			t.Errorf("a broken version is not told: %q", said)
		}
		if got := strings.Join(s.reads, " "); got != "bad1 m5" {
			t.Errorf("a start read %s", got)
		}
		want(-10, "")
		want(-9, "m9")
		want(-1, "m5")
		want(1, "m5")
		want(2, "two")
		s.names[-1], s.names[-3], s.names[3] = "m1", "m3", "bad3"
		if err := refresh(); err == nil || d.trouble.Text == "" {
			t.Errorf("a broken version is not told: %v", err)
		}
		want(0, "m1")
		want(-2, "m3")
		want(3, "two")
		s.names[3] = "three"
		if err := refresh(); err != nil || d.trouble.Text != "" {
			t.Errorf("mended: %v, %s", err, d.trouble.Text)
		}
		want(3, "three")
		s.names[-4] = "m4" // behind the valid one
		s.names[3] = "bad3"
		if err := refresh(); err == nil {
			t.Error("a broken replacement is not told")
		}
		want(-4, "m5")
		want(3, "three")
		for hour := int64(10); hour < 20; hour++ {
			s.names[hour] = "later"
		}
		if err := refresh(); err == nil || len(d.opened) != keptVersions {
			t.Errorf("%d versions are kept: %v", len(d.opened), err)
		}
		s.names[-9] = "bad9"
		_ = refresh()
		want(-9, "m9") // the old one of the time stays
	})
}

func slicesIndex(inputs []*streamsql.Input, name string) int {
	for i, in := range inputs {
		if in.Name == name {
			return i
		}
	}
	return -1
}

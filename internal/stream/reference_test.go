package stream

import (
	"testing"

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
	d := &refData{input: in, errors: func(err error) { t.Error(err) }}
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

func slicesIndex(inputs []*streamsql.Input, name string) int {
	for i, in := range inputs {
		if in.Name == name {
			return i
		}
	}
	return -1
}

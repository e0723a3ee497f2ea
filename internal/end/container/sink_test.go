package container

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func TestDocumentIDs(t *testing.T) {
	for _, tc := range []struct{ column, row, want string }{
		{"", `{"id":"a","x":1}`, `{"id":"a","x":1}`},
		{"", `{"x":1}`, `{"id":"j-o-r1-all-7","x":1}`},
		{"", `{}`, `{"id":"j-o-r1-all-7"}`},
		{"plant", `{"plant":"p","x":1}`, `{"id":"p","plant":"p","x":1}`},
		{"n", `{"n":5}`, `{"id":"5","n":5}`},
		{"plant", `{"x":1}`, "no column plant"},
		{"", `{"id":5}`, "not a text"},
		{"plant", `{"id":"a","plant":"p"}`, "is to be the id"},
	} {
		s := &sink{idColumn: tc.column}
		got, _, err := s.document([]byte(tc.row), "j-o-r1-all-7")
		if err != nil {
			got = []byte(err.Error())
		}
		if !strings.Contains(string(got), tc.want) || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s by %q: %s, want %s", tc.row, tc.column, got, tc.want)
		}
	}
}

package file

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/stream/jobs/jobstest"
)

func TestSinkContract(t *testing.T) {
	jobstest.Sink(t, func(t *testing.T) jobstest.SinkLab {
		dir := filepath.Join(t.TempDir(), "mount")
		path := filepath.Join(dir, "rows.json")
		mend := func() {
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		mend()
		return jobstest.SinkLab{
			Sink: sink{path}, Make: mend,
			Rows: func() []string {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				rows := strings.Split(strings.TrimSpace(string(text)), "\n")
				slices.Sort(rows)
				return rows
			},
			Delete: func() {
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

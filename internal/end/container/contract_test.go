package container

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs/jobstest"
)

func TestSinkContract(t *testing.T) {
	jobstest.Sink(t, func(t *testing.T) jobstest.SinkLab {
		kvs, err := kv.Open(kv.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { kvs.Close() })
		docs, err := docstore.Open(docstore.Options{DB: kvs})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { docs.Close() })
		db, err := docs.Account(1).CreateDatabase(t.Context(), docstore.DatabaseSpec{ID: "db"})
		if err != nil {
			t.Fatal(err)
		}
		mend := func(ctx context.Context, _, name string) error {
			_, err := db.CreateContainer(ctx, docstore.ContainerSpec{ID: name, PartitionKey: docstore.PartitionKeySpec{Paths: []string{"/id"}, Version: 2}})
			return err
		}
		find := func(_, name string) (*docstore.Container, error) { return db.Container(name) }
		account := Account{Find: find, Need: func(ctx context.Context, database, name, _ string) (*docstore.Container, error) {
			if err := mend(ctx, database, name); err != nil {
				return nil, err
			}
			return find(database, name)
		}}
		s, err := SinkKind(func(string) (Account, error) { return account, nil }).Open(t.Context(), jobs.Output{Target: "db/rows"})
		if err != nil {
			t.Fatal(err)
		}
		return jobstest.SinkLab{
			Sink: s, Once: true,
			Make: func() {
				if err := mend(t.Context(), "db", "rows"); err != nil {
					t.Fatal(err)
				}
			},
			Delete: func() {
				if err := db.DeleteContainer(t.Context(), "rows"); err != nil {
					t.Fatal(err)
				}
			},
			Rows: func() (rows []string) {
				c, err := db.Container("rows")
				if err != nil {
					t.Fatal(err)
				}
				for item, err := range c.Snapshot(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					_, x, _ := strings.Cut(string(item.Body), `"x":`) // the id is made
					rows = append(rows, `{"x":`+x[:1]+`}`)
				}
				slices.Sort(rows)
				return rows
			},
		}
	})
}

package queues

import (
	"fmt"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// BenchmarkRows is what the list of 500 queues costs each second while somebody
// watches it; in half of them are messages.
func BenchmarkRows(b *testing.B) {
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		b.Fatal(err)
	}
	store, err := queue.Open(queue.Options{DB: db})
	if err != nil {
		b.Fatal(err)
	}
	in := store.Account(account.ID)
	for i := range 500 {
		name := fmt.Sprint("queue-", i)
		if _, err := in.Create(b.Context(), name, nil); err != nil {
			b.Fatal(err)
		}
		q, err := in.Queue(name)
		if err != nil {
			b.Fatal(err)
		}
		for range i % 2 * 100 {
			if _, err := q.Put(b.Context(), []byte("text"), queue.PutOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	}
	p := &page{Config: Config{Store: store, Accounts: func() []resource.Account { return []resource.Account{account} }, Asked: func(resource.Account, string) portal.Asked { return portal.Asked{} }}}
	for b.Loop() {
		if n := len(p.rows(portal.NewRates())); n != 500 {
			b.Fatal(n)
		}
	}
	if err := store.Close(); err != nil {
		b.Error(err)
	}
	if err := db.Close(); err != nil {
		b.Error(err)
	}
}

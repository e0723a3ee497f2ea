package items

import (
	"context"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// Feeds opens the change feeds of an account's containers for the datasets of
// dashboards.
type Feeds struct {
	Account Account
	// Positions are containers that only keep positions of change feeds.
	Positions func() map[string]bool
}

// Containers implements dashboard.Feeds.
func (f Feeds) Containers() (names []string) {
	positions := f.Positions()
	for _, d := range f.Account.Databases() {
		for _, c := range d.Containers() {
			if name := d.ID() + "/" + c.ID(); !positions[name] {
				names = append(names, name)
			}
		}
	}
	return names
}

// Open implements dashboard.Feeds.
func (f Feeds) Open(container string) (dashboard.Feed, error) {
	db, coll, _ := strings.Cut(container, "/")
	d, err := f.Account.Database(db)
	if err != nil {
		return nil, err
	}
	c, err := d.Container(coll)
	if err != nil {
		return nil, err
	}
	return feed{c}, nil
}

type feed struct{ *docstore.Container }

func (f feed) Changes(ctx context.Context, after uint64, max int) ([][]byte, uint64, error) {
	items, last, err := f.Container.Changes(ctx, after, docstore.ChangeOptions{Max: max})
	docs := make([][]byte, len(items))
	for i := range items {
		docs[i] = items[i].Body
	}
	return docs, last, err
}

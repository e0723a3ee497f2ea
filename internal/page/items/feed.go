package items

import (
	"context"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// Feeds opens the change feeds of containers, named as in the list, for the
// datasets of dashboards.
type Feeds struct {
	Accounts func() []Named
	// Positions are containers that only keep positions of change feeds.
	Positions func() map[string]bool
}

// Containers implements dashboard.Feeds.
func (f Feeds) Containers() (names []string) {
	positions := f.Positions()
	each(f.Accounts(), func(account string, c *docstore.Container) {
		if name := idOf(account, c); !positions[name] {
			names = append(names, name)
		}
	})
	return names
}

// Open implements dashboard.Feeds.
func (f Feeds) Open(container string) (dashboard.Feed, error) {
	account := Default
	if strings.Count(container, "/") > 1 {
		account, container, _ = strings.Cut(container, "/")
	}
	in, err := find(f.Accounts(), account)
	if err != nil {
		return nil, err
	}
	db, coll, _ := strings.Cut(container, "/")
	d, err := in.Stored.Database(db)
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

package items

import (
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const (
	maxChanges = 200     // of an answer
	feedBytes  = 1 << 20 // likewise, of bodies
)

// Changes is what changed in a container since a position: the newest version
// of each item, in the order of their changes. Deletions do not show.
type Changes struct {
	Changes []Change `json:"changes"`
	Next    uint64   `json:"next"` // the after of what follows
	LSN     uint64   `json:"lsn"`  // of the newest change there is
	// Skipped is how many changes were passed over because they come faster than
	// anybody could read: positions of the feed between after and what is shown.
	Skipped uint64 `json:"skipped"`
}

// Change is an item as it was changed.
type Change struct {
	Row
	ID   string `json:"id"`
	Key  string `json:"key"`
	LSN  uint64 `json:"lsn"`
	Time int64  `json:"time"` // seconds since 1970
}

// readChanges serves GET …/changes:
//
//	?from=now                 an empty answer whose next is where the feed ends
//	?from=start               from the beginning
//	?since=2026-11-29T10:00Z  from a time, to the second
//	?after=N                  from a position on: what a watching page asks
//	&live=1                   skip what is more than one answer behind
//
// Nothing is held open: a page asks again, so that many of them leave the
// browser its connections, and one that pauses goes on where it was.
func (p page) readChanges(w http.ResponseWriter, r *http.Request) error {
	c, err := p.container(r)
	if err != nil {
		return err
	}
	o := docstore.ChangeOptions{Max: maxChanges, MaxBytes: feedBytes}
	out := Changes{Changes: []Change{}, LSN: c.LSN()}
	after, err := feedPlace(r, &o, out.LSN)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("live") != "" && out.LSN > after+maxChanges {
		out.Skipped = out.LSN - after - maxChanges
		after += out.Skipped
	}
	items, next, err := c.Changes(r.Context(), after, o)
	if err != nil {
		return err
	}
	out.Next = next
	for _, i := range items {
		out.Changes = append(out.Changes, Change{Row: newRow(i.Body, false), ID: i.ID, Key: i.Key.String(), LSN: i.LSN, Time: i.Timestamp})
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func feedPlace(r *http.Request, o *docstore.ChangeOptions, end uint64) (uint64, error) {
	q := r.URL.Query()
	if text := q.Get("since"); text != "" {
		since, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return 0, fault.New(fault.Invalid, "since", "%q is no time of the form 2026-11-29T10:00:00Z", text)
		}
		o.Since = since
		return 0, nil
	}
	switch from := q.Get("from"); from {
	case "":
		after, err := portal.Number(r, "after", 0)
		return uint64(after), err
	case "start":
		return 0, nil
	case "now":
		return end, nil
	default:
		return 0, fault.New(fault.Invalid, "from", "%q is neither now nor start", from)
	}
}

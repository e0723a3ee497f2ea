package container

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// onlyRange is the one range in which a container of this process is read.
var onlyRange = changefeed.Range{ID: "0", Min: "", Max: "FF"}

// localFeed is the change feed of a container of this process: a changefeed.Source
// and a changefeed.Waiter. A position is an LSN in quotes.
type localFeed struct {
	c        *docstore.Container
	identity changefeed.Identity
	may      func() error
}

func newLocalFeed(c *docstore.Container, host string, may func() error) *localFeed {
	return &localFeed{c, changefeed.Identity{
		AccountHost: host, DatabaseRID: c.Database().Resource().RID, ContainerRID: c.Resource().RID,
	}, may}
}

func (f *localFeed) Identity(context.Context) (changefeed.Identity, error) { return f.identity, nil }

func (f *localFeed) Ranges(context.Context) ([]changefeed.Range, error) {
	return []changefeed.Range{onlyRange}, nil
}

func (f *localFeed) Now(context.Context, changefeed.Range) (string, error) {
	return position(f.c.LSN()), nil
}

func position(lsn uint64) string { return `"` + strconv.FormatUint(lsn, 10) + `"` }

func (f *localFeed) Read(ctx context.Context, q changefeed.Query) (changefeed.Page, error) {
	if err := f.may(); err != nil {
		return changefeed.Page{}, err
	}
	if err := only(q.Range); err != nil {
		return changefeed.Page{}, err
	}
	after, err := readPosition(q.After)
	if err != nil {
		return changefeed.Page{}, err
	}
	items, last, err := f.c.Changes(ctx, after, docstore.ChangeOptions{Max: q.Max, Since: q.Since})
	if err != nil {
		return changefeed.Page{}, gone(err)
	}
	size := 0
	for i := range items {
		size += len(items[i].Body) + lsnRoom
	}
	docs, text := make([]json.RawMessage, len(items)), make([]byte, 0, size) // one block for all
	for i := range items {
		start := len(text)
		text = appendWithLSN(text, items[i].Body, items[i].LSN)
		docs[i] = text[start:len(text):len(text)]
	}
	return changefeed.Page{Docs: docs, Next: position(last)}, nil
}

// only refuses a range that is not here: leases of an account with more of them lead
// here no more than those of another container.
func only(r changefeed.Range) error {
	if r.ID == onlyRange.ID || r.ID == "" && r.Min == onlyRange.Min && r.Max == onlyRange.Max {
		return nil
	}
	return fmt.Errorf("%w: there is no range %s%s-%s", changefeed.ErrSplit, r.ID, r.Min, r.Max)
}

// lsnRoom is what appendWithLSN adds at most.
const lsnRoom = len(lsnName) + 20

// lsnName is what stands between a document and its position.
const lsnName = `,"_lsn":`

// appendWithLSN appends a document with _lsn, which documents carry in the
// change feed only.
func appendWithLSN(dst, body []byte, lsn uint64) []byte {
	dst = append(dst, body[:len(body)-1]...) // without the closing brace
	dst = append(dst, lsnName...)
	dst = strconv.AppendUint(dst, lsn, 10)
	return append(dst, '}')
}

// contextOf is the trace context of the call that wrote a document as Read gave it, or
// "". A document itself has none, there as here.
func (f *localFeed) contextOf(doc []byte) string {
	at := bytes.LastIndex(doc, []byte(lsnName))
	if at < 0 {
		return ""
	}
	lsn, err := strconv.ParseUint(string(doc[at+len(lsnName):len(doc)-1]), 10, 64)
	if err != nil {
		return ""
	}
	return f.c.Origin(lsn)
}

// Wait implements changefeed.Waiter: changes wake the trigger.
func (f *localFeed) Wait(ctx context.Context, _ changefeed.Range, after string) error {
	lsn, err := readPosition(after)
	if err != nil {
		return err
	}
	return gone(f.c.WaitLSN(ctx, lsn))
}

// gone says that the container is no more, in the words of processors.
func gone(err error) error {
	if fault.Is(err, fault.Gone) || fault.Is(err, fault.NotFound) {
		return errors.Join(changefeed.ErrDeleted, err)
	}
	return err
}

// readPosition reads an LSN, with or without its quotes.
func readPosition(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(strings.Trim(text, `"`), 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, "lease", "its position %q is not a number", text)
	}
	return n, nil
}

package cosmos

import (
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// listItems is the read feed: every item, or those of a partition key, in
// insertion order.
func (x *exchange) listItems() error {
	if err := x.openForRead(); err != nil {
		return err
	}
	if err := x.checkRangeID(); err != nil {
		return err
	}
	limit, err := readPageLimit(x.r.Header)
	if err != nil {
		return err
	}
	key, err := x.readKeyFilter()
	if err != nil {
		return err
	}
	part, err := x.readKeyRange()
	if err != nil {
		return err
	}
	after, err := parseListToken(x.header(hdrContinuation))
	if err != nil {
		return err
	}
	rows, err := x.coll.Scan(x.r.Context(), docstore.ScanOptions{Key: key, After: after})
	if err != nil {
		return err
	}
	defer rows.Close()
	feed := x.newFeed(x.info.rid, "Documents")
	continuation := ""
	for rows.Next() {
		if feed.count == limit.items || feed.count > 0 && feed.bytes+len(rows.Doc()) > limit.bytes {
			continuation = listToken(after)
			break
		}
		ok, err := part.has(rows.Doc())
		if err != nil {
			return err
		}
		if ok {
			feed.add(rows.Doc())
		}
		after = rows.Ordinal()
	}
	if err := rows.Err(); err != nil {
		return err
	}
	x.charge = chargeFeed(feed.count, feed.bytes)
	return x.replyFeed(feed, continuation)
}

// A read feed's continuation is the ordinal it got to. It survives restarts
// and says nothing about how many items came before.
const listTokenPrefix = "feed-"

func listToken(after uint64) string { return listTokenPrefix + strconv.FormatUint(after, 36) }

func parseListToken(token string) (uint64, error) {
	if token == "" {
		return 0, nil
	}
	text, ok := strings.CutPrefix(token, listTokenPrefix)
	after, err := strconv.ParseUint(text, 36, 64)
	if !ok || err != nil {
		return 0, badHeader(hdrContinuation, token, "it is not one that a read feed returned")
	}
	return after, nil
}

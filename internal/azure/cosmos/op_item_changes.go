package cosmos

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// listChanges is the change feed in latest-version mode. Where it starts:
//
//	If-None-Match: "57"     behind LSN 57, the ETag of an earlier reply
//	If-None-Match: *        now
//	If-Modified-Since: date at a moment, to the second
//	neither                 at the beginning
//
// It answers 200 with documents, or 304 when there is nothing new; both carry
// the ETag to come again with. Documents have their LSN within them, or apart
// from them in the wire format that Java's change feed processor asks for.
func (x *exchange) listChanges() error {
	if err := x.refuseFullFidelity(); err != nil {
		return err
	}
	if err := x.openForRead(); err != nil {
		return err
	}
	if err := x.checkRangeID(); err != nil {
		return err
	}
	enveloped, err := x.readWireFormat()
	if err != nil {
		return err
	}
	after, since, err := x.readStart()
	if err != nil {
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
	feed := x.newFeed(x.info.rid, "Documents")
	for {
		items, last, err := x.coll.Changes(x.r.Context(), after, docstore.ChangeOptions{
			Max: limit.items, MaxBytes: limit.bytes, Key: key, Since: since,
		})
		if err != nil {
			return err
		}
		for i := range items {
			ok, err := part.has(items[i].Body)
			if err != nil {
				return err
			}
			switch {
			case !ok:
			case enveloped:
				feed.addEnvelope(&items[i])
			default:
				feed.addWithLSN(items[i].Body, items[i].LSN)
			}
		}
		moved := last > after
		after = last
		// A filter may empty a page; only the end of the feed is "nothing new".
		if feed.count > 0 || !moved || len(items) == 0 {
			break
		}
	}
	return x.replyChanges(feed, after)
}

// replyChanges sends the page with the position to go on from.
func (x *exchange) replyChanges(feed *feedReply, after uint64) error {
	etag := `"` + strconv.FormatUint(after, 10) + `"`
	x.set(hdrETag, etag)
	x.charge = chargeFeed(feed.count, feed.bytes)
	if feed.count == 0 {
		x.svc.buffers.Put(feed.buf)
		return x.reply(http.StatusNotModified, nil)
	}
	return x.replyFeed(feed, etag)
}

// refuseFullFidelity takes the latest-version mode only.
func (x *exchange) refuseFullFidelity() error {
	switch mode := x.header(hdrAIM); {
	case strings.EqualFold(mode, "Incremental feed"):
		return nil
	case strings.EqualFold(mode, "Full-Fidelity Feed"):
		return unsupported("The change feed mode 'all versions and deletes' (A-IM: Full-Fidelity Feed)", "Use the latest version mode (A-IM: Incremental feed).")
	default:
		return badHeader(hdrAIM, mode, "expected 'Incremental feed'")
	}
}

// separateMetadata is the change feed's wire format of 2021-09-15.
const separateMetadata = "2021-09-15"

// readWireFormat tells whether documents come in envelopes.
func (x *exchange) readWireFormat() (enveloped bool, err error) {
	switch v := x.header(hdrWireFormat); v {
	case "":
		return false, nil
	case separateMetadata:
		return true, nil
	default:
		return false, badHeader(hdrWireFormat, v, "expected '"+separateMetadata+"' or no header")
	}
}

// readStart reads where the feed begins: behind an LSN, or at a time.
func (x *exchange) readStart() (after uint64, since time.Time, err error) {
	if match := x.header(hdrIfNoneMatch); match == "*" {
		return x.coll.LSN(), time.Time{}, nil
	} else if match != "" {
		after, err = strconv.ParseUint(strings.Trim(match, `"`), 10, 64)
		if err != nil {
			return 0, since, badHeader(hdrIfNoneMatch, match, "expected '*' or the ETag of an earlier page")
		}
		if have := x.coll.LSN(); after > have {
			return 0, since, sessionAhead(after, have)
		}
		return after, since, nil
	}
	if stamp := x.header(hdrIfModifiedSince); stamp != "" {
		since, err = http.ParseTime(stamp)
		if err != nil {
			if since, err = time.Parse(time.RFC3339, stamp); err != nil {
				return 0, since, badHeader(hdrIfModifiedSince, stamp, "expected an RFC 1123 date")
			}
		}
	}
	return 0, since, nil
}

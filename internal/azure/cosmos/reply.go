package cosmos

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// errorBody writes {"code","message","additionalErrorInfo"?}. SDKs look for
// the activity id on the message's second line.
func errorBody(e *apiError, activity string) []byte {
	b := make([]byte, 0, 256+len(e.msg))
	b = append(b, `{"code":`...)
	b = appendQuoted(b, e.code)
	b = append(b, `,"message":`...)
	b = appendQuoted(b, e.msg+"\r\nActivityId: "+activity)
	if e.info != "" {
		b = append(b, `,"additionalErrorInfo":`...)
		b = appendQuoted(b, e.info)
	}
	return append(b, '}')
}

// replyJSON sends a metadata resource. Its value is made of plain structs, so
// encoding it cannot fail.
func (x *exchange) replyJSON(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return x.reply(status, body)
}

// feedReply assembles a feed body in a pooled buffer:
//
//	{"_rid":"…","Documents":[…],"_count":n}
type feedReply struct {
	buf   *wire.Buffer
	count int
	bytes int // of the items
}

func (x *exchange) newFeed(rid, key string) *feedReply {
	f := &feedReply{buf: x.svc.buffers.Get()}
	f.buf.B = append(f.buf.B, `{"_rid":`...)
	f.buf.B = appendQuoted(f.buf.B, rid)
	f.buf.B = append(f.buf.B, `,"`...)
	f.buf.B = append(f.buf.B, key...)
	f.buf.B = append(f.buf.B, `":[`...)
	return f
}

// add appends an item that is complete JSON.
func (f *feedReply) add(item []byte) {
	f.separate()
	f.buf.B = append(f.buf.B, item...)
	f.bytes += len(item)
}

// addWithLSN appends a document with the change feed's "_lsn" as its last
// property.
func (f *feedReply) addWithLSN(doc []byte, lsn uint64) {
	f.separate()
	f.buf.B = append(f.buf.B, doc[:len(doc)-1]...)
	f.buf.B = append(f.buf.B, `,"_lsn":`...)
	f.buf.B = strconv.AppendUint(f.buf.B, lsn, 10)
	f.buf.B = append(f.buf.B, '}')
	f.bytes += len(doc)
}

// addEnvelope appends a changed document with its metadata apart from it:
//
//	{"current":{…},"metadata":{"lsn":57,"crts":1700000000}}
//
// crts is when it changed, in seconds since 1970. What kind of change it was
// and what was before are known to the feed of all versions only.
func (f *feedReply) addEnvelope(item *docstore.Item) {
	f.separate()
	start := len(f.buf.B)
	f.buf.B = append(append(f.buf.B, `{"current":`...), item.Body...)
	f.buf.B = append(f.buf.B, `,"metadata":{"lsn":`...)
	f.buf.B = strconv.AppendUint(f.buf.B, item.LSN, 10)
	f.buf.B = append(f.buf.B, `,"crts":`...)
	f.buf.B = strconv.AppendInt(f.buf.B, item.Timestamp, 10)
	f.buf.B = append(f.buf.B, "}}"...)
	f.bytes += len(f.buf.B) - start
}

func (f *feedReply) separate() {
	if f.count > 0 {
		f.buf.B = append(f.buf.B, ',')
	}
	f.count++
}

// replyFeed closes the feed's body and sends it with its item count and, if
// there is more, its continuation.
func (x *exchange) replyFeed(f *feedReply, continuation string) error {
	defer x.svc.buffers.Put(f.buf)
	f.buf.B = append(f.buf.B, `],"_count":`...)
	f.buf.B = strconv.AppendInt(f.buf.B, int64(f.count), 10)
	f.buf.B = append(f.buf.B, '}')
	x.set(hdrItemCount, strconv.Itoa(f.count))
	if continuation != "" {
		x.set(hdrContinuation, continuation)
	}
	x.event.Items = f.count
	return x.reply(http.StatusOK, f.buf.B)
}

// replyList sends a page of a feed of metadata resources.
func (x *exchange) replyList(rid, key string, items listSource) error {
	limit, err := readPageLimit(x.r.Header)
	if err != nil {
		return err
	}
	after, err := parseListToken(x.header(hdrContinuation))
	if err != nil {
		return err
	}
	items = items[items.behind(after):]
	continuation := ""
	if len(items) > limit.items {
		items = items[:limit.items]
		continuation = listToken(items[limit.items-1].place)
	}
	f := x.newFeed(rid, key)
	for _, item := range items {
		f.add(item.json)
	}
	x.charge = chargeMetadataRead
	return x.replyFeed(f, continuation)
}

package queue

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
)

// maxPage is how many queues a page has at most.
const maxPage = 5000

// listQueues is List Queues: prefix, marker, maxresults, include=metadata. The marker
// is the name to go on with.
func (x *exchange) listQueues() error {
	limit, err := x.number("maxresults", 1, maxPage, maxPage)
	if err != nil {
		return err
	}
	q := x.r.Query
	withMetadata := false
	for part := range strings.SplitSeq(q.Get("include"), ",") {
		switch strings.TrimSpace(part) {
		case "":
		case "metadata":
			withMetadata = true
		default:
			return storage.InvalidQuery("include", q.Get("include"), "A list of queues includes metadata and nothing else.")
		}
	}
	page, next := x.svc.store.List(q.Get("prefix"), q.Get("marker"), int(limit))
	b := append([]byte(storage.XMLHeader), `<EnumerationResults ServiceEndpoint="`...)
	b = append(storage.AppendXML(b, x.r.Base+"/"), `">`...)
	for _, name := range [...]string{"Prefix", "Marker", "MaxResults"} {
		if v, given := q.Lookup(strings.ToLower(name)); given {
			b = storage.AppendElement(b, name, v)
		}
	}
	b = append(b, "<Queues>"...)
	for _, one := range page {
		info, err := one.Info()
		if fault.Is(err, fault.Gone) {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		b = appendQueue(b, info, withMetadata)
	}
	b = storage.AppendElement(append(b, "</Queues>"...), "NextMarker", next)
	return x.reply(http.StatusOK, append(b, "</EnumerationResults>"...))
}

func appendQueue(b []byte, info engine.Info, withMetadata bool) []byte {
	b = storage.AppendElement(append(b, "<Queue>"...), "Name", info.Name)
	if withMetadata {
		b = append(b, "<Metadata>"...)
		for _, p := range info.Metadata {
			b = storage.AppendElement(b, p.Name, p.Value)
		}
		b = append(b, "</Metadata>"...)
	}
	return append(b, "</Queue>"...)
}

// metadataHeaders writes the metadata and the count of a queue.
func (x *exchange) metadataHeaders(info engine.Info) {
	pairs := make([]storage.Pair, len(info.Metadata))
	for i, p := range info.Metadata {
		pairs[i] = storage.Pair(p)
	}
	storage.SetMetadata(x.w.Header(), pairs)
	x.w.Header()["X-Ms-Approximate-Messages-Count"] = []string{strconv.Itoa(info.Messages)}
}

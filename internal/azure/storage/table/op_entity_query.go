package table

import (
	"encoding/base64"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/tablestore/odata"
)

// queryEntities answers a page of a query.
//
// Supported: $filter (see package odata), $select, $top up to 1000, continuation by
// NextPartitionKey and NextRowKey, the range of a SAS. A page may be empty and not
// the last. What OData has beyond that is refused: $orderby, $skip and so on.
func (x *exchange) queryEntities() error {
	level, err := x.format()
	if err != nil {
		return err
	}
	if err := x.refuseOptions(); err != nil {
		return err
	}
	t, err := x.svc.store.Table(x.addr.table)
	if err != nil {
		return err
	}
	w := x.writer(level, t.Name())
	if w.selects, err = odata.ParseSelect(x.r.Query.Get("$select")); err != nil {
		return about("$select", err)
	}
	q, err := x.query()
	if err != nil {
		return err
	}
	out := x.svc.buffers.Get()
	defer func() { x.svc.buffers.Put(out) }()
	out.B = append(w.context(append(out.B, '{'), ""), `"value":[`...)
	next, err := t.Query(x.r.HTTP.Context(), q, func(e *tablestore.Entity) error {
		if x.event.Items > 0 {
			out.B = append(out.B, ',')
		}
		x.event.Items++
		out.B = w.listed(out.B, e)
		return nil
	})
	if err != nil {
		return err
	}
	if next != nil {
		x.set("X-Ms-Continuation-Nextpartitionkey", nextText(next.PartitionKey))
		x.set("X-Ms-Continuation-Nextrowkey", nextText(next.RowKey))
	}
	out.B = append(out.B, "]}"...)
	return x.replyJSON(http.StatusOK, level, out.B)
}

// refuseOptions refuses what OData has and tables have not.
func (x *exchange) refuseOptions() error {
	for _, option := range [...]string{"$orderby", "$skip", "$skiptoken", "$expand", "$inlinecount", "$count", "$search", "$apply"} {
		if x.r.Query.Get(option) != "" {
			return storage.Fail("NotImplemented").With("Reason", option+" is not supported by tables; there are $filter, $select and $top.")
		}
	}
	return nil
}

// query reads what the query looks for.
func (x *exchange) query() (q tablestore.Query, err error) {
	filter, err := odata.Parse(x.r.Query.Get("$filter"))
	if err != nil {
		return q, about("$filter", err)
	}
	if q.Max, err = odata.ParseTop(x.r.Query.Get("$top"), tablestore.MaxPage); err != nil {
		return q, about("$top", err)
	}
	if q.From, err = x.from(); err != nil {
		return q, err
	}
	q.In = filter.Boxes()
	opens := x.grant.Keys
	switch {
	case !opens.Open():
		q.Match = func(e *tablestore.Entity) bool { return opens.Contains(e.PartitionKey, e.RowKey) && filter.Match(e) }
	case filter != nil:
		q.Match = func(e *tablestore.Entity) bool { return filter.Match(e) }
	}
	return q, nil
}

// from is where the client goes on, by the headers of the last page.
func (x *exchange) from() (*tablestore.Position, error) {
	partition, ok := x.r.Query.Lookup("nextpartitionkey")
	if !ok || partition == "" {
		return nil, nil
	}
	var p tablestore.Position
	var err error
	if p.PartitionKey, err = parseNext("NextPartitionKey", partition); err != nil {
		return nil, err
	}
	p.RowKey, err = parseNext("NextRowKey", x.r.Query.Get("nextrowkey"))
	return &p, err
}

// nextMark begins a text that says where a query goes on, so that it is never empty.
const nextMark = "1!"

func nextText(key string) string { return nextMark + base64.RawURLEncoding.EncodeToString([]byte(key)) }

// parseNext reads what nextText wrote; nothing is the beginning.
func parseNext(name, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	coded, marked := strings.CutPrefix(text, nextMark)
	key, err := base64.RawURLEncoding.DecodeString(coded)
	if !marked || err != nil || !utf8.Valid(key) {
		return "", storage.InvalidQuery(name, clip(text), "It is not what a page of a query ended with.")
	}
	return string(key), nil
}

package blob

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Find Blobs by Tags, in the account and in a container, by (container, name). The
// search looks at blobs that have tags, not at their versions; include=versions and
// deleted are refused.

func (x *exchange) find() error { return x.findIn(x.req.Query.Get("where"), "") }

func (x *exchange) findInContainer() error {
	return x.findIn(x.req.Query.Get("where"), x.target.Container)
}

func (x *exchange) findIn(where, container string) error {
	if where == "" && !x.req.Query.Has("where") {
		return storage.Fail("MissingRequiredQueryParameter").With("QueryParameterName", "where")
	}
	e, err := parseWhere(where)
	if err != nil {
		return storage.InvalidQuery("where", clip(where, 300), err.Error())
	}
	limit, err := x.maxResults()
	if err != nil {
		return err
	}
	if v := x.req.Query.Get("include"); v != "" && v != "none" {
		return storage.InvalidQuery("include", clip(v, 100), "A search finds current blobs only; include is not supported by Lazuli.")
	}
	if container == "" {
		container = e.container
	} else if e.container != "" && e.container != container {
		return storage.InvalidQuery("where", clip(where, 300), "It names another container.")
	}
	found, next, err := x.svc.store.FindByTags(x.ctx(), container, e.holdsIn, x.req.Query.Get("marker"), limit)
	if err != nil && !(container == e.container && fault.CodeOf(err) == objectstore.ContainerNotFound) {
		return err
	}
	d := document{}
	d.listHead(x.req.Base, x.target.Container)
	d.text("Where", where)
	d.begin("Blobs")
	for i := range found {
		d.begin("Blob")
		d.name(found[i].Blob)
		d.text("ContainerName", found[i].Container)
		d.tags(found[i].Tags)
		d.end("Blob")
	}
	d.end("Blobs")
	d.text("NextMarker", next)
	d.end("EnumerationResults")
	x.event.Items = len(found)
	return x.replyXML(http.StatusOK, d.b)
}

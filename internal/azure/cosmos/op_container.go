package cosmos

import (
	"net/http"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

func (x *exchange) createContainer() error {
	db, err := x.svc.store.Database(x.addr.db)
	if err != nil {
		return ownerMissing(err)
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	spec, err := parseContainer(body)
	if err != nil {
		return err
	}
	if err := docstore.CheckName("container", spec.ID); err != nil {
		return err
	}
	offer, err := readOfferHeaders(x.r.Header)
	if err != nil {
		return err
	}
	if offer == nil && db.Resource().Throughput == nil {
		offer = []byte(defaultThroughput)
	}
	id := x.svc.id(resource.Containers, db.ID()+"/"+spec.ID)
	if err := x.svc.exists.Create(x.r.Context(), id, properties(ContainerProperties{body, offer})); err != nil {
		return err
	}
	c, err := db.Container(spec.ID)
	if err != nil {
		return err
	}
	x.charge = chargeMetadataWrite
	return x.replyContainer(http.StatusCreated, db, c)
}

func (x *exchange) readContainer() error {
	db, c, err := x.findContainer()
	if err != nil {
		return err
	}
	x.charge = chargeMetadataRead
	if on, err := flag(x.r.Header, hdrQuotaInfo); err != nil {
		return err
	} else if on {
		x.setQuota(c)
	}
	return x.replyContainer(http.StatusOK, db, c)
}

// setQuota adds the container's size, in the service's text form. There is no
// quota; the service's own limits stand in.
func (x *exchange) setQuota(c *docstore.Container) {
	docs, bytes := c.Usage()
	kb := strconv.FormatInt((bytes+1023)/1024, 10)
	x.set(hdrResourceUsage, "functions=0;storedProcedures=0;triggers=0;documentSize="+strconv.FormatInt(bytes>>20, 10)+
		";documentsSize="+kb+";documentsCount="+strconv.FormatInt(docs, 10)+";collectionSize="+kb+";")
	x.set(hdrResourceQuota, "functions=50;storedProcedures=100;triggers=25;documentSize=52428800;documentsSize=52428800;documentsCount=-1;collectionSize=52428800;")
}

func (x *exchange) replaceContainer() error {
	db, old, err := x.findContainer()
	if err != nil {
		return err
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	spec, err := parseContainer(body)
	if err != nil {
		return err
	}
	if spec.UniqueKeys == nil { // they cannot change, and the Python client leaves them out
		spec.UniqueKeys = old.Spec().UniqueKeys
	}
	c, err := db.ReplaceContainer(x.r.Context(), x.addr.coll, spec, x.header(hdrIfMatch))
	if err != nil {
		return err
	}
	x.charge = chargeMetadataWrite
	return x.replyContainer(http.StatusOK, db, c)
}

func (x *exchange) replyContainer(status int, db *docstore.Database, c *docstore.Container) error {
	r := c.Resource()
	x.bind(db, c)
	x.owner = x.info.above
	x.set(hdrETag, r.ETag)
	if status == http.StatusOK && x.r.Method == http.MethodGet && x.header(hdrIfNoneMatch) == r.ETag {
		return x.reply(http.StatusNotModified, nil)
	}
	body, err := ContainerJSON(c)
	if err != nil {
		return err
	}
	return x.reply(status, body)
}

func (x *exchange) deleteContainer() error {
	db, c, err := x.findContainer()
	if err != nil {
		return err
	}
	if match := x.header(hdrIfMatch); match != "" && match != "*" && match != c.Resource().ETag {
		return preconditionFailed("container " + x.addr.coll)
	}
	if err := x.svc.exists.Remove(x.r.Context(), x.svc.id(resource.Containers, db.ID()+"/"+c.ID())); err != nil {
		return err
	}
	x.svc.infos.clear()
	x.owner = ownerDatabase(db)
	x.charge = chargeMetadataWrite
	return x.reply(http.StatusNoContent, nil)
}

func (x *exchange) listContainers() error {
	rid, items, err := x.containers()
	if err != nil {
		return err
	}
	return x.replyList(rid, "DocumentCollections", items)
}

func (x *exchange) queryContainers() error {
	rid, items, err := x.containers()
	if err != nil {
		return err
	}
	return x.queryList(rid, "DocumentCollections", items)
}

// containers returns the database's _rid and its containers, oldest first.
func (x *exchange) containers() (string, listSource, error) {
	db, err := x.svc.store.Database(x.addr.db)
	if err != nil {
		return "", nil, ownerMissing(err)
	}
	x.owner = ownerDatabase(db)
	var items listSource
	for _, c := range db.Containers() {
		item, err := ContainerJSON(c)
		if err != nil {
			return "", nil, err
		}
		items = append(items, listed{placeOf(c.Resource()), item})
	}
	return db.Resource().RID, items, nil
}

// findContainer resolves the addressed container itself: 404/0 when it is
// missing, 404/1003 when its database is.
func (x *exchange) findContainer() (*docstore.Database, *docstore.Container, error) {
	db, err := x.svc.store.Database(x.addr.db)
	if err != nil {
		return nil, nil, ownerMissing(err)
	}
	c, err := db.Container(x.addr.coll)
	return db, c, err
}

// openContainer resolves the container that an operation works in, and checks
// what the request assumes about it.
func (x *exchange) openContainer() error {
	db, c, err := x.findContainer()
	if err != nil {
		return ownerMissing(err)
	}
	x.bind(db, c)
	if want := x.header(hdrIntendedRID); want != "" && want != x.info.rid {
		return badRequest(subRIDMismatch, "The container '%s' was created anew: its _rid is not the one the request intends.", c.ID())
	}
	return nil
}

// openForRead is openContainer plus the session token's demand.
func (x *exchange) openForRead() error {
	if err := x.openContainer(); err != nil {
		return err
	}
	token := x.header(hdrSessionToken)
	if token == "" {
		return nil
	}
	want, err := parseSessionToken(token)
	if err != nil {
		return err
	}
	if have := x.coll.LSN(); want > have {
		return sessionAhead(want, have)
	}
	return nil
}

// bind makes replies carry the container's headers.
func (x *exchange) bind(db *docstore.Database, c *docstore.Container) {
	x.coll, x.info = c, x.svc.infos.get(db, c)
}

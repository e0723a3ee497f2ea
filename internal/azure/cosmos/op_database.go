package cosmos

import (
	"encoding/json"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// databaseBody is a database as the service shows it.
type databaseBody struct {
	ID        string `json:"id"`
	RID       string `json:"_rid"`
	Self      string `json:"_self"`
	ETag      string `json:"_etag"`
	Colls     string `json:"_colls"`
	Users     string `json:"_users"`
	Timestamp int64  `json:"_ts"`
}

func databaseJSON(r docstore.Resource) databaseBody {
	return databaseBody{r.ID, r.RID, r.Self, r.ETag, "colls/", "users/", r.Timestamp}
}

func (x *exchange) createDatabase() error {
	body, err := x.readBody()
	if err != nil {
		return err
	}
	var in struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return jsonError(err, "database")
	}
	offer, err := readOfferHeaders(x.r.Header)
	if err != nil {
		return err
	}
	if err := docstore.CheckName("database", in.ID); err != nil {
		return err
	}
	id := x.svc.id(resource.Databases, in.ID)
	if err := x.svc.exists.Create(x.r.Context(), id, properties(DatabaseProperties{offer})); err != nil {
		return err
	}
	db, err := x.svc.store.Database(in.ID)
	if err != nil {
		return err
	}
	x.charge = chargeMetadataWrite
	return x.replyDatabase(http.StatusCreated, db)
}

func (x *exchange) readDatabase() error {
	db, err := x.svc.store.Database(x.addr.db)
	if err != nil {
		return err
	}
	x.charge = chargeMetadataRead
	return x.replyDatabase(http.StatusOK, db)
}

func (x *exchange) replyDatabase(status int, db *docstore.Database) error {
	r := db.Resource()
	x.set(hdrETag, r.ETag)
	if status == http.StatusOK && x.header(hdrIfNoneMatch) == r.ETag {
		return x.reply(http.StatusNotModified, nil)
	}
	return x.replyJSON(status, databaseJSON(r))
}

func (x *exchange) deleteDatabase() error {
	db, err := x.svc.store.Database(x.addr.db)
	if err != nil {
		return err
	}
	if err := x.svc.exists.Remove(x.r.Context(), x.svc.id(resource.Databases, db.ID())); err != nil {
		return err
	}
	x.svc.infos.clear()
	x.charge = chargeMetadataWrite
	return x.reply(http.StatusNoContent, nil)
}

func (x *exchange) listDatabases() error {
	items, err := x.databases()
	if err != nil {
		return err
	}
	return x.replyList("", "Databases", items)
}

func (x *exchange) queryDatabases() error {
	items, err := x.databases()
	if err != nil {
		return err
	}
	return x.queryList("", "Databases", items)
}

// databases returns every database, oldest first.
func (x *exchange) databases() (listSource, error) {
	var items listSource
	for _, db := range x.svc.store.Databases() {
		item, err := json.Marshal(databaseJSON(db.Resource()))
		if err != nil {
			return nil, err
		}
		items = append(items, listed{placeOf(db.Resource()), item})
	}
	return items, nil
}

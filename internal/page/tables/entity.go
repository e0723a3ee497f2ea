package tables

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// maxEntity is the most JSON of an entity, which has 1 MiB by the service's counting.
const maxEntity = 8 << 20

// Entity is an entity.
type Entity struct {
	PartitionKey string     `json:"partitionKey"`
	RowKey       string     `json:"rowKey"`
	Timestamp    string     `json:"timestamp"` // of its last change; with it the ETag
	ETag         string     `json:"etag"`      // as the service writes it
	Properties   []Property `json:"properties"`
}

// entityOf is an entity with values of at most limit bytes; 0: all.
func entityOf(e *tablestore.Entity, limit int) Entity {
	out := Entity{
		PartitionKey: e.PartitionKey, RowKey: e.RowKey, Timestamp: e.Timestamp.String(), ETag: etagOf(e.Timestamp),
		Properties: make([]Property, len(e.Properties)),
	}
	for i := range e.Properties {
		p := &e.Properties[i]
		text := textOf(p.Value)
		out.Properties[i] = Property{Name: p.Name, Type: p.Value.Type().String(), Value: text}
		if limit > 0 && len(text) > limit {
			out.Properties[i].Value, out.Properties[i].Cut = strings.ToValidUTF8(text[:limit], ""), len(text)
		}
	}
	return out
}

// etagOf is an ETag as the service writes it: W/"datetime'2021-04-06T21%3A03%3A31.9231271Z'".
func etagOf(t tablestore.Ticks) string {
	return `W/"datetime'` + strings.ReplaceAll(t.String(), ":", "%3A") + `'"`
}

// ifMatch reads an ETag; nothing is any version.
func ifMatch(text string) (tablestore.Ticks, error) {
	if text == "" {
		return 0, nil
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(text, `W/"datetime'`), `'"`)
	inner, err := url.PathUnescape(inner)
	t, ok := tablestore.ParseTicks(inner)
	if err != nil || !ok || etagOf(t) != text {
		return 0, fault.New(fault.Invalid, "etag", "%q is none that an entity has", clip(text))
	}
	return t, nil
}

// getEntity serves GET …/entity?pk=…&rk=….
func (p page) getEntity(w http.ResponseWriter, r *http.Request) error {
	t, err := p.table(r)
	if err != nil {
		return err
	}
	var e tablestore.Entity
	q := r.URL.Query()
	if err := t.Get(r.Context(), q.Get("pk"), q.Get("rk"), &e); err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, entityOf(&e, 0))
	return nil
}

// Change is the body of PUT …/entity.
type Change struct {
	// How: insert: there must be none; replace: there must be one; merge: likewise, and
	// what is not named stays; upsert: either.
	How          string     `json:"how"`
	ETag         string     `json:"etag"` // the version that it must have; "": any
	PartitionKey string     `json:"partitionKey"`
	RowKey       string     `json:"rowKey"`
	Properties   []Property `json:"properties"`
}

var kinds = map[string]tablestore.OpKind{
	"insert": tablestore.Insert, "replace": tablestore.Replace, "merge": tablestore.Merge, "upsert": tablestore.Upsert,
}

func (c *Change) op() (*tablestore.Op, error) {
	kind, ok := kinds[c.How]
	if !ok {
		return nil, fault.New(fault.Invalid, "how", "%q is none of insert, replace, merge, upsert", clip(c.How))
	}
	stamp, err := ifMatch(c.ETag)
	if err != nil {
		return nil, err
	}
	op := &tablestore.Op{Kind: kind, IfMatch: stamp, Entity: tablestore.Entity{PartitionKey: c.PartitionKey, RowKey: c.RowKey}}
	seen := map[string]bool{}
	for _, given := range c.Properties {
		if seen[given.Name] {
			return nil, fault.New(fault.Invalid, "property "+clip(given.Name), "it is there twice")
		}
		seen[given.Name] = true
		v, err := valueOf(clip(given.Name), given.Type, given.Value)
		if err != nil {
			return nil, err
		}
		op.Entity.Properties = append(op.Entity.Properties, tablestore.Property{Name: given.Name, Value: v})
	}
	return op, nil
}

// putEntity serves PUT …/entity and answers with the entity as it is now.
func (p page) putEntity(w http.ResponseWriter, r *http.Request) error {
	var c Change
	t, err := p.table(r)
	if err == nil {
		err = portal.ReadJSON(w, r, maxEntity, &c)
	}
	if err != nil {
		return err
	}
	op, err := c.op()
	if err != nil {
		return err
	}
	if _, err := t.Write(r.Context(), op); err != nil {
		return changed(err)
	}
	var e tablestore.Entity
	if err := t.Get(r.Context(), c.PartitionKey, c.RowKey, &e); err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, entityOf(&e, 0))
	return nil
}

// deleteEntity serves DELETE …/entity?pk=…&rk=…[&etag=…].
func (p page) deleteEntity(w http.ResponseWriter, r *http.Request) error {
	t, err := p.table(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	stamp, err := ifMatch(q.Get("etag"))
	if err != nil {
		return err
	}
	_, err = t.Write(r.Context(), &tablestore.Op{
		Kind: tablestore.Delete, IfMatch: stamp, Entity: tablestore.Entity{PartitionKey: q.Get("pk"), RowKey: q.Get("rk")},
	})
	return done(w, http.StatusNoContent, changed(err))
}

// changed says what a version that is not there any more means.
func changed(err error) error {
	if fault.Is(err, fault.PreconditionFailed) {
		return fault.Wrap(fault.PreconditionFailed, "", err, "somebody else changed the entity meanwhile; load it again")
	}
	return err
}

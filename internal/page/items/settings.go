package items

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Manager makes, changes and removes databases and containers. Bodies are
// containers in the JSON of the REST dialect; throughput is an offer's content
// ({"offerThroughput":400}) or nil.
type Manager interface {
	Describe(c *docstore.Container) (json.RawMessage, error)
	MakeDatabase(ctx context.Context, id string, throughput json.RawMessage) error
	MakeContainer(ctx context.Context, database string, body, throughput json.RawMessage) error
	ChangeContainer(ctx context.Context, c *docstore.Container, body, throughput json.RawMessage, ifMatch string) error
	RemoveDatabase(ctx context.Context, id string) error
	RemoveContainer(ctx context.Context, database, id string) error
}

// maxSettings is the largest description of a container, in bytes.
const maxSettings = 256 << 10

// Settings are a container as it is set up. The description is kept and shown as
// it came; what it says of the partition key and unique keys cannot change.
type Settings struct {
	Resource   json.RawMessage `json:"resource"` // as in the REST dialect
	ETag       string          `json:"etag"`
	Throughput json.RawMessage `json:"throughput"` // the offer's content, or null; kept, never enforced
	Shared     bool            `json:"shared"`     // the throughput is the database's
	LSN        uint64          `json:"lsn"`
	Documents  int64           `json:"documents"`
	Bytes      int64           `json:"bytes"`
}

// NewDatabase asks for a database.
type NewDatabase struct {
	ID         string          `json:"id"`
	Throughput json.RawMessage `json:"throughput,omitempty"`
}

// NewContainer asks for a container, or for a change of one that is still the
// version ETag.
type NewContainer struct {
	Resource   json.RawMessage `json:"resource"`
	Throughput json.RawMessage `json:"throughput,omitempty"`
	ETag       string          `json:"etag,omitempty"`
}

func settingsOf(m Manager, c *docstore.Container) (Settings, error) {
	resource, err := m.Describe(c)
	r := c.Resource()
	s := Settings{Resource: resource, ETag: r.ETag, Throughput: r.Throughput, LSN: c.LSN()}
	if s.Throughput == nil {
		s.Throughput = c.Database().Resource().Throughput
		s.Shared = s.Throughput != nil
	}
	s.Documents, s.Bytes = c.Usage()
	return s, err
}

// readSettings serves GET …/settings.
func (p page) readSettings(w http.ResponseWriter, r *http.Request) error {
	a, err := p.account(r)
	if err != nil {
		return err
	}
	c, err := p.container(r)
	if err != nil {
		return err
	}
	return writeSettings(w, http.StatusOK, a.Manage, c)
}

func writeSettings(w http.ResponseWriter, status int, m Manager, c *docstore.Container) error {
	s, err := settingsOf(m, c)
	if err != nil {
		return err
	}
	portal.WriteJSON(w, status, s)
	return nil
}

// changeSettings serves PUT …/settings with a NewContainer.
func (p page) changeSettings(w http.ResponseWriter, r *http.Request) error {
	var in NewContainer
	a, err := p.account(r)
	if err != nil {
		return err
	}
	c, err := p.container(r)
	if err == nil {
		err = portal.ReadJSON(w, r, maxSettings, &in)
	}
	if err != nil {
		return err
	}
	err = a.Manage.ChangeContainer(r.Context(), c, in.Resource, in.Throughput, in.ETag)
	if fault.Is(err, fault.PreconditionFailed) {
		return fault.Wrap(fault.PreconditionFailed, "", err, "somebody else changed the settings meanwhile; load them again")
	}
	if err != nil {
		return err
	}
	if c, err = p.container(r); err != nil {
		return err
	}
	return writeSettings(w, http.StatusOK, a.Manage, c)
}

// makeDatabase serves POST /api/accounts/{account}/databases with a NewDatabase.
func (p page) makeDatabase(w http.ResponseWriter, r *http.Request) error {
	var in NewDatabase
	if err := portal.ReadJSON(w, r, maxSettings, &in); err != nil {
		return err
	}
	a, err := p.account(r)
	if err != nil {
		return err
	}
	if err := a.Manage.MakeDatabase(r.Context(), in.ID, in.Throughput); err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusCreated, Database{ID: within(a.Name, in.ID), Account: a.Name, Name: in.ID, Throughput: in.Throughput})
	return nil
}

// makeContainer serves POST …/databases/{db}/containers with a NewContainer.
func (p page) makeContainer(w http.ResponseWriter, r *http.Request) error {
	var in NewContainer
	if err := portal.ReadJSON(w, r, maxSettings, &in); err != nil {
		return err
	}
	a, err := p.account(r)
	if err != nil {
		return err
	}
	if err := a.Manage.MakeContainer(r.Context(), r.PathValue("db"), in.Resource, in.Throughput); err != nil {
		return err
	}
	db, err := a.Stored.Database(r.PathValue("db"))
	if err != nil {
		return err
	}
	var named struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(in.Resource, &named); err != nil {
		return err
	}
	c, err := db.Container(named.ID)
	if err != nil {
		return err
	}
	return writeSettings(w, http.StatusCreated, a.Manage, c)
}

// removeDatabase serves DELETE …/databases/{db}?containers=N, N being how many
// containers are known to go with it: what came since is not deleted unseen.
func (p page) removeDatabase(w http.ResponseWriter, r *http.Request) error {
	a, err := p.account(r)
	if err != nil {
		return err
	}
	db, err := a.Stored.Database(r.PathValue("db"))
	if err != nil {
		return err
	}
	known, err := portal.Number(r, "containers", 0)
	if err != nil {
		return err
	}
	if n := int64(len(db.Containers())); n > known {
		return fault.New(fault.Conflict, "database "+db.ID(), "it has %d containers, not %d; look again before you delete it", n, known)
	}
	if err := a.Manage.RemoveDatabase(r.Context(), db.ID()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// removeContainer serves DELETE …/databases/{db}/containers/{coll}.
func (p page) removeContainer(w http.ResponseWriter, r *http.Request) error {
	a, err := p.account(r)
	if err != nil {
		return err
	}
	c, err := p.container(r)
	if err != nil {
		return err
	}
	if err := a.Manage.RemoveContainer(r.Context(), c.Database().ID(), c.ID()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

package blobs

import (
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// CopyTo says where a blob, snapshot or version is copied to, within its account.
type CopyTo struct {
	Container string `json:"container"`
	Name      string `json:"name"`
	Overwrite bool   `json:"overwrite"`
}

// copyBlob serves POST …/copy?name=…. The copy shares the bytes with what it is of.
func (p *page) copyBlob(w http.ResponseWriter, r *http.Request) error {
	t, to, err := ordered[CopyTo](w, r, p.blob)
	if err == nil {
		err = checkName(to.Name)
	}
	if err != nil {
		return err
	}
	dst := target{t.Named, objectstore.Address{Container: to.Container, Blob: to.Name}}
	put := objectstore.Put{}
	if !to.Overwrite {
		put.Conditions.IfNoneMatch = []string{"*"}
	}
	info, err := t.copyTo(r, dst, put)
	return told(w, http.StatusCreated, rowOf(&info), err)
}

func (t target) copyTo(r *http.Request, dst target, put objectstore.Put) (objectstore.Info, error) {
	src, err := t.Stored.Properties(r.Context(), t.Address, objectstore.Conditions{})
	if err != nil {
		return src, err
	}
	put.Copy = &objectstore.Copy{
		ID: uuid.New(), Source: t.url(), Status: "success", Copied: src.Size, Total: src.Size, Completed: time.Now(),
	}
	return t.Stored.CopyFrom(r.Context(), dst.Address, objectstore.Source{Account: t.Stored, Address: t.Address}, objectstore.CopyPut{Put: put, CopyTags: true})
}

// Snapshotted is a new snapshot's time, which is its name.
type Snapshotted struct {
	Snapshot string `json:"snapshot"`
}

// snapshotBlob serves POST …/snapshot?name=….
func (p *page) snapshotBlob(w http.ResponseWriter, r *http.Request) error {
	t, err := p.blob(r)
	if err != nil {
		return err
	}
	info, err := t.Stored.Snapshot(r.Context(), t.Address, nil, objectstore.Conditions{})
	return told(w, http.StatusCreated, Snapshotted{info.Snapshot}, err)
}

// undeleteBlob serves POST …/undelete?name=…[&version=…]: a blob that was deleted comes
// back, or one of its versions becomes the blob.
func (p *page) undeleteBlob(w http.ResponseWriter, r *http.Request) error {
	t, err := p.blob(r)
	if err != nil {
		return err
	}
	if t.Version == "" {
		return done(w, http.StatusNoContent, t.Stored.Undelete(r.Context(), t.Address))
	}
	now := t
	now.Version = ""
	_, err = t.copyTo(r, now, objectstore.Put{})
	return done(w, http.StatusNoContent, err)
}

// breakLease serves POST …/break-lease?name=…, at once.
func (p *page) breakLease(w http.ResponseWriter, r *http.Request) error {
	t, err := p.blob(r)
	return t.breakLease(w, r, err)
}

// breakContainerLease serves POST …/break-lease of a container.
func (p *page) breakContainerLease(w http.ResponseWriter, r *http.Request) error {
	t, err := p.container(r)
	return t.breakLease(w, r, err)
}

func (t target) breakLease(w http.ResponseWriter, r *http.Request, err error) error {
	if err != nil {
		return err
	}
	_, err = t.Stored.Lease(r.Context(), t.Address, objectstore.LeaseRequest{Action: objectstore.BreakLease, HasPeriod: true})
	return done(w, http.StatusNoContent, err)
}

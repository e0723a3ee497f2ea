package blobs

import (
	"net/http"
	"net/url"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Container is a container as it is set up. Times are unix milliseconds.
type Container struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	ETag     string `json:"etag"`
	Created  int64  `json:"created"`
	Modified int64  `json:"modified"`
	Metadata []Pair `json:"metadata"`
	Access   string `json:"access"` // what anybody may read: "", blob or container
	Lease    string `json:"lease"`
}

// NewContainer asks for a container.
type NewContainer struct {
	Name   string `json:"name"`
	Access string `json:"access"` // "", blob or container
}

// AccessChange says what anybody may read.
type AccessChange struct {
	Access string `json:"access"` // "", blob or container
}

// DeletedContainers are those of an account that can be brought back.
type DeletedContainers struct {
	Rows []DeletedContainer `json:"rows"`
}

// DeletedContainer is one of them.
type DeletedContainer struct {
	Name          string `json:"name"`
	Version       string `json:"version"`
	Deleted       int64  `json:"deleted"` // unix milliseconds
	RemainingDays int    `json:"remainingDays"`
}

// Restore names a deleted container by its version.
type Restore struct {
	Version string `json:"version"`
}

// portalAddress is where the portal shows a container.
func portalAddress(t target) string {
	return "/storage/" + url.PathEscape(t.Name) + "/blobs/" + url.PathEscape(t.Container)
}

// createContainer serves POST /api/storage/{account}/containers.
func (p *page) createContainer(w http.ResponseWriter, r *http.Request) error {
	inAccount := func(r *http.Request) (target, error) {
		a, err := p.account(r)
		return target{Named: a}, err
	}
	t, n, err := ordered[NewContainer](w, r, inAccount)
	if err == nil {
		_, err = levelOf(n.Access)
	}
	if err == nil {
		err = p.Changes.Create(r.Context(), resource.ID{Account: t.Account, Type: resource.BlobContainers, Name: n.Name}, n.Access)
	}
	return done(w, http.StatusCreated, err)
}

// getContainer serves GET …/containers/{container}.
func (p *page) getContainer(w http.ResponseWriter, r *http.Request) error {
	t, err := p.container(r)
	if err != nil {
		return err
	}
	c, err := t.Stored.Container(r.Context(), t.Container, objectstore.Conditions{})
	return told(w, http.StatusOK, Container{
		Name: c.Name, URL: t.url(), ETag: c.ETag, Created: millis(c.Created), Modified: millis(c.Modified),
		Metadata: pairsOf(c.Metadata), Access: accessOf(c.Access), Lease: c.Lease.State.String(),
	}, err)
}

// deleteContainer serves DELETE …/containers/{container}, with all its blobs.
func (p *page) deleteContainer(w http.ResponseWriter, r *http.Request) error {
	t, err := p.container(r)
	if err == nil {
		err = p.Changes.Remove(r.Context(), t.id())
	}
	return done(w, http.StatusNoContent, err)
}

// deletedContainers serves GET …/deleted-containers.
func (p *page) deletedContainers(w http.ResponseWriter, r *http.Request) error {
	a, err := p.account(r)
	if err != nil {
		return err
	}
	out := DeletedContainers{Rows: []DeletedContainer{}}
	err = a.containers(true, func(c objectstore.ContainerInfo) {
		if c.Deleted {
			out.Rows = append(out.Rows, DeletedContainer{c.Name, c.Version, millis(c.DeletedAt), c.RemainingDays})
		}
	})
	return told(w, http.StatusOK, out, err)
}

// undeleteContainer serves POST …/containers/{container}/undelete.
func (p *page) undeleteContainer(w http.ResponseWriter, r *http.Request) error {
	deleted := func(r *http.Request) (target, error) {
		a, err := p.account(r)
		return target{a, objectstore.Address{Container: r.PathValue("container")}}, err
	}
	t, what, err := ordered[Restore](w, r, deleted)
	if err == nil {
		_, err = t.Stored.UndeleteContainer(r.Context(), t.Container, what.Version)
	}
	return done(w, http.StatusNoContent, err)
}

// setAccess serves PUT …/access. Stored access policies stay.
func (p *page) setAccess(w http.ResponseWriter, r *http.Request) error {
	t, c, err := ordered[AccessChange](w, r, p.container)
	if err != nil {
		return err
	}
	level, err := levelOf(c.Access)
	if err != nil {
		return err
	}
	now, err := t.Stored.Container(r.Context(), t.Container, objectstore.Conditions{})
	if err == nil {
		_, err = t.Stored.SetContainerACL(r.Context(), t.Container, level, now.Policies, ifMatch(now.ETag))
	}
	return done(w, http.StatusNoContent, err)
}

// setContainerMetadata serves PUT …/metadata of a container.
func (p *page) setContainerMetadata(w http.ResponseWriter, r *http.Request) error {
	t, c, err := ordered[PairsChange](w, r, p.container)
	if err == nil {
		err = checkMetadata(c.Pairs)
	}
	if err != nil {
		return err
	}
	info, err := t.Stored.SetContainerMetadata(r.Context(), t.Container, storedPairs(c.Pairs), ifMatch(c.ETag))
	return told(w, http.StatusOK, Changed{info.ETag}, err)
}

func levelOf(access string) (objectstore.PublicAccess, error) {
	switch access {
	case "":
		return objectstore.PrivateAccess, nil
	case "blob":
		return objectstore.BlobAccess, nil
	case "container":
		return objectstore.ContainerAccess, nil
	}
	return 0, fault.New(fault.Invalid, "access", "%q is neither empty, blob nor container", access)
}

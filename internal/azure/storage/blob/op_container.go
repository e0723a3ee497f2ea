package blob

import (
	"context"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Create, Get Properties, Get and Set Metadata, Delete and Restore of containers. A
// name is free at once after a deletion. Refused: encryption scopes that deny an
// override, and immutable storage.

func (x *exchange) createContainer() error {
	if err := x.noBody(); err != nil {
		return err
	}
	var p ContainerProperties
	var err error
	if p.Metadata, err = x.metadata(); err != nil {
		return err
	}
	if p.PublicAccess, err = readAccess(x.req.Header("X-Ms-Blob-Public-Access")); err != nil {
		return err
	}
	if p.PublicAccess != noAccess && x.svc.noPublic() {
		return storage.Fail("PublicAccessNotPermitted")
	}
	if x.req.Header("X-Ms-Deny-Encryption-Scope-Override") == "true" {
		return storage.Unsupported("Denying the override of a container's encryption scope", "Leave the header out.")
	}
	err = x.svc.exists.Create(x.ctx(), x.svc.id(x.target.Container), p.JSON())
	if fault.Is(err, fault.Conflict) {
		return storage.Fail("ContainerAlreadyExists")
	}
	if err != nil {
		return err
	}
	c, err := x.svc.store.Container(x.ctx(), x.target.Container, objectstore.Conditions{})
	if err != nil {
		return err
	}
	x.setState(c.ETag, c.Modified)
	return x.reply(http.StatusCreated)
}

// findContainer reads the container; a lease id that is given must be right.
func (x *exchange) findContainer() (objectstore.ContainerInfo, error) {
	return x.svc.store.Container(x.ctx(), x.target.Container, objectstore.Conditions{Lease: x.req.Header("X-Ms-Lease-Id")})
}

func (x *exchange) containerProperties() error {
	c, err := x.findContainer()
	if err != nil {
		return err
	}
	x.setState(c.ETag, c.Modified)
	storage.SetMetadata(x.w.Header(), pairs(c.Metadata))
	x.setLease(c.Lease)
	x.setSome("x-ms-blob-public-access", accessText(c.Access))
	x.set("x-ms-has-immutability-policy", "false")
	x.set("x-ms-has-legal-hold", "false")
	x.set("x-ms-immutable-storage-with-versioning-enabled", "false")
	x.set("x-ms-default-encryption-scope", "$account-encryption-key")
	x.set("x-ms-deny-encryption-scope-override", "false")
	return x.reply(http.StatusOK)
}

func (x *exchange) containerMetadata() error {
	c, err := x.findContainer()
	if err != nil {
		return err
	}
	x.setState(c.ETag, c.Modified)
	storage.SetMetadata(x.w.Header(), pairs(c.Metadata))
	return x.reply(http.StatusOK)
}

func (x *exchange) setContainerMetadata() error {
	cond, err := x.conditions()
	if err != nil {
		return err
	}
	if len(cond.IfMatch) > 0 || len(cond.IfNoneMatch) > 0 || !cond.IfUnmodifiedSince.IsZero() {
		return storage.Fail("ConditionHeadersNotSupported")
	}
	m, err := x.metadata()
	if err != nil {
		return err
	}
	c, err := x.svc.store.SetContainerMetadata(x.ctx(), x.target.Container, m, cond)
	if err != nil {
		return err
	}
	x.setState(c.ETag, c.Modified)
	return x.reply(http.StatusOK)
}

func (x *exchange) deleteContainer() error {
	cond, err := x.conditions()
	if err != nil {
		return err
	}
	if len(cond.IfMatch) > 0 || len(cond.IfNoneMatch) > 0 {
		return storage.Fail("ConditionHeadersNotSupported")
	}
	ctx := context.WithValue(x.ctx(), conditionsKey{}, cond)
	if err := x.svc.exists.Remove(ctx, x.svc.id(x.target.Container)); err != nil {
		return err
	}
	return x.reply(http.StatusAccepted)
}

// undeleteContainer brings a container back under its own name; Azure takes no other
// any more.
func (x *exchange) undeleteContainer() error {
	name, version := x.req.Header("X-Ms-Deleted-Container-Name"), x.req.Header("X-Ms-Deleted-Container-Version")
	switch {
	case name == "":
		return storage.MissingHeader("x-ms-deleted-container-name")
	case version == "":
		return storage.MissingHeader("x-ms-deleted-container-version")
	case name != x.target.Container:
		return storage.InvalidHeader("x-ms-deleted-container-name", clip(name, 100))
	}
	if _, err := x.svc.store.UndeleteContainer(x.ctx(), name, version); err != nil {
		return err
	}
	return x.reply(http.StatusCreated)
}

package blobs

import (
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// maxBody bounds a body that says what to do.
const maxBody = 1 << 20

// target is what a request is about: a container, and the blob, snapshot or version
// in it that the query names, if it names one.
type target struct {
	Named
	objectstore.Address
}

// id is the container as a resource.
func (t target) id() resource.ID {
	return resource.ID{Account: t.Account, Type: resource.BlobContainers, Name: t.Container}
}

// account is the one in the address.
func (p *page) account(r *http.Request) (Named, error) {
	name := r.PathValue("account")
	for _, a := range p.Accounts() {
		if strings.EqualFold(a.Name, name) {
			return a, nil
		}
	}
	return Named{}, fault.New(fault.NotFound, "storage account "+name, "there is none")
}

// container is the one in the address, which must exist.
func (p *page) container(r *http.Request) (target, error) {
	a, err := p.account(r)
	if err != nil {
		return target{}, err
	}
	t := target{a, objectstore.Address{Container: r.PathValue("container")}}
	_, err = a.Stored.Container(r.Context(), t.Container, objectstore.Conditions{})
	return t, err
}

// blob is the one that ?name=…&snapshot=…&version=… names; it need not exist.
func (p *page) blob(r *http.Request) (target, error) {
	t, err := p.container(r)
	if err != nil {
		return t, err
	}
	q := r.URL.Query()
	t.Blob, t.Snapshot, t.Version = q.Get("name"), q.Get("snapshot"), q.Get("version")
	return t, checkName(t.Blob)
}

// ordered is a container's or blob's target with the JSON of a request's body.
func ordered[T any](w http.ResponseWriter, r *http.Request, find func(*http.Request) (target, error)) (t target, order T, err error) {
	if t, err = find(r); err == nil {
		err = portal.ReadJSON(w, r, maxBody, &order)
	}
	return t, order, err
}

// Limits of a blob's name (Azure: "Naming and Referencing Containers, Blobs, and
// Metadata").
const (
	maxName     = 1024 // characters
	maxSegments = 254
)

// checkName holds a name to the service's rule. What it allows besides is any text:
// dots and slashes lead nowhere, as no name becomes a path of a file.
func checkName(name string) error {
	switch {
	case name == "":
		return fault.New(fault.Invalid, "name", "a blob's name is missing")
	case !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0:
		return fault.New(fault.Invalid, "name", "a blob's name is UTF-8 without a zero character")
	case utf8.RuneCountInString(name) > maxName:
		return fault.New(fault.Invalid, "name", "a blob's name has at most %d characters", maxName)
	case strings.Count(name, "/") >= maxSegments:
		return fault.New(fault.Invalid, "name", "a blob's name has at most %d steps", maxSegments)
	}
	return nil
}

// worded says what to do about a refusal that in the service's words only a client
// understands.
func worded(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	switch fault.CodeOf(err) {
	case objectstore.LeaseIDMissing:
		return fault.New(fault.PreconditionFailed, f.Resource, "somebody has a lease on it; break the lease first")
	case objectstore.SnapshotsPresent:
		return fault.New(fault.Conflict, f.Resource, "it has snapshots; delete them with it")
	case objectstore.ConditionNotMet:
		return fault.New(fault.PreconditionFailed, f.Resource, "somebody else changed it meanwhile; load it again")
	case objectstore.BlobArchived:
		return fault.New(fault.Conflict, f.Resource, "it is in the archive tier; choose another tier first")
	case objectstore.BlobUsesCustomerSpecifiedEncryption:
		return fault.New(fault.Forbidden, f.Resource, "it was written with a customer's key; only a client that sends the key may read or copy it")
	}
	return err
}

// done answers a change that has no more to say than that it is done.
func done(w http.ResponseWriter, status int, err error) error {
	if err == nil {
		w.WriteHeader(status)
	}
	return worded(err)
}

// told answers with a value, unless there is an error.
func told(w http.ResponseWriter, status int, v any, err error) error {
	if err == nil {
		portal.WriteJSON(w, status, v)
	}
	return worded(err)
}

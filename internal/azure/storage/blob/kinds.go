package blob

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// ContainerProperties are the properties of a container as a resource.
type ContainerProperties struct {
	// PublicAccess is None, Blob or Container, as Azure's management API has it; ""
	// leaves what is there, and is None of a new one.
	PublicAccess string `json:"publicAccess,omitempty"`
	// Metadata replaces what is there, unless it is nil.
	Metadata []objectstore.Pair `json:"metadata,omitempty"`
}

// JSON is the form that the catalogue takes.
func (p ContainerProperties) JSON() json.RawMessage {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // texts always marshal
	}
	return text
}

// The levels of public access in Azure's management API.
const (
	noAccess        = "None"
	blobAccess      = "Blob"
	containerAccess = "Container"
)

func (p ContainerProperties) access() (objectstore.PublicAccess, error) {
	switch p.PublicAccess {
	case "", noAccess:
		return objectstore.PrivateAccess, nil
	case blobAccess:
		return objectstore.BlobAccess, nil
	case containerAccess:
		return objectstore.ContainerAccess, nil
	}
	return 0, fault.New(fault.Invalid, "publicAccess", "is %q; expected None, Blob or Container", p.PublicAccess)
}

// Kinds are what can exist in an account's blob service: containers. onUse says
// whether naming one is enough to make it (see resource.Kind.OnUse).
func Kinds(store *objectstore.Store, onUse func(account resource.Account, name string) error) []resource.Kind {
	k := kinds{store}
	return []resource.Kind{{
		Type: resource.BlobContainers, Word: "container", OnUse: onUse, Apply: k.apply, List: k.list, Remove: k.remove,
		Exists: func(a resource.Account, name string) bool {
			_, err := store.Account(a.ID).Container(context.Background(), name, objectstore.Conditions{})
			return err == nil
		},
	}}
}

type kinds struct{ store *objectstore.Store }

func (k kinds) apply(ctx context.Context, a resource.Account, name string, text json.RawMessage) error {
	var p ContainerProperties
	if err := json.Unmarshal(text, &p); err != nil {
		return fault.Wrap(fault.Invalid, "container "+name, err, "its properties")
	}
	access, err := p.access()
	if err != nil {
		return err
	}
	if err := checkContainerName(name); err != nil {
		return fault.New(fault.Invalid, "container "+name, "a container's name has 3 to 63 lower-case letters, digits and single hyphens inside")
	}
	account := k.store.Account(a.ID)
	have, err := account.Container(ctx, name, objectstore.Conditions{})
	if fault.CodeOf(err) == objectstore.ContainerNotFound {
		_, err = account.CreateContainer(ctx, name, access, p.Metadata)
	}
	if err != nil {
		return err
	}
	return update(ctx, account, have, p, access)
}

// update brings a container that exists up to date; have is empty of a new one.
func update(ctx context.Context, account objectstore.Account, have objectstore.ContainerInfo, p ContainerProperties, access objectstore.PublicAccess) error {
	if have.Name == "" {
		return nil
	}
	if p.PublicAccess != "" && access != have.Access {
		if _, err := account.SetContainerACL(ctx, have.Name, access, have.Policies, objectstore.Conditions{}); err != nil {
			return err
		}
	}
	if p.Metadata != nil && !slices.Equal(p.Metadata, have.Metadata) {
		_, err := account.SetContainerMetadata(ctx, have.Name, p.Metadata, objectstore.Conditions{})
		return err
	}
	return nil
}

func (k kinds) list(a resource.Account) (names []string) {
	for marker := ""; ; {
		page, next, err := k.store.Account(a.ID).ListContainers(context.Background(), objectstore.ContainerList{Marker: marker})
		if err != nil {
			return names
		}
		for i := range page {
			names = append(names, page[i].Name)
		}
		if marker = next; marker == "" {
			return names
		}
	}
}

// conditionsKey is for the conditions under which a client deletes a container. They
// are checked where it is deleted, and the catalogue is in between.
type conditionsKey struct{}

// remove deletes a container; one that is leased only for who has the lease, as in
// Azure's management API.
func (k kinds) remove(ctx context.Context, a resource.Account, name string) error {
	c, _ := ctx.Value(conditionsKey{}).(objectstore.Conditions)
	return k.store.Account(a.ID).DeleteContainer(ctx, name, c)
}

// id names a container of the service's account.
func (s *Service) id(container string) resource.ID {
	return resource.ID{Account: s.account, Type: resource.BlobContainers, Name: container}
}

// readAccess reads x-ms-blob-public-access.
func readAccess(text string) (string, error) {
	switch text {
	case "":
		return noAccess, nil
	case storage.PublicBlob:
		return blobAccess, nil
	case storage.PublicContainer:
		return containerAccess, nil
	}
	return "", storage.InvalidHeader("x-ms-blob-public-access", clip(text, 50))
}

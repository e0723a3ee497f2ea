package cosmos

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// DatabaseProperties are the properties of a database as a resource.
type DatabaseProperties struct {
	Throughput json.RawMessage `json:"throughput,omitempty"` // the offer's content
}

// ContainerProperties are the properties of a container as a resource.
type ContainerProperties struct {
	Body       json.RawMessage `json:"resource"`             // as in the REST dialect; the id is the resource's name
	Throughput json.RawMessage `json:"throughput,omitempty"` // the offer's content
}

// properties is the form that the catalogue takes of one of the above.
func properties(p any) json.RawMessage {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // raw JSON that was parsed before
	}
	return text
}

// KeyedBy are the properties of a container of which only the partition key is
// known.
func KeyedBy(path string) json.RawMessage {
	return properties(ContainerProperties{Body: properties(map[string]any{
		"partitionKey": docstore.PartitionKeySpec{Paths: []string{path}, Version: 2},
	})})
}

// Declaration is a container as a project file names it.
type Declaration struct {
	PartitionKey   []string
	DefaultTTL     *int32
	UniqueKeys     [][]string
	IndexingPolicy map[string]any // as in the REST dialect
}

// JSON is the form that the catalogue takes.
func (d Declaration) JSON() json.RawMessage {
	body := map[string]any{"partitionKey": docstore.PartitionKeySpec{Paths: d.PartitionKey, Version: 2}}
	if d.DefaultTTL != nil {
		body["defaultTtl"] = d.DefaultTTL
	}
	if d.IndexingPolicy != nil {
		body["indexingPolicy"] = d.IndexingPolicy
	}
	if d.UniqueKeys != nil {
		keys := make([]uniqueKey, len(d.UniqueKeys))
		for i, paths := range d.UniqueKeys {
			keys[i] = uniqueKey{paths}
		}
		body["uniqueKeyPolicy"] = uniqueKeyPolicy{keys}
	}
	return properties(ContainerProperties{Body: properties(body)})
}

// Kinds are what can exist in an account: databases and their containers. onUse
// says whether naming one is enough to make it (see resource.Kind.OnUse).
func Kinds(store *docstore.Store, onUse func(account resource.Account, name string) error) []resource.Kind {
	k := kinds{store}
	return []resource.Kind{
		{
			Type: resource.Databases, Word: "database", Holds: k.heldByDatabase, OnUse: onUse, Apply: k.applyDatabase,
			Exists: func(a resource.Account, name string) bool {
				_, err := k.database(a, name)
				return err == nil
			},
			List: func(a resource.Account) (names []string) {
				for _, d := range store.Account(a.ID).Databases() {
					names = append(names, d.ID())
				}
				return names
			},
			Remove: func(ctx context.Context, a resource.Account, name string) error {
				return store.Account(a.ID).DeleteDatabase(ctx, name)
			},
		},
		{
			Type: resource.Containers, Word: "container", Holds: k.heldByContainer, OnUse: onUse, Apply: k.applyContainer, List: k.containers, Default: KeyedBy("/id"),
			Exists: func(a resource.Account, name string) bool {
				_, _, err := k.container(a, name)
				return err == nil
			},
			Remove: func(ctx context.Context, a resource.Account, name string) error {
				d, c, err := k.container(a, name)
				if err != nil {
					return err
				}
				return d.DeleteContainer(ctx, c.ID())
			},
		},
	}
}

// id names a resource of the service's account.
func (s *Service) id(typ, name string) resource.ID {
	return resource.ID{Account: s.account, Type: typ, Name: name}
}

type kinds struct{ store *docstore.Store }

// database finds a database by its name, which is compared as it is: a name that
// looks like a _rid is a name here.
func (k kinds) database(a resource.Account, name string) (*docstore.Database, error) {
	d, err := k.store.Account(a.ID).Database(name)
	if err == nil && d.ID() != name {
		return nil, fault.New(fault.NotFound, "database "+name, "no such database")
	}
	return d, err
}

// container finds a container by DATABASE/CONTAINER.
func (k kinds) container(a resource.Account, name string) (*docstore.Database, *docstore.Container, error) {
	db, id, _ := strings.Cut(name, "/")
	d, err := k.database(a, db)
	if err != nil {
		return nil, nil, err
	}
	c, err := d.Container(id)
	if err == nil && c.ID() != id {
		err = fault.New(fault.NotFound, "container "+id, "no such container")
	}
	return d, c, err
}

func (k kinds) containers(a resource.Account) (names []string) {
	for _, d := range k.store.Account(a.ID).Databases() {
		for _, c := range d.Containers() {
			names = append(names, d.ID()+"/"+c.ID())
		}
	}
	return names
}

// heldByDatabase and heldByContainer say what one holds, in words.
func (k kinds) heldByDatabase(a resource.Account, name string) string {
	d, err := k.database(a, name)
	if err != nil {
		return ""
	}
	var documents int64
	for _, c := range d.Containers() {
		n, _ := c.Usage()
		documents += n
	}
	return resource.Counted(int64(len(d.Containers())), "container") + ", " + resource.Counted(documents, "document")
}

func (k kinds) heldByContainer(a resource.Account, name string) string {
	_, c, err := k.container(a, name)
	if err != nil {
		return ""
	}
	documents, _ := c.Usage()
	return resource.Counted(documents, "document")
}

func (k kinds) applyDatabase(ctx context.Context, a resource.Account, name string, text json.RawMessage) error {
	var p DatabaseProperties
	if err := json.Unmarshal(text, &p); err != nil {
		return fault.Wrap(fault.Invalid, "database "+name, err, "its properties")
	}
	d, err := k.database(a, name)
	switch {
	case fault.Is(err, fault.NotFound):
		_, err = k.store.Account(a.ID).CreateDatabase(ctx, docstore.DatabaseSpec{ID: name, Throughput: p.Throughput})
		return err
	case err != nil || p.Throughput == nil:
		return err
	}
	return d.SetThroughput(ctx, p.Throughput)
}

// applyContainer makes a container, or brings its policies up to date. One that
// exists keeps its partition key and its unique keys; others are refused, because
// its documents could not be found any more, or be there twice.
func (k kinds) applyContainer(ctx context.Context, a resource.Account, name string, text json.RawMessage) error {
	db, id, _ := strings.Cut(name, "/")
	var p ContainerProperties
	if err := json.Unmarshal(text, &p); err != nil {
		return fault.Wrap(fault.Invalid, "container "+id, err, "its properties")
	}
	spec, err := parseContainer(p.Body)
	if err != nil {
		return err
	}
	spec.ID, spec.Throughput = id, p.Throughput
	d, err := k.database(a, db)
	if err != nil {
		return err
	}
	_, have, err := k.container(a, name)
	switch {
	case fault.Is(err, fault.NotFound):
		_, err = d.CreateContainer(ctx, spec)
		return err
	case err != nil:
		return err
	}
	return updateContainer(ctx, d, have, spec)
}

func updateContainer(ctx context.Context, d *docstore.Database, have *docstore.Container, spec docstore.ContainerSpec) error {
	old := have.Spec()
	if !slices.Equal(old.PartitionKey.Paths, spec.PartitionKey.Paths) {
		return fault.New(fault.Conflict, "partitionKey",
			"the container exists with %v; a partition key cannot change (delete the container, or name it otherwise)", old.PartitionKey.Paths)
	}
	switch {
	case spec.UniqueKeys == nil:
		spec.UniqueKeys = old.UniqueKeys
	case !slices.EqualFunc(old.UniqueKeys, spec.UniqueKeys, slices.Equal):
		return fault.New(fault.Conflict, "uniqueKeys",
			"the container exists with %v; unique keys cannot change (delete the container, or name it otherwise)", old.UniqueKeys)
	}
	if len(spec.IndexingPolicy.Raw) == 0 {
		spec.IndexingPolicy = old.IndexingPolicy
	}
	if sameTTL(old.DefaultTTL, spec.DefaultTTL) && bytes.Equal(old.IndexingPolicy.Raw, spec.IndexingPolicy.Raw) {
		return nil
	}
	if len(spec.Extras) == 0 {
		spec.Extras = old.Extras
	}
	_, err := d.ReplaceContainer(ctx, have.ID(), spec, "")
	return err
}

func sameTTL(a, b *int32) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}

package cosmos

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// What somebody in this process does with databases and containers, as the
// portal's Data Explorer does: the wire operations without the wire. Their
// errors have a fault.Kind.

// MakeDatabase makes a database that must be new. throughput is an offer's
// content ({"offerThroughput":400}) or nil.
func (s *Service) MakeDatabase(ctx context.Context, id string, throughput json.RawMessage) error {
	offer, err := keptOffer(throughput)
	if err == nil {
		err = docstore.CheckName("database", id)
	}
	if err != nil {
		return asFault(err)
	}
	return asFault(s.exists.Create(ctx, s.id(resource.Databases, id), properties(DatabaseProperties{offer})))
}

// MakeContainer makes a container that must be new. body is its JSON as in the
// REST dialect.
func (s *Service) MakeContainer(ctx context.Context, database string, body, throughput json.RawMessage) error {
	db, err := s.store.Database(database)
	if err != nil {
		return err
	}
	spec, err := parseContainer(body)
	if err == nil {
		err = docstore.CheckName("container", spec.ID)
	}
	var offer json.RawMessage
	if err == nil {
		offer, err = keptOffer(throughput)
	}
	if err != nil {
		return asFault(err)
	}
	if offer == nil && db.Resource().Throughput == nil {
		offer = []byte(defaultThroughput)
	}
	return asFault(s.exists.Create(ctx, s.id(resource.Containers, db.ID()+"/"+spec.ID), properties(ContainerProperties{body, offer})))
}

// ChangeContainer replaces what can change of a container: indexing policy, time
// to live, further policies, and the throughput unless that is nil. ifMatch is
// the container's ETag, or "".
func (s *Service) ChangeContainer(ctx context.Context, c *docstore.Container, body, throughput json.RawMessage, ifMatch string) error {
	spec, err := parseContainer(body)
	var offer json.RawMessage
	if err == nil {
		offer, err = keptOffer(throughput)
	}
	if err != nil {
		return asFault(err)
	}
	if spec.ID != c.ID() {
		return fault.New(fault.Invalid, "id", "a container keeps its name; this one is %s", c.ID())
	}
	if spec.UniqueKeys == nil {
		spec.UniqueKeys = c.Spec().UniqueKeys
	}
	if _, err := c.Database().ReplaceContainer(ctx, c.ID(), spec, ifMatch); err != nil || offer == nil {
		return err
	}
	return c.SetThroughput(ctx, offer)
}

// RemoveDatabase deletes a database and all it holds.
func (s *Service) RemoveDatabase(ctx context.Context, id string) error {
	defer s.infos.clear()
	return s.exists.Remove(ctx, s.id(resource.Databases, id))
}

// RemoveContainer deletes a container and its items.
func (s *Service) RemoveContainer(ctx context.Context, database, id string) error {
	defer s.infos.clear()
	return s.exists.Remove(ctx, s.id(resource.Containers, database+"/"+id))
}

// DescribeContainer is a container as the REST dialect shows it.
func DescribeContainer(c *docstore.Container) (json.RawMessage, error) { return ContainerJSON(c) }

// keptOffer checks an offer's content; none is nil.
func keptOffer(content json.RawMessage) (json.RawMessage, error) {
	if !present(content) {
		return nil, nil
	}
	return checkOffer(content)
}

// asFault gives the refusals of this room the kind they have elsewhere.
func asFault(err error) error {
	var e *apiError
	if !errors.As(err, &e) {
		return err
	}
	if e.status == http.StatusBadRequest {
		return fault.New(fault.Invalid, "", "%s", e.msg)
	}
	return fault.New(fault.Internal, "", "%s", e.msg)
}

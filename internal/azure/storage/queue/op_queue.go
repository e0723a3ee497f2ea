package queue

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
)

// Create Queue, Delete Queue, Get and Set Queue Metadata.

// metadata reads the headers x-ms-meta-NAME.
func (x *exchange) metadata() ([]engine.Pair, error) {
	pairs, err := x.r.Metadata()
	if err != nil {
		return nil, err
	}
	all := make([]engine.Pair, len(pairs))
	for i, p := range pairs {
		all[i] = engine.Pair(p)
	}
	return all, nil
}

// createQueue answers 201; 204 when there is one with the same metadata.
func (x *exchange) createQueue() error {
	metadata, err := x.metadata()
	if err != nil {
		return err
	}
	err = x.svc.exists.Create(x.h.Context(), x.svc.id(x.name), Properties{Metadata: metadata}.JSON())
	if fault.Is(err, fault.Conflict) {
		if _, err := x.svc.store.Create(x.h.Context(), x.name, metadata); err != nil {
			return err
		}
		return x.reply(http.StatusNoContent, nil)
	}
	if err != nil {
		return err
	}
	return x.reply(http.StatusCreated, nil)
}

func (x *exchange) deleteQueue() error {
	if err := x.svc.exists.Remove(x.h.Context(), x.svc.id(x.name)); err != nil {
		return err
	}
	return x.reply(http.StatusNoContent, nil)
}

func (x *exchange) getMetadata() error {
	q, err := x.queue()
	if err != nil {
		return err
	}
	info, err := q.Info()
	if err != nil {
		return err
	}
	x.metadataHeaders(info)
	return x.reply(http.StatusOK, nil)
}

func (x *exchange) setMetadata() error {
	metadata, err := x.metadata()
	if err != nil {
		return err
	}
	q, err := x.queue()
	if err != nil {
		return err
	}
	if err := q.SetMetadata(x.h.Context(), metadata); err != nil {
		return err
	}
	return x.reply(http.StatusNoContent, nil)
}

// Get and Set Queue ACL: stored access policies, five at most.

func (x *exchange) getACL() error {
	q, err := x.queue()
	if err != nil {
		return err
	}
	kept, err := q.ACL()
	if err != nil {
		return err
	}
	policies, err := storage.ParsePolicies(kept)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, storage.PoliciesXML(policies))
}

func (x *exchange) setACL() error {
	body, err := x.body()
	if err != nil {
		return err
	}
	policies, err := storage.ParseACL(storage.Queue, body)
	if err != nil {
		return err
	}
	q, err := x.queue()
	if err != nil {
		return err
	}
	if err := q.SetACL(x.h.Context(), storage.PoliciesXML(policies)); err != nil {
		return err
	}
	return x.reply(http.StatusNoContent, nil)
}

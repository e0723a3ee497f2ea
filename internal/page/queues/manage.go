package queues

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

const (
	maxSettings = 64 << 10
	maxMetadata = 8 << 10 // of the service: what fits into headers
)

// NewQueue is the body of POST /api/storage/{account}/queues.
type NewQueue struct {
	Name     string `json:"name"`
	Metadata []Pair `json:"metadata"`
}

// Metadata is the body of PUT …/metadata: all there is from now on.
type Metadata struct {
	Metadata []Pair `json:"metadata"`
}

// createQueue serves POST /api/storage/{account}/queues.
func (p *page) createQueue(w http.ResponseWriter, r *http.Request) error {
	account, err := p.account(r.PathValue("account"))
	var n NewQueue
	if err == nil {
		err = portal.ReadJSON(w, r, maxSettings, &n)
	}
	if err != nil {
		return err
	}
	metadata, err := pairs(n.Metadata)
	if err != nil {
		return err
	}
	return done(w, http.StatusCreated, p.Changes.Create(r.Context(), resource.ID{Account: account, Type: resource.Queues, Name: n.Name}, metadata))
}

// setMetadata serves PUT …/metadata.
func (p *page) setMetadata(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	var m Metadata
	if err == nil {
		err = portal.ReadJSON(w, r, maxSettings, &m)
	}
	if err != nil {
		return err
	}
	metadata, err := pairs(m.Metadata)
	if err != nil {
		return err
	}
	return done(w, http.StatusNoContent, t.queue.SetMetadata(r.Context(), metadata))
}

// pairs are metadata as they can be sent in headers.
func pairs(all []Pair) ([]queue.Pair, error) {
	out, size := []queue.Pair{}, 0
	for _, m := range all {
		if !isName(m.Name) {
			return nil, fault.New(fault.Invalid, "metadata", "%q is no name: letters, digits and _, a letter or _ first", m.Name)
		}
		for _, r := range m.Value {
			if r < ' ' || r > '~' {
				return nil, fault.New(fault.Invalid, "metadata "+m.Name, "its value has the character %U; a header cannot have it", r)
			}
		}
		size += len(m.Name) + len(m.Value)
		out = append(out, queue.Pair{Name: m.Name, Value: m.Value})
	}
	if size > maxMetadata {
		return nil, fault.New(fault.TooLarge, "metadata", "%d bytes; %d are allowed", size, maxMetadata)
	}
	return out, nil
}

// deleteQueue serves DELETE /api/storage/{account}/queues/{queue}, with all its messages.
func (p *page) deleteQueue(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err == nil {
		err = p.Changes.Remove(r.Context(), t.id())
	}
	return done(w, http.StatusNoContent, err)
}

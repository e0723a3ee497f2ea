package telemetry

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// FromStorage listens to the services of storage accounts
// (blob.Config.OnRequest, and those of queues and tables).
func (c *Counts) FromStorage(e storage.RequestDone) {
	whole, part := c.storage.of(&e)
	whole.count(&e)
	if part != nil {
		part.count(&e)
	}
}

// Storage is what clients asked of a service of a storage account since the start, or
// of a container, queue or table in it.
type Storage struct {
	Requests          atomic.Int64 // finished
	Refused           atomic.Int64 // of them, those answered with 4xx: as they are asked, they cannot be done
	Failed            atomic.Int64 // likewise with 5xx, or not at all
	BytesIn, BytesOut atomic.Int64 // of content
	Micros            atomic.Int64 // that they took together
}

func (s *Storage) count(e *storage.RequestDone) {
	s.Requests.Add(1)
	switch {
	case e.Status == 0 || e.Status >= http.StatusInternalServerError:
		s.Failed.Add(1)
	case e.Status >= http.StatusBadRequest:
		s.Refused.Add(1)
	}
	s.BytesIn.Add(e.RequestBytes)
	s.BytesOut.Add(e.ResponseBytes)
	s.Micros.Add(e.Duration.Microseconds())
}

// storageKey names what was asked; name is "" for the whole service of the account.
type storageKey struct {
	account uint64
	service storage.Service
	name    string // tables in lower case
}

type storages struct {
	mu  sync.RWMutex // guards all
	all map[storageKey]*Storage
}

// of returns the counters of the service and those of the container, queue or table;
// nil for one that nobody has reached yet, so that wrong names make none.
func (s *storages) of(e *storage.RequestDone) (whole, part *Storage) {
	named := e.Container != "" && e.Status != 0 && e.Status < http.StatusBadRequest
	s.mu.RLock()
	whole, part = s.find(e)
	s.mu.RUnlock()
	if whole != nil && (part != nil || !named) {
		return whole, part
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[storageKey]*Storage{}
	}
	if whole, part = s.find(e); whole == nil {
		whole = &Storage{}
		s.all[storageKey{e.Account, e.Service, ""}] = whole
	}
	if part == nil && named {
		name := strings.Clone(e.Container) // which may be a part of a URL
		if e.Service == storage.Table {
			name = strings.ToLower(name)
		}
		part = &Storage{}
		s.all[storageKey{e.Account, e.Service, name}] = part
	}
	return whole, part
}

// find looks up without an allocation. mu is held.
func (s *storages) find(e *storage.RequestDone) (whole, part *Storage) {
	whole = s.all[storageKey{e.Account, e.Service, ""}]
	switch {
	case e.Container == "":
	case e.Service == storage.Table: // whose names are the same in every case
		var lower [64]byte // longer ones are none
		n := copy(lower[:], e.Container)
		for i, b := range lower[:n] {
			if 'A' <= b && b <= 'Z' {
				lower[i] = b + 'a' - 'A'
			}
		}
		part = s.all[storageKey{e.Account, e.Service, string(lower[:n])}]
	default:
		part = s.all[storageKey{e.Account, e.Service, e.Container}]
	}
	return whole, part
}

// Storage returns what was asked of a container, queue or table of an account since
// the start, or of the whole service for the name ""; nil when nothing was.
func (c *Counts) Storage(account uint64, service storage.Service, name string) *Storage {
	c.storage.mu.RLock()
	defer c.storage.mu.RUnlock()
	whole, part := c.storage.find(&storage.RequestDone{Account: account, Service: service, Container: name})
	if name == "" {
		return whole
	}
	return part
}

// StorageServices calls f with every service of an account of which something was asked.
func (c *Counts) StorageServices(f func(account uint64, service storage.Service, s *Storage)) {
	c.storage.mu.RLock()
	defer c.storage.mu.RUnlock()
	for key, s := range c.storage.all {
		if key.name == "" {
			f(key.account, key.service, s)
		}
	}
}

// StorageTotals adds up what was asked of all storage accounts.
func (c *Counts) StorageTotals(add func(name string, value int64)) {
	c.storage.mu.RLock()
	defer c.storage.mu.RUnlock()
	for key, s := range c.storage.all {
		if key.name != "" {
			continue
		}
		add("storageRequests", s.Requests.Load())
		add("storageFailed", s.Failed.Load())
		add("storageBytesIn", s.BytesIn.Load())
		add("storageBytesOut", s.BytesOut.Load())
	}
}

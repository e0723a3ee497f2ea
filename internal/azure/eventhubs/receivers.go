package eventhubs

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// maxReaders is how many receivers without an epoch one partition feeds per
// consumer group.
const maxReaders = 5

// readerKey names what receivers compete for. hub and group are lower-cased.
type readerKey struct {
	hub, group string
	partition  int
}

// reader is one receive link in the registry.
type reader struct {
	name     string // com.microsoft:receiver-name, may be empty
	epoch    int64  // com.microsoft:epoch
	hasEpoch bool
	evict    func(*refusal) // detaches the link; must not block

	key  readerKey // guarded by readers.mu
	left bool      // detached or evicted; guarded by readers.mu
}

func (r *reader) label() string {
	if r.name == "" {
		return "nil"
	}
	return clip(r.name)
}

func (r *reader) epochLabel() string {
	if !r.hasEpoch {
		return "nil"
	}
	return strconv.FormatInt(r.epoch, 10)
}

// readers decides who may read a partition:
//
//	newcomer \ present    none   readers without epoch   epoch reader e
//	without epoch         in     in, while fewer than 5  refused
//	epoch n               in     in, all others out      n >= e: in, e out; else refused
//
// An equal epoch wins because a restarted owner comes back with its old one.
type readers struct {
	mu    sync.Mutex
	byKey map[readerKey][]*reader // guarded by mu; no empty slices
}

// join lets r in or returns the refusal. Evicted readers are told after r is
// in place, so that each sees its successor's name.
func (s *readers) join(key readerKey, r *reader) error {
	evicted, err := s.admit(key, r)
	for _, old := range evicted {
		old.evict(refuse(409, amqp.ErrStolen,
			"New receiver '%s' with higher epoch of '%s' is created hence current receiver '%s' with epoch '%s' is getting disconnected. "+
				"If you are recreating the receiver, make sure a higher epoch is used.",
			r.label(), r.epochLabel(), old.label(), old.epochLabel()))
	}
	return err
}

func (s *readers) admit(key readerKey, r *reader) (evicted []*reader, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.left {
		return nil, refuse(500, amqp.ErrDetachForced, "The link was detached before it was opened.")
	}
	present := s.byKey[key]
	if owner := epochOwner(present); owner != nil {
		if err := yieldsTo(owner, r); err != nil {
			return nil, err
		}
	}
	if r.hasEpoch {
		evicted, present = present, nil
		for _, old := range evicted {
			old.left = true
		}
	} else if len(present) >= maxReaders {
		return nil, errTooManyReaders(present)
	}
	if s.byKey == nil {
		s.byKey = make(map[readerKey][]*reader)
	}
	r.key = key
	s.byKey[key] = append(present, r)
	return evicted, nil
}

// epochOwner returns the reader with an epoch; there is at most one.
func epochOwner(present []*reader) *reader {
	for _, r := range present {
		if r.hasEpoch {
			return r
		}
	}
	return nil
}

// yieldsTo returns nil when owner must make way for r.
func yieldsTo(owner, r *reader) error {
	switch {
	case !r.hasEpoch:
		return refuse(409, amqp.ErrStolen,
			"At least one receiver for the endpoint is created with epoch of '%s', and so non-epoch receiver is not allowed. "+
				"Either reconnect with a higher epoch, or make sure all epoch receivers are closed or disconnected.", owner.epochLabel())
	case r.epoch < owner.epoch:
		return refuse(409, amqp.ErrStolen,
			"Receiver '%s' with a higher epoch '%s' already exists. Receiver '%s' with epoch %s cannot be created. "+
				"Make sure you are creating receiver with increasing epoch value to ensure connectivity, "+
				"or ensure all old epoch receivers are closed or disconnected.",
			owner.label(), owner.epochLabel(), r.label(), r.epochLabel())
	}
	return nil
}

func errTooManyReaders(present []*reader) *refusal {
	names := make([]string, len(present))
	for i, r := range present {
		names[i] = r.label()
	}
	return refuse(403, amqp.ErrResourceLimit,
		"Exceeded the maximum number of allowed receivers per partition in a consumer group which is %d. List of connected receivers - %s.",
		maxReaders, strings.Join(names, ", "))
}

// leave takes r out; a reader that was evicted or never joined is no error,
// and cannot join any more.
func (s *readers) leave(r *reader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.left = true
	present := s.byKey[r.key]
	i := slices.Index(present, r)
	if i < 0 {
		return
	}
	if present = slices.Delete(present, i, i+1); len(present) == 0 {
		delete(s.byKey, r.key)
	} else {
		s.byKey[r.key] = present
	}
}

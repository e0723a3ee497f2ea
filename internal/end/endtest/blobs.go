package endtest

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// memoryBlob is a blob of a host.
type memoryBlob struct {
	metadata map[string]string
	content  []byte
	etag     string
	modified time.Time
	lease    string // its id; "" is none
	until    time.Time
}

// State implements state.Find: all apps have the same blobs.
func (m *Memory) State(*settings.Settings) (state.Blobs, error) { return memoryBlobs{m}, nil }

// Blobs are those that State finds.
func (m *Memory) Blobs() state.Blobs { return memoryBlobs{m} }

type memoryBlobs struct{ m *Memory }

func noBlob(path string) error { return fault.New(fault.NotFound, "blob "+path, "no such blob") }

func (b memoryBlobs) Mark(_ context.Context, container, name string) (state.Mark, error) {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	have := b.m.blobs[container+"/"+name]
	if have == nil {
		return state.Mark{}, noBlob(container + "/" + name)
	}
	return have.mark(name), nil
}

func (b *memoryBlob) mark(name string) state.Mark {
	return state.Mark{Name: name, Metadata: maps.Clone(b.metadata), ETag: b.etag, Age: state.AgeAt(time.Now(), b.modified)}
}

func (b memoryBlobs) Marks(_ context.Context, container, prefix string) (all []state.Mark, _ error) {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	for _, path := range slices.Sorted(maps.Keys(b.m.blobs)) {
		if name, ok := strings.CutPrefix(path, container+"/"); ok && strings.HasPrefix(name, prefix) {
			all = append(all, b.m.blobs[path].mark(name))
		}
	}
	return all, nil
}

func (b memoryBlobs) SetMark(_ context.Context, container, name string, metadata map[string]string, etag string) (string, error) {
	return b.write(container+"/"+name, etag, func(have *memoryBlob) { have.metadata = maps.Clone(metadata) })
}

func (b memoryBlobs) Text(_ context.Context, container, name string) ([]byte, string, error) {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	have := b.m.blobs[container+"/"+name]
	if have == nil {
		return nil, "", noBlob(container + "/" + name)
	}
	return slices.Clone(have.content), have.etag, nil
}

func (b memoryBlobs) SetText(_ context.Context, container, name string, content []byte, etag string) (string, error) {
	return b.write(container+"/"+name, etag, func(have *memoryBlob) { have.content, have.metadata = slices.Clone(content), nil })
}

// write changes a blob, or makes it. Writing a checkpoint can fail; see Fail.
func (b memoryBlobs) write(path, etag string, change func(*memoryBlob)) (string, error) {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	if strings.Contains(path, "/checkpoint/") {
		if err := b.m.failing("checkpoint"); err != nil {
			return "", err
		}
	}
	have := b.m.blobs[path]
	switch {
	case etag == state.Missing && have != nil, etag != state.Missing && etag != state.Any && (have == nil || have.etag != etag):
		return "", fault.New(fault.PreconditionFailed, "blob "+path, "it was changed meanwhile")
	case have == nil:
		have = &memoryBlob{}
		b.m.blobs[path] = have
	}
	change(have)
	b.m.written++
	have.etag, have.modified = strconv.Itoa(b.m.written), time.Now()
	return have.etag, nil
}

func (b memoryBlobs) Acquire(_ context.Context, container, name, id string, period time.Duration) error {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	path := container + "/" + name
	have := b.m.blobs[path]
	if have == nil {
		have = &memoryBlob{}
		b.m.blobs[path] = have
	}
	if have.lease != "" && have.lease != id && time.Now().Before(have.until) {
		return fault.New(fault.Conflict, "blob "+path, "it has a lease already")
	}
	have.lease, have.until = id, time.Now().Add(period)
	return nil
}

func (b memoryBlobs) Renew(_ context.Context, container, name, id string) error {
	return b.lease(container+"/"+name, id, func(have *memoryBlob) { have.until = time.Now().Add(state.LockPeriod) })
}

func (b memoryBlobs) Release(_ context.Context, container, name, id string) error {
	return b.lease(container+"/"+name, id, func(have *memoryBlob) { have.lease = "" })
}

func (b memoryBlobs) lease(path, id string, change func(*memoryBlob)) error {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	have := b.m.blobs[path]
	switch {
	case have == nil:
		return noBlob(path)
	case have.lease != id:
		return fault.New(fault.Conflict, "blob "+path, "the lease id is not that of the lease")
	}
	change(have)
	return nil
}

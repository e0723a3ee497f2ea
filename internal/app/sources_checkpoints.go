package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// blobMetadata keeps the metadata of empty blobs, which is all that the
// checkpoints of Event Hubs triggers need of a blob service. Key: container,
// a zero byte, blob name. Value: the metadata as a JSON object.
type blobMetadata struct {
	db    *kv.DB
	space kv.Space
}

// checkpoints returns the store of checkpoints. It shares the documents' log,
// so a checkpoint and documents that are written at a time share a sync.
func (s *dataFolder) checkpoints() trigger.MetadataStore {
	return &blobMetadata{s.kv, s.kv.Space(kv.BlobMetadata)}
}

func (m *blobMetadata) key(container, blob string) []byte {
	return m.space.Key([]byte(container + "\x00" + blob))
}

func (m *blobMetadata) Metadata(_ context.Context, container, blob string) (map[string]string, error) {
	value, found, err := m.db.Get(nil, m.key(container, blob))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.New(fault.NotFound, "blob "+container+"/"+blob, "no such blob")
	}
	var metadata map[string]string
	if err := json.Unmarshal(value, &metadata); err != nil {
		return nil, fault.Wrap(fault.Internal, "blob "+container+"/"+blob, err, "stored metadata")
	}
	return metadata, nil
}

func (m *blobMetadata) SetMetadata(_ context.Context, container, blob string, metadata map[string]string) error {
	value, err := json.Marshal(metadata)
	if err != nil {
		return fmt.Errorf("encode metadata of %s/%s: %w", container, blob, err)
	}
	b := m.db.NewBatch(len(value) + len(blob) + 64)
	b.Set(m.key(container, blob), value)
	return b.Commit()
}

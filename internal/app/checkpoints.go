package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// blobMetadata keeps the metadata of empty blobs, which is all that Azure's
// checkpoint layout needs of blob storage. It shares the key-value store, so a
// checkpoint rides on the same synced log as the documents. The blob service
// will take its place behind the same interface.
type blobMetadata struct {
	db    *kv.DB
	space kv.Space
}

// checkpoints returns the store of the functions host's positions.
func (s *storage) checkpoints() blobMetadata {
	return blobMetadata{s.kv, s.kv.Space("blob-metadata\x00")}
}

// key is unambiguous because a container's name has no slash.
func (m blobMetadata) key(container, blob string) []byte {
	return m.space.Key([]byte(container + "/" + blob))
}

// Metadata implements trigger.MetadataStore.
func (m blobMetadata) Metadata(_ context.Context, container, blob string) (map[string]string, error) {
	value, ok, err := m.db.Get(nil, m.key(container, blob))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fault.New(fault.NotFound, "blob "+container+"/"+blob, "does not exist")
	}
	metadata := map[string]string{}
	if err := json.Unmarshal(value, &metadata); err != nil {
		return nil, fmt.Errorf("metadata of blob %s/%s: %w", container, blob, err)
	}
	return metadata, nil
}

// SetMetadata implements trigger.MetadataStore.
func (m blobMetadata) SetMetadata(_ context.Context, container, blob string, metadata map[string]string) error {
	value, err := json.Marshal(metadata)
	if err != nil {
		return err
	}
	batch := m.db.NewBatch(len(value) + 128)
	batch.Set(m.key(container, blob), value)
	return batch.Commit()
}

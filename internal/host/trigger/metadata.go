package trigger

import "context"

// MetadataStore keeps small sets of named values under blob names, as the
// metadata of empty blobs. It is all that checkpoints need of blob storage.
type MetadataStore interface {
	// Metadata returns a blob's metadata with lower-case keys, or
	// fault.NotFound.
	Metadata(ctx context.Context, container, blob string) (map[string]string, error)
	// SetMetadata writes a blob's metadata, creating the blob, and returns
	// when it is durable.
	SetMetadata(ctx context.Context, container, blob string, metadata map[string]string) error
}

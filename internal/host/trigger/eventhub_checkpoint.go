package trigger

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// checkpointContainer is where the vendor's extension keeps checkpoints.
const checkpointContainer = "azure-webjobs-eventhub"

// checkpoints keeps the position of one hub and consumer group, in the layout
// of the vendor's SDKs: an empty blob
// <namespace>/<hub>/<group>/checkpoint/<partition>, all in lower case, whose
// metadata holds the offset and sequence number of the last processed event.
//
// The ownership blobs beside them are not kept: this host owns every partition
// of what it serves, and a claim means something only with the ETags and the
// renewals of a blob service that others reach.
type checkpoints struct {
	store  MetadataStore
	prefix string
	owner  string
}

func newCheckpoints(store MetadataStore, namespace, hub, group, owner string) *checkpoints {
	prefix := strings.ToLower(namespace + "/" + hub + "/" + group + "/checkpoint/")
	return &checkpoints{store, prefix, owner}
}

// position returns where to go on after the last checkpoint, if there is one.
func (c *checkpoints) position(ctx context.Context, partition string) (Position, bool, error) {
	m, err := c.store.Metadata(ctx, checkpointContainer, c.prefix+partition)
	if fault.Is(err, fault.NotFound) {
		return Position{}, false, nil
	}
	if err != nil {
		return Position{}, false, fmt.Errorf("read checkpoint of partition %s: %w", partition, err)
	}
	if m["offset"] == "" {
		return Position{}, false, nil
	}
	return Position{Kind: AfterOffset, Offset: m["offset"]}, true, nil
}

// set records e as the last processed event, durably.
func (c *checkpoints) set(ctx context.Context, partition string, e mark) error {
	err := c.store.SetMetadata(ctx, checkpointContainer, c.prefix+partition, map[string]string{
		"offset":           e.offset,
		"sequencenumber":   strconv.FormatInt(e.sequence, 10),
		"clientidentifier": c.owner,
	})
	if err != nil {
		return fmt.Errorf("write checkpoint of partition %s: %w", partition, err)
	}
	return nil
}

// mark is an event's place in its partition.
type mark struct {
	offset   string
	sequence int64
}

func markOf(e *Event) mark { return mark{e.Offset, e.Sequence} }

package hub

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
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
	store        trigger.MetadataStore
	prefix       string
	owner        string
	checkpointed func(trigger.Checkpoint)
	of           trigger.Checkpoint // without partition and sequence
}

func newCheckpoints(t *Trigger, hub Hub) *checkpoints {
	return &checkpoints{
		store:  t.end.Checkpoints,
		prefix: strings.ToLower(hub.Namespace() + "/" + t.hub + "/" + t.group + "/checkpoint/"),
		owner:  t.o.Owner, checkpointed: t.o.Checkpointed,
		of: trigger.Checkpoint{Host: hostOf(t.conn), Target: t.hub, Group: t.group},
	}
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
	if sequence, err := strconv.ParseInt(m["sequencenumber"], 10, 64); err == nil {
		c.tell(partition, sequence)
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
	c.tell(partition, e.sequence)
	return nil
}

func (c *checkpoints) tell(partition string, sequence int64) {
	at := c.of
	at.Partition, at.Sequence = partition, sequence
	c.checkpointed(at)
}

// mark is an event's place in its partition.
type mark struct {
	offset   string
	sequence int64
}

func markOf(e *Event) mark { return mark{e.Offset, e.Sequence} }

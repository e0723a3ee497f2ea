package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// checkpoints keeps the position of one hub and consumer group, in the layout
// of the vendor's SDKs: an empty blob
// <namespace>/<hub>/<group>/checkpoint/<partition>, all in lower case, whose
// metadata holds the offset and sequence number of the last processed event.
type checkpoints struct {
	store        state.Blobs
	prefix       string // <namespace>/<hub>/<group>/ as they are written
	owner        string
	checkpointed func(trigger.Checkpoint)
	of           trigger.Checkpoint // without partition and sequence
}

func newCheckpoints(t *Trigger, hub Hub, store state.Blobs) *checkpoints {
	return &checkpoints{
		store:  store,
		prefix: hub.Namespace() + "/" + t.hub + "/" + t.group + "/",
		owner:  t.owner, checkpointed: t.o.Checkpointed,
		of: trigger.Checkpoint{Host: hub.Namespace(), Remote: hub.Remote(), Target: t.hub, Group: t.group},
	}
}

// blob is the name of a partition's checkpoint.
func (c *checkpoints) blob(partition string) string {
	return strings.ToLower(c.prefix) + "checkpoint/" + partition
}

// position returns where to go on after the last checkpoint, if there is one: ours,
// else one that a processor wrote that does not fold case (Go's), else one in the
// layout of the extension before version 5.
func (c *checkpoints) position(ctx context.Context, partition string) (at Position, found bool, err error) {
	m, err := c.store.Mark(ctx, state.EventHubs, c.blob(partition))
	if asIs := c.prefix + "checkpoint/" + partition; fault.Is(err, fault.NotFound) && asIs != c.blob(partition) {
		m, err = c.store.Mark(ctx, state.EventHubs, asIs)
	}
	offset, sequence := m.Metadata["offset"], m.Metadata["sequencenumber"]
	if fault.Is(err, fault.NotFound) {
		offset, sequence, err = c.legacy(ctx, partition)
	}
	if err != nil {
		return at, false, fmt.Errorf("read checkpoint of partition %s: %w", partition, err)
	}
	number, err := strconv.ParseInt(sequence, 10, 64)
	switch {
	case offset != "" && offset != noOffset:
		at = Position{Kind: AfterOffset, Offset: offset}
	case err == nil:
		at = Position{Kind: AfterSequence, Sequence: number}
	default:
		return at, false, nil
	}
	if err == nil {
		c.tell(partition, number)
	}
	return at, true, nil
}

// noOffset is what some writers put where they know none.
const noOffset = "no offset"

// legacy reads the blob <namespace>/<hub>/<group>/<partition>, whose content says
// it all; nothing when there is none.
func (c *checkpoints) legacy(ctx context.Context, partition string) (offset, sequence string, err error) {
	text, _, err := c.store.Text(ctx, state.EventHubs, c.prefix+partition)
	if fault.Is(err, fault.NotFound) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	var old struct {
		Offset         string
		SequenceNumber json.Number
	}
	if err := json.Unmarshal(text, &old); err != nil {
		return "", "", fault.Wrap(fault.Invalid, "blob "+state.EventHubs+"/"+c.prefix+partition, err, "it is no checkpoint; delete it to begin where host.json says")
	}
	return old.Offset, old.SequenceNumber.String(), nil
}

// set records e as the last processed event, durably.
func (c *checkpoints) set(ctx context.Context, partition string, e mark) error {
	_, err := c.store.SetMark(ctx, state.EventHubs, c.blob(partition), map[string]string{
		"offset":           e.offset,
		"sequencenumber":   strconv.FormatInt(e.sequence, 10),
		"clientidentifier": c.owner,
	}, state.Any)
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

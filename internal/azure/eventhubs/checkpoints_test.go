package eventhubs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
)

// memoryCheckpoints is a checkpoint store for one test.
type memoryCheckpoints struct {
	mu         sync.Mutex // guards all below
	version    int
	ownerships map[string]azeventhubs.Ownership
	points     map[string]azeventhubs.Checkpoint
}

func newMemoryCheckpoints() *memoryCheckpoints {
	return &memoryCheckpoints{ownerships: map[string]azeventhubs.Ownership{}, points: map[string]azeventhubs.Checkpoint{}}
}

func (m *memoryCheckpoints) ClaimOwnership(_ context.Context, wanted []azeventhubs.Ownership, _ *azeventhubs.ClaimOwnershipOptions) ([]azeventhubs.Ownership, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var got []azeventhubs.Ownership
	for _, o := range wanted {
		old, taken := m.ownerships[o.PartitionID]
		if taken && (o.ETag == nil || *o.ETag != *old.ETag) {
			continue
		}
		m.version++
		etag := azcore.ETag(fmt.Sprint(m.version))
		o.ETag, o.LastModifiedTime = &etag, time.Now()
		m.ownerships[o.PartitionID] = o
		got = append(got, o)
	}
	return got, nil
}

func (m *memoryCheckpoints) ListOwnership(context.Context, string, string, string, *azeventhubs.ListOwnershipOptions) ([]azeventhubs.Ownership, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []azeventhubs.Ownership
	for _, o := range m.ownerships {
		all = append(all, o)
	}
	return all, nil
}

func (m *memoryCheckpoints) ListCheckpoints(context.Context, string, string, string, *azeventhubs.ListCheckpointsOptions) ([]azeventhubs.Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []azeventhubs.Checkpoint
	for _, c := range m.points {
		all = append(all, c)
	}
	return all, nil
}

func (m *memoryCheckpoints) SetCheckpoint(_ context.Context, c azeventhubs.Checkpoint, _ *azeventhubs.SetCheckpointOptions) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.points[c.PartitionID] = c
	return nil
}

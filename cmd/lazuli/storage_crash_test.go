//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const storageProject = `
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0, containers: [crash], queues: [work], tables: [Crash]}
`

// TestKillStorage uploads and overwrites blobs, commits lists of blocks, puts, gets
// and deletes messages and changes entities in batches, kills the process with -9 at
// a random moment, starts it again and looks, and so on. Nothing that was
// acknowledged may be missing, no blob may be half, no batch either, no message may
// come before its time; in the end the space of all that was cut short comes back.
func TestKillStorage(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := project(t, storageProject, false)
	book := newStorageLedger()
	rounds := crashes(t) / 2
	for range rounds {
		p := up(t, dir)
		c := openStorage(t, p)
		book.checkBlobs(t, c)
		book.checkEntities(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		var load sync.WaitGroup
		for worker := range 2 {
			load.Go(func() { book.overwrite(ctx, c, fmt.Sprintf("whole-%d", worker)) })
			load.Go(func() { book.commit(ctx, c, fmt.Sprintf("parts-%d", worker)) })
			load.Go(func() { book.change(ctx, c, fmt.Sprintf("p%d", worker), math.MaxInt) })
		}
		load.Go(func() { cutUpload(ctx, c) })
		load.Go(func() { book.put(ctx, c, math.MaxInt) })
		load.Go(func() { book.work(ctx, t, c) })
		time.Sleep(100*time.Millisecond + time.Duration(random.IntN(700))*time.Millisecond) //nolint:forbidigo // the random moment of the power cut is the test
		p.kill()
		cancel()
		load.Wait()
	}
	p := up(t, dir)
	c := openStorage(t, p)
	t.Logf("%d kills; acknowledged: %d blobs written, %d messages put, %d got, %d deleted, %d batches", rounds, book.written, book.puts, book.got, book.deleted, book.batches)
	if book.written == 0 || book.puts == 0 || book.got == 0 || book.deleted == 0 || book.batches == 0 {
		t.Fatal("nothing was acknowledged: the load did not run")
	}
	book.checkBlobs(t, c)
	book.checkEntities(t, c)
	book.drain(t, c)
	checkSpace(t, p, c)
	if err := p.stop(); err != nil {
		t.Errorf("orderly stop: %v\n%s", err, p.output)
	}
}

// storageClients are the official clients of a process.
type storageClients struct {
	blobs *azblob.Client
	queue *azqueue.QueueClient
	table *aztables.Client
}

func openStorage(t *testing.T, p *process) storageClients {
	t.Helper()
	facts, err := connections(p)
	if err != nil {
		t.Fatal(err)
	}
	once := azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}} // what was killed stays dead for the client
	blobs, err := azblob.NewClientFromConnectionString(facts.Storage, &azblob.ClientOptions{ClientOptions: once})
	if err != nil {
		t.Fatal(err)
	}
	queue, err := azqueue.NewQueueClientFromConnectionString(facts.Storage, "work", &azqueue.ClientOptions{ClientOptions: once})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := aztables.NewServiceClientFromConnectionString(facts.Storage, &aztables.ClientOptions{ClientOptions: once})
	if err != nil {
		t.Fatal(err)
	}
	return storageClients{blobs, queue, tables.NewClient("Crash")}
}

// checkSpace deletes all blobs and waits until the disk has their space back, and that
// of the uploads which were cut.
func checkSpace(t *testing.T, p *process, c storageClients) {
	t.Helper()
	if _, err := c.blobs.DeleteContainer(t.Context(), "crash", nil); err != nil {
		t.Fatal(err)
	}
	var says string
	testkit.Eventually(t, 60*time.Second, func() bool {
		out, stderr, err := p.command(t.Context(), "storage", "usage", "--json")
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		says = out
		var u struct{ Disk, Live int64 }
		return json.Unmarshal([]byte(out), &u) == nil && u.Live == 0 && u.Disk < 1<<20
	}, "the space of deleted blobs and cut uploads does not come back")
	t.Logf("after all blobs were deleted: %s", strings.TrimSpace(says))
}

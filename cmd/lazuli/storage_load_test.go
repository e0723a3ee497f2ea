//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// message is what the clients know of one.
type message struct {
	notBefore time.Time // it may not be given out earlier
	put       bool      // that was acknowledged
	gone      bool      // its deletion was asked for
	deleted   bool      // and acknowledged
	seen      bool      // in the end
}

// storageLedger is the clients' record of what was acknowledged.
type storageLedger struct {
	mu                                   sync.Mutex          // guards what follows
	next                                 int                 // version, of all that has one
	blobs, entities                      map[string]int      // name -> highest acknowledged version
	messages                             map[string]*message // by text
	written, puts, got, deleted, batches int
}

func newStorageLedger() *storageLedger {
	return &storageLedger{blobs: map[string]int{}, entities: map[string]int{}, messages: map[string]*message{}}
}

func (l *storageLedger) version() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	return l.next
}

// acknowledge notes the version of a blob or an entity group.
func (l *storageLedger) acknowledge(of map[string]int, name string, version int, count *int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of[name] = max(of[name], version)
	*count++
}

// content is what a blob has in a version: its bytes say which one, everywhere.
func content(version int) []byte {
	line := fmt.Appendf(nil, "%010d\n", version)
	return bytes.Repeat(line, 1+version*7919%20_000)
}

// overwrite puts a few blobs whole, again and again.
func (l *storageLedger) overwrite(ctx context.Context, c storageClients, tag string) {
	for n := 0; ctx.Err() == nil; n++ {
		name, version := fmt.Sprintf("%s-%d", tag, n%5), l.version()
		if _, err := c.blobs.UploadBuffer(ctx, "crash", name, content(version), nil); err != nil {
			return
		}
		l.acknowledge(l.blobs, name, version, &l.written)
	}
}

// commit uploads blocks and commits their list, again and again.
func (l *storageLedger) commit(ctx context.Context, c storageClients, tag string) {
	for n := 0; ctx.Err() == nil; n++ {
		name, version := fmt.Sprintf("%s-%d", tag, n%3), l.version()
		blob := c.blobs.ServiceClient().NewContainerClient("crash").NewBlockBlobClient(name)
		body := content(version)
		var ids []string
		for i, size := 0, len(body)/3+1; i*size < len(body); i++ {
			id := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%010d-%d", version, i))
			block := streaming.NopCloser(bytes.NewReader(body[i*size : min(len(body), (i+1)*size)]))
			if _, err := blob.StageBlock(ctx, id, block, nil); err != nil {
				return
			}
			ids = append(ids, id)
		}
		if _, err := blob.CommitBlockList(ctx, ids, nil); err != nil {
			return
		}
		l.acknowledge(l.blobs, name, version, &l.written)
	}
}

// cutUpload puts a blob of 16 MiB, of which the kill leaves a part.
func cutUpload(ctx context.Context, c storageClients) {
	blob := c.blobs.ServiceClient().NewContainerClient("crash").NewBlockBlobClient("cut")
	_, _ = blob.Upload(ctx, &endless{bytes.NewReader(make([]byte, 16<<20)), ctx}, nil)
}

// endless is a body whose last part does not come before the kill.
type endless struct {
	*bytes.Reader
	ctx context.Context //nolint:containedctx // the body ends with it
}

func (b *endless) Close() error { return nil }

func (b *endless) Read(p []byte) (int, error) {
	if b.Len() < 1<<20 {
		<-b.ctx.Done()
		return 0, b.ctx.Err()
	}
	return b.Reader.Read(p)
}

// checkBlobs reads every blob: it has one version, all of it, and none older than what
// was acknowledged.
func (l *storageLedger) checkBlobs(t *testing.T, c storageClients) {
	t.Helper()
	for name, acknowledged := range l.blobs {
		r, err := c.blobs.DownloadStream(t.Context(), "crash", name, nil)
		if err != nil {
			t.Errorf("acknowledged blob %s: %v", name, err)
			continue
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		line, _, _ := strings.Cut(string(body), "\n")
		version, _ := strconv.Atoi(line)
		switch {
		case err != nil:
			t.Errorf("blob %s: %v", name, err)
		case !bytes.Equal(body, content(version)):
			t.Errorf("blob %s is not whole: %d bytes that begin with %q", name, len(body), line)
		case version < acknowledged:
			t.Errorf("blob %s has version %d, acknowledged was %d", name, version, acknowledged)
		}
	}
	if _, err := c.blobs.DownloadStream(t.Context(), "crash", "cut", nil); !bloberror.HasCode(err, bloberror.BlobNotFound) {
		t.Errorf("an upload that was cut is seen: %v", err)
	}
}

// change gives the five entities of a partition a version, all in one batch, so many
// times.
func (l *storageLedger) change(ctx context.Context, c storageClients, partition string, times int) {
	for n := 0; n < times && ctx.Err() == nil; n++ {
		version := l.version()
		var batch []aztables.TransactionAction
		for row := range 5 {
			entity := fmt.Appendf(nil, `{"PartitionKey":%q,"RowKey":"%d","V":%d}`, partition, row, version)
			batch = append(batch, aztables.TransactionAction{ActionType: aztables.TransactionTypeInsertReplace, Entity: entity})
		}
		if _, err := c.table.SubmitTransaction(ctx, batch, nil); err != nil {
			return
		}
		l.acknowledge(l.entities, partition, version, &l.batches)
	}
}

func (l *storageLedger) checkEntities(t *testing.T, c storageClients) {
	t.Helper()
	for partition, acknowledged := range l.entities {
		page, err := c.table.NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: to.Ptr("PartitionKey eq '" + partition + "'")}).NextPage(t.Context())
		if err != nil || len(page.Entities) != 5 {
			t.Errorf("partition %s has %d entities: %v", partition, len(page.Entities), err)
			continue
		}
		var first, e struct{ V int }
		for i, text := range page.Entities {
			if err := json.Unmarshal(text, &e); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = e
			}
			if e != first || e.V < acknowledged {
				t.Errorf("partition %s has version %d beside %d, acknowledged was %d", partition, e.V, first.V, acknowledged)
			}
		}
	}
}

// put puts so many messages, some of which are for later.
func (l *storageLedger) put(ctx context.Context, c storageClients, times int) {
	for i := 0; i < times && ctx.Err() == nil; i++ {
		n := l.version()
		later := n % 3
		text, m := strconv.Itoa(n), &message{notBefore: time.Now().Add(time.Duration(later) * time.Second)}
		l.mu.Lock()
		l.messages[text] = m
		l.mu.Unlock()
		if _, err := c.queue.EnqueueMessage(ctx, text, &azqueue.EnqueueMessageOptions{VisibilityTimeout: to.Ptr(int32(later))}); err != nil {
			return
		}
		l.mu.Lock()
		m.put = true
		l.puts++
		l.mu.Unlock()
	}
}

// work is the only one who gets messages. It deletes half of them; the others come
// again a second later.
func (l *storageLedger) work(ctx context.Context, t *testing.T, c storageClients) {
	for ctx.Err() == nil {
		asked := time.Now()
		got, err := c.queue.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: to.Ptr(int32(8)), VisibilityTimeout: to.Ptr(int32(1))})
		if err != nil {
			return
		}
		for _, m := range got.Messages {
			if !l.take(t, *m.MessageText, asked.Add(time.Second), true) {
				continue
			}
			if _, err := c.queue.DeleteMessage(ctx, *m.MessageID, *m.PopReceipt, nil); err != nil {
				return
			}
			l.mu.Lock()
			l.messages[*m.MessageText].deleted = true
			l.deleted++
			l.mu.Unlock()
		}
	}
}

// take notes that a message was given out, which had to be allowed, and with choose
// reports whether it is one to be deleted now.
func (l *storageLedger) take(t *testing.T, text string, again time.Time, choose bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.messages[text]
	l.got++
	if early := time.Until(m.notBefore); early > 0 {
		t.Errorf("message %s came %v before its time", text, early)
	}
	if m.deleted {
		t.Errorf("message %s came after it was deleted", text)
	}
	m.notBefore, m.seen = again, true
	n, _ := strconv.Atoi(text)
	m.gone = m.gone || choose && n%2 == 1
	return m.gone
}

// drain gets all messages: every one that was acknowledged and that nobody asked to
// delete comes again.
func (l *storageLedger) drain(t *testing.T, c storageClients) {
	t.Helper()
	for _, m := range l.messages {
		m.seen = false
	}
	missing := 0 // of those that were acknowledged
	testkit.Eventually(t, 30*time.Second, func() bool {
		for {
			asked := time.Now()
			got, err := c.queue.DequeueMessages(t.Context(), &azqueue.DequeueMessagesOptions{NumberOfMessages: to.Ptr(int32(32)), VisibilityTimeout: to.Ptr(int32(600))})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range got.Messages {
				l.take(t, *m.MessageText, asked.Add(600*time.Second), false)
			}
			if len(got.Messages) == 0 {
				break
			}
		}
		missing = 0
		for _, m := range l.messages {
			if m.put && !m.seen && !m.gone {
				missing++
			}
		}
		return missing == 0
	}, "messages did not come again")
}

//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// killedJobs is a project with two jobs of one query: in one lane over both
// partitions, and in a lane for each. Each writes documents by an id of its
// own, and documents whose id is the row's number, where a row that came twice
// under another number would show; and rows into blobs, in lines by device and as
// arrays.
const killedJobs = `
eventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {telemetry_events: {partitions: 2}}}
cosmos: {port: 0, databases: {serverless_db: {containers: {%s}}}}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0, containers: [results]}
stream:
  jobs:
    whole:
      query: count.asaql
      late: 1s
      checkpoint: 300ms
      inputs: {readings: {hub: telemetry_events}}
      outputs: {byid: {container: serverless_db/whole-byid}, bynumber: {container: serverless_db/whole-bynumber}, lines: {blob: 'results/whole-lines/{deviceId}/{time}'}, arrays: {blob: 'results/whole-arrays/{time}', format: array}}
    lanes:
      query: count.asaql
      late: 1s
      checkpoint: 300ms
      inputs: {readings: {hub: telemetry_events, partitionKey: deviceId}}
      outputs: {byid: {container: serverless_db/lanes-byid}, bynumber: {container: serverless_db/lanes-bynumber}, lines: {blob: 'results/lanes-lines/{deviceId}/{time}'}, arrays: {blob: 'results/lanes-arrays/{time}', format: array}}
`

const killedQuery = `
WITH counts AS (
  SELECT deviceId, COUNT(*) AS n, CAST(System.Timestamp() AS nvarchar(max)) AS ended
  FROM readings GROUP BY deviceId, TumblingWindow(second, 1)
)
SELECT CONCAT(deviceId, '@', ended) AS id, deviceId, ended, n INTO byid FROM counts;
SELECT deviceId, ended, n INTO bynumber FROM counts;
SELECT deviceId, ended, n INTO lines FROM counts;
SELECT deviceId, ended, n INTO arrays FROM counts
`

// TestKillStreamJobs kills the process with -9 at random moments while two jobs
// count the events of each second. In the end every container holds exactly the
// counts of what the hub holds: nothing lost, nothing counted twice.
func TestKillStreamJobs(t *testing.T) {
	t.Parallel()
	const kills = 6
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	containers := []string{"whole-byid", "whole-bynumber", "lanes-byid", "lanes-bynumber"}
	dir := project(t, fmt.Sprintf(killedJobs, strings.Join(containers, ": {partitionKey: /id}, ")+": {partitionKey: /id}"), false)
	if err := os.WriteFile(filepath.Join(dir, "count.asaql"), []byte(killedQuery), 0o600); err != nil {
		t.Fatal(err)
	}
	book := &ledger{events: map[string]string{}}
	for round := range kills {
		p := up(t, dir)
		awaitJobs(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		var load sync.WaitGroup
		for worker := range 2 {
			load.Go(func() { sendEvents(ctx, p, book, fmt.Sprintf("%d-%d", round, worker)) })
		}
		time.Sleep(100*time.Millisecond + time.Duration(random.IntN(1000))*time.Millisecond) //nolint:forbidigo // the random moment of the power cut is the test
		p.kill()
		cancel()
		load.Wait()
	}
	p := up(t, dir)
	want := storedCounts(t, p)
	t.Logf("%d kills; %d events acknowledged, in %d windows of a device", kills, len(book.events), len(want))
	for _, name := range containers {
		var got map[string]int
		testkit.Eventually(t, 30*time.Second, func() bool {
			got = writtenCounts(t, p, name)
			return total(got) >= total(want)
		}, "%s: %d of %d events counted\n%s", name, total(got), total(want), tailOf(p))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-hub +container):\n%s", name, diff)
		}
	}
	blobs := openStorage(t, p).blobs
	for _, folder := range []string{"whole-lines", "whole-arrays", "lanes-lines", "lanes-arrays"} {
		var got map[string]int
		testkit.Eventually(t, 30*time.Second, func() bool {
			got = blobCounts(t, blobs, folder)
			return total(got) >= total(want)
		}, "%s: %d of %d events counted\n%s", folder, total(got), total(want), tailOf(p))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-hub +blobs):\n%s", folder, diff)
		}
	}
	if err := p.stop(); err != nil {
		t.Errorf("orderly stop: %v\n%s", err, p.output)
	}
}

// blobCounts adds up the rows of a folder's files, which must be whole.
func blobCounts(t *testing.T, blobs *azblob.Client, folder string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	pager := blobs.NewListBlobsFlatPager("results", &azblob.ListBlobsFlatOptions{Prefix: to.Ptr(folder + "/")})
	for pager.More() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range page.Segment.BlobItems {
			reply, err := blobs.DownloadStream(t.Context(), "results", *b.Name, nil)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(reply.Body)
			if err := errors.Join(err, reply.Body.Close()); err != nil {
				t.Fatal(err)
			}
			for _, row := range wholeRows(t, *b.Name, text) {
				counts[row.DeviceID+"@"+row.Ended] += row.N
			}
		}
	}
	return counts
}

// countRow is a row of the jobs' query.
type countRow struct {
	DeviceID, Ended string
	N               int
}

// wholeRows are the rows of a file: an array, or lines, none of them cut off.
func wholeRows(t *testing.T, name string, text []byte) (rows []countRow) {
	t.Helper()
	if bytes.HasPrefix(text, []byte("[")) {
		if err := json.Unmarshal(text, &rows); err != nil {
			t.Errorf("%s is no whole array: %v\n%s", name, err, text)
		}
		return rows
	}
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		t.Errorf("%s ends in half a line: %s", name, text)
	}
	for line := range bytes.Lines(text) {
		var row countRow
		if err := json.Unmarshal(line, &row); err != nil {
			t.Errorf("%s: %v: %s", name, err, line)
		}
		rows = append(rows, row)
	}
	return rows
}

// awaitJobs waits until both jobs run: they begin at their first start, so what
// came before would not count.
func awaitJobs(t *testing.T, p *process) {
	t.Helper()
	testkit.Eventually(t, 20*time.Second, func() bool {
		out, _, err := p.command(t.Context(), "stream", "list", "--json")
		return err == nil && strings.Count(out, `"state": "running"`) == 2
	}, "the jobs do not run\n%s", p.output)
}

// storedCounts counts what the hub holds, by device and the end of the second
// in which an event came. The end belongs to a window, its start does not.
func storedCounts(t *testing.T, p *process) map[string]int {
	t.Helper()
	counts := map[string]int{}
	readHub(t, p, func(e *azeventhubs.ReceivedEventData) error {
		var body struct{ DeviceID string }
		end := e.EnqueuedTime.UTC().Add(time.Second - 1).Truncate(time.Second)
		defer func() { counts[body.DeviceID+"@"+end.Format("2006-01-02T15:04:05.0000000Z")]++ }()
		return json.Unmarshal(e.Body, &body)
	})
	return counts
}

// writtenCounts adds up the documents of a container by device and window.
func writtenCounts(t *testing.T, p *process, name string) map[string]int {
	t.Helper()
	client, err := cosmosClient(p)
	if err != nil {
		t.Fatal(err)
	}
	container, err := client.NewContainer("serverless_db", name)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	pager := container.NewQueryItemsPager("SELECT c.deviceId, c.ended, c.n FROM c", azcosmos.NewPartitionKey(), nil)
	for pager.More() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			var row struct {
				DeviceID, Ended string
				N               int
			}
			if err := json.Unmarshal(item, &row); err != nil {
				t.Fatal(err)
			}
			counts[row.DeviceID+"@"+row.Ended] += row.N
		}
	}
	return counts
}

func total(counts map[string]int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

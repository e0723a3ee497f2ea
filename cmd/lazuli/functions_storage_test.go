//go:build unix

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// storageFunctions are the functions of an app whose custom handler is this test
// binary (see TestStorageHandler), by their bindings.
var storageFunctions = map[string]string{
	"work": `{"type":"queueTrigger","direction":"in","name":"m","queueName":"work"},{"type":"queue","direction":"out","name":"done","queueName":"done"}`,
	"thumb": `{"type":"blobTrigger","direction":"in","name":"b","path":"inbox/{name}.{ext}","dataType":"string"},{"type":"blob","direction":"out","name":"out","path":"outbox/{name}.txt"},
		{"type":"table","direction":"out","name":"row","tableName":"Thumbs","partitionKey":"{ext}"}`,
	"join": `{"type":"queueTrigger","direction":"in","name":"m","queueName":"join"},{"type":"blob","direction":"in","name":"content","path":"outbox/{file}.txt"},
		{"type":"blob","direction":"in","name":"missing","path":"outbox/{file}.none"},
		{"type":"table","direction":"in","name":"row","tableName":"Thumbs","partitionKey":"png","rowKey":"{file}"},
		{"type":"table","direction":"in","name":"rows","tableName":"Thumbs","filter":"size gt {least}","take":1},
		{"type":"queue","direction":"out","name":"answers","queueName":"answers-%SUFFIX%"}`,
	"bad": `{"type":"queueTrigger","direction":"in","name":"m","queueName":"work","connection":"Elsewhere"}`,
}

// storageApp makes a project with such an app, whose runs are written to a file.
func storageApp(t *testing.T, head string) (dir, runs string) {
	t.Helper()
	dir = project(t, head, false)
	runs = filepath.Join(dir, "runs.txt")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host, err := json.Marshal(map[string]any{"version": "2.0", "customHandler": map[string]any{
		"description": map[string]any{"defaultExecutablePath": self, "arguments": []string{"-test.run=^TestStorageHandler$"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"app/host.json": string(host), "lazuli.yaml": head + fmt.Sprintf(`
functions:
  port: 0
  apps: {storage: {path: app, settings: {RUNS: %q, SUFFIX: here, Elsewhere: "AccountName=contososa;AccountKey=a2V5;EndpointSuffix=core.windows.net"}}}
`, runs)}
	for name, bindings := range storageFunctions {
		files["app/"+name+"/function.json"] = `{"bindings":[` + bindings + `]}`
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, runs
}

// TestStorageHandler is the custom handler of such an app, when a host started it; as a
// test by itself it has nothing to do.
func TestStorageHandler(t *testing.T) {
	t.Parallel()
	port := os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT")
	if port == "" {
		return
	}
	runs, err := os.OpenFile(os.Getenv("RUNS"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Addr: "127.0.0.1:" + port, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Data, Metadata map[string]json.RawMessage }
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			return
		}
		outputs, line := handled(r.URL.Path, in.Data, in.Metadata)
		if line != "" {
			fmt.Fprintf(runs, "%s %d %s\n", r.URL.Path, time.Now().UnixNano(), line)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"Outputs": outputs})
	})}
	_ = server.ListenAndServe()
}

// handled is what the functions do.
func handled(function string, data, metadata map[string]json.RawMessage) (outputs map[string]any, line string) {
	switch function {
	case "/work":
		text := plain(data["m"])
		return map[string]any{"done": "done: " + text}, text
	case "/thumb":
		text := plain(data["b"])
		return map[string]any{"out": "thumb of " + text, "row": map[string]any{"RowKey": plain(metadata["name"]), "size": len(text)}}, text
	case "/join":
		return map[string]any{"answers": map[string]any{
			"content": plain(data["content"]), "missing": data["missing"], "row": data["row"], "rows": data["rows"], "count": metadata["DequeueCount"],
		}}, ""
	}
	return nil, ""
}

// plain is a text that a custom handler gets: JSON inside of a JSON text.
func plain(raw json.RawMessage) string {
	var outer, inner string
	if json.Unmarshal(raw, &outer) != nil || json.Unmarshal([]byte(outer), &inner) != nil {
		return string(raw)
	}
	return inner
}

const storageFunctionsHead = `
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0, containers: [inbox, samples-workers, thumbnails], queues: [work, join]}
`

// queueOf is a queue of the running process by the official client.
func queueOf(t *testing.T, p *process, name string) *azqueue.QueueClient {
	t.Helper()
	facts, err := connections(p)
	if err != nil {
		t.Fatal(err)
	}
	q, err := azqueue.NewQueueClientFromConnectionString(facts.Storage, name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// takes waits for a message and deletes it.
func takes(t *testing.T, q *azqueue.QueueClient) string {
	t.Helper()
	var text string
	testkit.Eventually(t, 30*time.Second, func() bool {
		got, err := q.DequeueMessage(t.Context(), nil)
		if err != nil || len(got.Messages) == 0 {
			return false
		}
		m := got.Messages[0]
		if _, err := q.DeleteMessage(t.Context(), *m.MessageID, *m.PopReceipt, nil); err != nil {
			t.Fatal(err)
		}
		plain, err := base64.StdEncoding.DecodeString(*m.MessageText)
		text = string(plain)
		return err == nil
	}, "a message of %s", q.URL())
	return text
}

// TestStorageFunctions drives queue and blob triggers, inputs and outputs of blobs,
// queues and tables with the official clients at one end and a custom handler at the
// other. A connection that leads elsewhere is refused by the name of its setting.
func TestStorageFunctions(t *testing.T) {
	t.Parallel()
	dir, _ := storageApp(t, storageFunctionsHead)
	p := up(t, dir)
	put := func(q, text string) {
		t.Helper()
		if _, err := queueOf(t, p, q).EnqueueMessage(t.Context(), base64.StdEncoding.EncodeToString([]byte(text)), nil); err != nil {
			t.Fatal(err)
		}
	}
	put("work", "hello")
	if got := takes(t, queueOf(t, p, "done")); got != "done: hello" {
		t.Errorf("the output has %q", got)
	}
	blobs := openBlobs(t, p)
	if _, err := blobs.UploadBuffer(t.Context(), "inbox", "cat.one.png", []byte("a cat."), nil); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 30*time.Second, func() bool {
		out, err := blobs.DownloadStream(t.Context(), "outbox", "cat.one.txt", nil)
		if err != nil {
			return false
		}
		defer out.Body.Close()
		text := make([]byte, 100)
		n, _ := out.Body.Read(text)
		return string(text[:n]) == "thumb of a cat."
	}, "the thumbnail")
	var answer string
	testkit.Eventually(t, 30*time.Second, func() bool { // outputs are written one after the other
		put("join", `{"file":"cat.one","least":3}`)
		answer = takes(t, queueOf(t, p, "answers-here"))
		return strings.Contains(answer, `"RowKey"`)
	}, "a row of the table")
	row := `{"PartitionKey":"png","RowKey":"cat.one","size":6}`
	if want := `{"content":"thumb of a cat.","count":1,"missing":null,"row":` + row + `,"rows":[` + row + `]}`; answer != want {
		t.Errorf("inputs:\n%s\nwant\n%s", answer, want)
	}
	testkit.Eventually(t, 30*time.Second, func() bool { // another account is asked for, which nobody finds here
		list, _, err := p.command(t.Context(), "func", "list")
		t.Logf("%v\n%s", err, list)
		return err == nil && strings.Contains(list, "contososa.queue.core.windows.net")
	}, "func list says what the function waits for")
	if err := p.stop(); err != nil {
		t.Errorf("orderly stop: %v\n%s", err, p.output)
	}
}

func openBlobs(t *testing.T, p *process) *azblob.Client {
	t.Helper()
	facts, err := connections(p)
	if err != nil {
		t.Fatal(err)
	}
	c, err := azblob.NewClientFromConnectionString(facts.Storage, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// functionLedger is what clients know of the work that they gave.
type functionLedger struct {
	mu        sync.Mutex
	next      int
	notBefore map[string]time.Time // of acknowledged messages, by text; guarded by mu
	blobs     map[string]string    // the last acknowledged content, by name; guarded by mu
}

// text is one that nobody else has, and no base64.
func (l *functionLedger) text(word string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	return fmt.Sprintf("%s %d.", word, l.next)
}

// put puts messages, some of which are not to be seen for a while, until the process is
// gone.
func (l *functionLedger) put(ctx context.Context, q *azqueue.QueueClient) {
	for n := 0; ctx.Err() == nil; n++ {
		text, delay := l.text("message"), int32(n%3)
		before := time.Now().Add(time.Duration(delay) * time.Second)
		o := &azqueue.EnqueueMessageOptions{VisibilityTimeout: &delay}
		if _, err := q.EnqueueMessage(ctx, base64.StdEncoding.EncodeToString([]byte(text)), o); err != nil {
			return
		}
		l.mu.Lock()
		l.notBefore[text] = before
		l.mu.Unlock()
	}
}

// write writes blobs, some of them again and again, until the process is gone.
func (l *functionLedger) write(ctx context.Context, c *azblob.Client, tag string) {
	for n := 0; ctx.Err() == nil; n++ {
		name, text := fmt.Sprintf("%s-%d", tag, n%7), l.text("blob")
		if _, err := c.UploadBuffer(ctx, "inbox", name+".bin", []byte(text), nil); err != nil {
			return
		}
		l.mu.Lock()
		l.blobs[name] = text
		l.mu.Unlock()
	}
}

// TestKillFunctions kills the process with -9 while functions work on messages and
// blobs, again and again. In the end every acknowledged message has run, none before its
// time, and the last acknowledged state of every blob has.
func TestKillFunctions(t *testing.T) {
	t.Parallel()
	dir, runs := storageApp(t, storageFunctionsHead)
	book := &functionLedger{notBefore: map[string]time.Time{}, blobs: map[string]string{}}
	for range max(2, crashes(t)/4) {
		p := up(t, dir)
		q, blobs := queueOf(t, p, "work"), openBlobs(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		var load sync.WaitGroup
		load.Go(func() { book.put(ctx, q) })
		for i := range 2 {
			load.Go(func() { book.write(ctx, blobs, fmt.Sprint("w", i)) })
		}
		time.Sleep(time.Second) //nolint:forbidigo // work until the power cut is the test
		p.kill()
		cancel()
		load.Wait()
	}
	p := up(t, dir)
	t.Logf("%d messages and %d blobs acknowledged", len(book.notBefore), len(book.blobs))
	if len(book.notBefore) == 0 || len(book.blobs) == 0 {
		t.Fatal("nothing was acknowledged: the load did not run")
	}
	var missing string
	testkit.Eventually(t, 90*time.Second, func() bool { // what a killed host had comes again after half a minute
		missing = book.missing(t, runs)
		return missing == ""
	}, "not all has run")
	if missing != "" {
		t.Errorf("%s has not run", missing)
	}
	if err := p.stop(); err != nil {
		t.Errorf("orderly stop: %v\n%s", err, p.output)
	}
}

// missing is something that has not run, or "". A message that ran before its time
// fails the test.
func (l *functionLedger) missing(t *testing.T, runs string) string {
	t.Helper()
	text, err := os.ReadFile(runs)
	if err != nil {
		t.Fatal(err)
	}
	ran := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		function, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		at, what, _ := strings.Cut(rest, " ")
		ran[what] = true
		var nanos int64
		if _, err := fmt.Sscan(at, &nanos); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if before, ok := l.notBefore[what]; ok && function == "/work" && time.Unix(0, nanos).Before(before) {
			t.Fatalf("%s ran %v before its time", what, before.Sub(time.Unix(0, nanos)))
		}
	}
	for what := range l.notBefore {
		if !ran[what] {
			return what
		}
	}
	for name, what := range l.blobs {
		if !ran[what] {
			return name + ", " + what
		}
	}
	return ""
}

package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// queuedMessages wait in the queue before the function begins.
const queuedMessages = 20_000

// writtenBlobs are written one after the other, each when the last one's function ran.
const writtenBlobs = 300

// triggers measures functions of storage: a queue that is full when a custom handler
// that does nothing begins, and the time from writing a blob to its function.
func triggers(ctx context.Context, l *lab) error {
	dir, err := os.MkdirTemp(l.dir, "project-")
	if err != nil {
		return err
	}
	runs := filepath.Join(dir, "runs.txt")
	if err := writeTriggerApp(dir, runs, true); err != nil {
		return err
	}
	s, err := l.startIn(ctx, dir)
	if err != nil {
		return err
	}
	p := storagePeerOf(s)
	body := []byte("<QueueMessage><MessageText>" + base64.StdEncoding.EncodeToString([]byte(`{"device":"d-001","value":21.5}`)) + "</MessageText></QueueMessage>")
	putting := time.Now()
	err = inLanes(queuedMessages, func(int) error {
		return p.call(ctx, http.MethodPost, p.queue+"/bench/messages", body, http.StatusCreated, nil)
	})
	put := time.Since(putting)
	s.stop()
	if err != nil {
		return err
	}
	if err := writeTriggerApp(dir, runs, false); err != nil {
		return err
	}
	if s, err = l.startIn(ctx, dir); err != nil {
		return err
	}
	defer s.stop()
	times, err := awaitRuns(ctx, runs, "/queue", queuedMessages)
	if err != nil {
		return err
	}
	took := times[len(times)-1].Sub(times[0])
	p = storagePeerOf(s)
	waits, err := p.blobRuns(ctx, runs)
	if err != nil {
		return err
	}
	table([]string{"functions of storage, custom handler", "n", "what"}, [][]string{
		{"messages put by 4 connections", fmt.Sprint(queuedMessages), rate(queuedMessages, put) + " messages/s"},
		{"messages run and deleted", fmt.Sprint(queuedMessages), rate(queuedMessages, took) + " messages/s"},
		{"write of a blob until its function runs", fmt.Sprint(len(waits)), fmt.Sprintf("p50 %v, p99 %v", percentile(waits, 50).Round(10*time.Microsecond), percentile(waits, 99).Round(10*time.Microsecond))},
	})
	return nil
}

func storagePeerOf(s *server) *storagePeer {
	at := func(service string) string { return "http://" + s.info.Addresses[service] + "/" + account }
	return &storagePeer{blob: at(instance.Blob), queue: at(instance.Queue), tab: at(instance.Table)}
}

// writeTriggerApp writes a project whose app's custom handler is this program.
func writeTriggerApp(dir, runs string, disabled bool) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	host, err := json.Marshal(map[string]any{"version": "2.0", "customHandler": map[string]any{"description": map[string]any{"defaultExecutablePath": self}}})
	if err != nil {
		return err
	}
	text := strings.Replace(projectFile, "tablePort: 0}", "tablePort: 0, queues: [bench], containers: [bench]}", 1) +
		fmt.Sprintf("functions: {port: 0, apps: {bench: {path: app, disabled: %v, settings: {%s: %q}}}}\n", disabled, runsSetting, runs)
	for name, text := range map[string]string{
		config.FileName: text, "app/host.json": string(host),
		"app/queue/function.json": `{"bindings":[{"type":"queueTrigger","direction":"in","name":"m","queueName":"bench"}]}`,
		"app/blob/function.json":  `{"bindings":[{"type":"blobTrigger","direction":"in","name":"b","path":"bench/{name}"}]}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

const runsSetting = "BENCH_RUNS"

// serveTriggers is this program as that custom handler; ok is false when it is none.
func serveTriggers() (ok bool, err error) {
	port, path := os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), os.Getenv(runsSetting)
	if port == "" || path == "" {
		return false, nil
	}
	runs, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return true, err
	}
	defer runs.Close()
	server := http.Server{Addr: "127.0.0.1:" + port, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(runs, "%s %d\n", r.URL.Path, time.Now().UnixNano())
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}"))
	})}
	return true, server.ListenAndServe()
}

// awaitRuns waits until a function has run so often, and returns when.
func awaitRuns(ctx context.Context, path, function string, n int) ([]time.Time, error) {
	for deadline := time.Now().Add(3 * time.Minute); ; {
		times, err := runsOf(path, function)
		if err != nil || len(times) >= n {
			return times, err
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return nil, fmt.Errorf("%s ran %d times of %d", function, len(times), n)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// runsOf reads when a function ran, in order.
func runsOf(path, function string) (times []time.Time, err error) {
	f, err := os.Open(path)
	if err != nil {
		if os.IsNotExist(err) {
			return nil, nil
		}
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, at, _ := strings.Cut(lines.Text(), " ")
		if nanos, err := strconv.ParseInt(at, 10, 64); err == nil && name == function {
			times = append(times, time.Unix(0, nanos))
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times, lines.Err()
}

// blobRuns writes blobs one by one and returns, sorted, how long it took from the
// request to the function.
func (p *storagePeer) blobRuns(ctx context.Context, runs string) ([]time.Duration, error) {
	var begun []time.Time
	for i := range writtenBlobs {
		begun = append(begun, time.Now())
		if err := p.call(ctx, http.MethodPut, fmt.Sprintf("%s/bench/b%d", p.blob, i), random(smallBlob), http.StatusCreated, nil, "x-ms-blob-type", "BlockBlob"); err != nil {
			return nil, err
		}
		for {
			times, err := runsOf(runs, "/blob")
			if err != nil || len(times) > i || ctx.Err() != nil {
				if err != nil {
					return nil, err
				}
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
	times, err := awaitRuns(ctx, runs, "/blob", writtenBlobs)
	if err != nil {
		return nil, err
	}
	waits := make([]time.Duration, writtenBlobs)
	for i := range waits {
		waits[i] = times[i].Sub(begun[i])
	}
	slices.Sort(waits)
	return waits, nil
}

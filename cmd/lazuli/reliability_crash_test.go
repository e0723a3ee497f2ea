//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// reliableProject is a project with the app of testdata/reliable. Its marks are read by a
// connection string, so that the port of tables has to be known.
func reliableProject(t *testing.T) (dir, notes string) {
	t.Helper()
	port, err := testkit.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	app, err := filepath.Abs("testdata/reliable")
	if err != nil {
		t.Fatal(err)
	}
	notes = filepath.Join(t.TempDir(), "notes.txt")
	head := strings.Replace(freePorts, "tablePort: 0", fmt.Sprintf("tablePort: %d", port), 1)
	dir = project(t, head+fmt.Sprintf(`
functions:
  port: 0
  apps:
    reliable:
      path: %q
      settings:
        NOTES: %q
        EventHubConnection: "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true"
        CosmosDBConnection: "AccountEndpoint=https://localhost:8081/;AccountKey=C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
        Marks: "AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;TableEndpoint=http://127.0.0.1:%d/devstoreaccount1"
`, app, notes, port), false)
	return dir, notes
}

// TestKillReliable kills the host at random moments while it works on 2,000 events, of
// which some are bad: none is lost, each is a document or a dead letter, what was marked
// is not done again, and a redrive takes the good ones out of the dead letters.
func TestKillReliable(t *testing.T) {
	t.Parallel()
	dir, notes := reliableProject(t)
	p := up(t, dir)
	const count, badEach = 2000, 97
	var events strings.Builder
	good, bad := map[string]bool{}, map[string]bool{}
	for n := range count {
		id := fmt.Sprintf("e%d", n)
		if n%badEach == badEach-1 {
			id = fmt.Sprintf("bad%d", n)
			bad[id] = true
		} else {
			good[id] = true
		}
		fmt.Fprintf(&events, "%q\n", id)
	}
	file := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(file, []byte(events.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, err := p.command(t.Context(), "send", "telemetry_events", "--file", file); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	for range max(3, crashes(t)/4) {
		time.Sleep(time.Duration(50+rand.IntN(300)) * time.Millisecond) //nolint:forbidigo // work until the power cut is the test
		p.kill()
		p = up(t, dir)
	}
	dead := func() map[string]bool {
		stdout, stderr, err := p.command(t.Context(), "func", "deadletters", "store", "--limit", "0", "--json")
		var list struct {
			Letters []struct{ Body string }
		}
		if err == nil {
			err = json.Unmarshal([]byte(stdout), &list)
		}
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, stderr, p.output)
		}
		ids := map[string]bool{}
		for _, l := range list.Letters {
			ids[strings.Trim(l.Body, `"`)] = true
		}
		return ids
	}
	var missing string
	testkit.Eventually(t, 60*time.Second, func() bool {
		done, aside := doneIDs(t, notes), dead()
		missing = ""
		for id := range good {
			if len(done[id]) == 0 && !aside[id] {
				missing = id
			}
		}
		for id := range bad {
			if !aside[id] {
				missing = id
			}
		}
		return missing == ""
	}, "not all events are done or set aside: %s", p.output)
	stdout, stderr, err := p.command(t.Context(), "func", "redrive", "store")
	if err == nil || !strings.HasSuffix(strings.TrimSpace(stderr), "dead letters failed again") {
		t.Fatalf("bad readings are sent in vain: %v\n%s\n%s", err, stdout, stderr)
	}
	for id := range dead() {
		if !bad[id] {
			t.Errorf("%s is a dead letter after it was sent again", id)
		}
	}
	for id, by := range doneIDs(t, notes) {
		if len(by) > 1 && by[len(by)-1] == by[len(by)-2] {
			t.Errorf("%s was done twice by one process, %v: its mark did not count\n%s", id, by, p.output)
			break
		}
	}
	stdout, stderr, err = p.command(t.Context(), "query", "SELECT VALUE COUNT(1) FROM c", "--db", "serverless_db", "--container", "events", "--json")
	if err != nil || !strings.Contains(stdout, fmt.Sprint(len(good))) {
		t.Errorf("%s documents, want %d: %v %s", stdout, len(good), err, stderr)
	}
	if err := p.stop(); err != nil {
		t.Errorf("orderly stop: %v\n%s", err, p.output)
	}
}

// doneIDs are the processes that did each event, in order.
func doneIDs(t *testing.T, notes string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(notes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	done := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		pid, ids, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, id := range strings.Fields(ids) {
			done[id] = append(done[id], pid)
		}
	}
	return done
}

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// What the engines rely on: lines of one length, disorder that both wait for,
// no event where windows of the two differ, every event once.
func TestEventsKeepTheirPromises(t *testing.T) {
	for _, d := range []*dataset{few, few.big(), many, manyFew, million, slow, joinOne, joinTwo} {
		in := input{events: 5000}
		for _, name := range []string{"0", "1"} {
			in.files = append(in.files, filepath.Join(t.TempDir(), name))
		}
		if err := d.write(in); err != nil {
			t.Fatal(err)
		}
		seen := map[int]bool{}
		for _, name := range in.files {
			readEvents(t, d, name, seen)
		}
		if len(seen) != in.events {
			t.Errorf("%s: %d events, want %d", d.name, len(seen), in.events)
		}
	}
}

func readEvents(t *testing.T, d *dataset, name string, seen map[int]bool) {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var latest time.Time
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e struct {
			ID          int
			Plant       string
			TS          time.Time
			Power, Temp float64
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if n := len(lines.Bytes()) + 1; n != d.size {
			t.Fatalf("%s: a line of %d bytes, want %d: %s", d.name, n, d.size, lines.Bytes())
		}
		if e.TS.Nanosecond() == 0 {
			t.Errorf("%s: event %d is on a whole second", d.name, e.ID)
		}
		if latest.Sub(e.TS) >= 100*time.Millisecond {
			t.Errorf("%s: event %d is %v behind", d.name, e.ID, latest.Sub(e.TS))
		}
		if e.TS.After(latest) {
			latest = e.TS
		}
		if seen[e.ID] {
			t.Errorf("%s: event %d came twice", d.name, e.ID)
		}
		seen[e.ID] = true
	}
}

// The same events every time: runs on different days compare.
func TestEventsAreTheSameEveryTime(t *testing.T) {
	var texts [2][]byte
	for i := range texts {
		in := input{events: 1000, files: []string{filepath.Join(t.TempDir(), "events")}}
		if err := few.write(in); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(in.files[0])
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = text
	}
	if !bytes.Equal(texts[0], texts[1]) {
		t.Error("two runs differ")
	}
}

func TestQueriesCompile(t *testing.T) {
	for _, w := range workloads() {
		if _, err := streamsql.Compile(w.ours, streamsql.Options{}); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
	}
}

package timer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// timerStatus is what is remembered of a timer between starts, in Azure's
// JSON.
type timerStatus struct {
	Last        time.Time // the last run; zero: none yet
	Next        time.Time // the run that was expected then
	LastUpdated time.Time // when this was written
}

// UnmarshalJSON takes times as Azure's host writes them, where one that is not set
// has no zone.
func (s *timerStatus) UnmarshalJSON(text []byte) error {
	var given struct{ Last, Next, LastUpdated string }
	if err := json.Unmarshal(text, &given); err != nil {
		return err
	}
	for _, f := range []struct {
		text string
		to   *time.Time
	}{{given.Last, &s.Last}, {given.Next, &s.Next}, {given.LastUpdated, &s.LastUpdated}} {
		at, err := time.Parse(time.RFC3339Nano, f.text)
		if err != nil {
			at, err = time.Parse("2006-01-02T15:04:05.999999999", f.text)
		}
		if f.text != "" && err != nil {
			return err
		}
		*f.to = at
	}
	return nil
}

// timerMonitor keeps the status of one timer in the blob
// timers/<host>/<function>/status.
type timerMonitor struct {
	blobs state.Blobs
	blob  string
}

func newTimerMonitor(blobs state.Blobs, host, function string) *timerMonitor {
	return &timerMonitor{blobs, "timers/" + strings.ToLower(host) + "/" + state.FunctionID(function) + "/status"}
}

// load returns the status; ok is false when the timer never ran here.
func (m *timerMonitor) load(ctx context.Context) (s timerStatus, ok bool, err error) {
	text, _, err := m.blobs.Text(ctx, state.Hosts, m.blob)
	if fault.Is(err, fault.NotFound) {
		return s, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return s, false, fmt.Errorf("read the timer's status in blob %s/%s: %w", state.Hosts, m.blob, err)
	}
	return s, true, nil
}

func (m *timerMonitor) save(ctx context.Context, s timerStatus) error {
	text, err := json.Marshal(s)
	if err == nil {
		_, err = m.blobs.SetText(ctx, state.Hosts, m.blob, text, state.Any)
	}
	if err != nil {
		return fmt.Errorf("write the timer's status: %w", err)
	}
	return nil
}

package timer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// timerContainer is where Azure's host keeps the status of timers.
const timerContainer = "azure-webjobs-hosts"

// timerStatus is what is remembered of a timer between starts, in Azure's
// JSON.
type timerStatus struct {
	Last        time.Time // the last run; zero: none yet
	Next        time.Time // the run that was expected then
	LastUpdated time.Time // when this was written
}

// timerMonitor keeps the status of one timer under the blob name
// timers/<host>/<function>/status. The JSON is the value of one metadata
// entry, because the store keeps no contents.
type timerMonitor struct {
	store trigger.MetadataStore
	blob  string
}

// statusEntry is the metadata entry that holds the JSON.
const statusEntry = "status"

func newTimerMonitor(store trigger.MetadataStore, host, function string) *timerMonitor {
	return &timerMonitor{store, "timers/" + strings.ToLower(host) + "/" + function + "/status"}
}

// load returns the status; ok is false when the timer never ran here.
func (m *timerMonitor) load(ctx context.Context) (s timerStatus, ok bool, err error) {
	entries, err := m.store.Metadata(ctx, timerContainer, m.blob)
	if fault.Is(err, fault.NotFound) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("read the timer's status: %w", err)
	}
	if err := json.Unmarshal([]byte(entries[statusEntry]), &s); err != nil {
		return s, false, fmt.Errorf("read the timer's status: %w", err)
	}
	return s, true, nil
}

func (m *timerMonitor) save(ctx context.Context, s timerStatus) error {
	text, err := json.Marshal(s)
	if err == nil {
		err = m.store.SetMetadata(ctx, timerContainer, m.blob, map[string]string{statusEntry: string(text)})
	}
	if err != nil {
		return fmt.Errorf("write the timer's status: %w", err)
	}
	return nil
}

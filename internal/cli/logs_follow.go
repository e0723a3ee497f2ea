package cli

import (
	"context"
	"time"
)

// How --follow asks. Telemetry comes late: clients gather it for seconds, so each time
// the last minutes are asked for, and what was printed already is left out.
const (
	followEvery = time.Second
	followBack  = time.Minute      // from where it begins, where --timespan does not say
	followLate  = 10 * time.Minute // how late a row may come
	followSeen  = 200_000          // rows that are remembered
)

// followTelemetry prints what is new until ctx ends.
func (s *session) followTelemetry(ctx context.Context, p *logsPrinter, at, token, query string, o logsOptions) error {
	begin := time.Now().Add(-followBack)
	seen := newSeenRows()
	for first := true; ; first = false {
		span := o.timespan
		if !first || span == "" {
			from := begin
			if late := time.Now().Add(-followLate); late.After(from) {
				from = late
			}
			span = from.UTC().Format(time.RFC3339Nano) + "/" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339Nano)
		}
		answer, err := askLogs(ctx, at, token, query, span)
		if err == nil {
			_, err = p.print(answer, seen.add)
		}
		if err != nil {
			return err
		}
		select {
		case <-time.After(followEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// seenRows remembers rows that were printed: two halves, of which the older is forgotten
// as the younger is full.
type seenRows struct{ young, old map[string]bool }

func newSeenRows() *seenRows { return &seenRows{young: map[string]bool{}} }

// add notes a row, and reports whether it was known.
func (r *seenRows) add(row string) bool {
	if r.young[row] || r.old[row] {
		return true
	}
	if len(r.young) >= followSeen/2 {
		r.old, r.young = r.young, map[string]bool{}
	}
	r.young[row] = true
	return false
}

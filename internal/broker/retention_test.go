package broker

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestRetentionBySize: at least the size asked for is kept, and at most a
// sixteenth of it, or 1 MiB, and one append more; also when it is set on a hub
// that has a segment larger than that.
func TestRetentionBySize(t *testing.T) {
	const event, mib = 900_000, 1 << 20
	for name, tc := range map[string]struct {
		mib, events int
		later       bool
	}{
		"small":           {2, 12, false},
		"mid":             {66, 80, false},
		"set later":       {2, 12, true},
		"less than there": {100, 12, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, Options{FS: vfs.NewMem(), TailBytes: 1})
			cfg := HubConfig{Name: "h", Partitions: 1, RetentionBytes: int64(tc.mib) * mib}
			first := cfg
			if tc.later {
				first.RetentionBytes = 0
			}
			b.ensure(first)
			p := b.partition("h", 0)
			body := string(make([]byte, event))
			for range tc.events {
				appendTo(t, p, "", body)
			}
			if tc.later {
				b.ensure(cfg)
				for range tc.events {
					appendTo(t, p, "", body)
				}
			}
			b.Retain()
			info := p.Info()
			kept := (info.LastSequence - info.BeginSequence + 1) * event
			least := min(cfg.RetentionBytes, int64(tc.events)*event) - event // less than one that does not fit
			most := cfg.RetentionBytes + max(cfg.RetentionBytes/16, mib) + event
			if kept < least || kept > most || info.Bytes < min(cfg.RetentionBytes, int64(tc.events)*event) {
				t.Errorf("%d bytes of %d events are kept in %d, want %d to %d", kept, tc.events, info.Bytes, least, most)
			}
			b.stop()
		})
	}
}

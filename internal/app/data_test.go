package app

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
)

// started starts the storage of a project with this file, as often as it was
// started before in dir.
func started(t *testing.T, dir, file string, do func(*dataFolder)) error {
	t.Helper()
	cfg, err := config.Parse([]byte(file), dir)
	if err != nil {
		t.Fatal(err)
	}
	return inStorage(cfg, do)
}

// TestLimitsGoWithTheirKeys: a limit of a hub that the project file does not
// name any more, or names as 0, is no limit any more.
func TestLimitsGoWithTheirKeys(t *testing.T) {
	dir := t.TempDir()
	partition := func(s *dataFolder) *broker.Partition {
		h, err := s.hubs.Hub("readings")
		if err != nil {
			t.Fatal(err)
		}
		p, err := h.Partition(0)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	fill := func(s *dataFolder) {
		for range 8 {
			send(t, s.hubs, "readings", 0, strings.Repeat("x", 512<<10))
		}
		s.broker.Retain()
	}
	for _, step := range []struct {
		file string
		cut  bool
	}{
		{"eventHubs: {hubs: {readings: {partitions: 1, retentionMiB: 1}}}", true},
		{"eventHubs: {hubs: {readings: {partitions: 1}}}", false},
		{"eventHubs: {hubs: {readings: {partitions: 1, retentionMiB: 1}}}", true},
		{"eventHubs: {hubs: {readings: {partitions: 1, retentionMiB: 0, retention: 0}}}", false},
	} {
		err := started(t, dir, step.file, func(s *dataFolder) {
			before := partition(s).Info().BeginSequence
			fill(s)
			if after := partition(s).Info().BeginSequence; (after > before) != step.cut {
				t.Errorf("%s: the oldest event is %d, it was %d", step.file, after, before)
			}
			h, err := s.hubs.Hub("readings")
			if forEver := strings.Contains(step.file, "retention: 0"); err != nil || (h.Retention() == 0) != forEver {
				t.Errorf("%s: retention %v, %v", step.file, h.Retention(), err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestUniqueKeysCannotChange: a project file that names other unique keys than
// the container has is refused, not ignored. One that names none is content.
func TestUniqueKeysCannotChange(t *testing.T) {
	dir := t.TempDir()
	file := func(more string) string {
		return "cosmos: {databases: {db: {containers: {c: {partitionKey: /k" + more + "}}}}}"
	}
	for _, step := range []struct{ more, refused string }{
		{", uniqueKeys: [[/a]]", ""},
		{", uniqueKeys: [[/a]]", ""},
		{", uniqueKeys: [[/b]]", "uniqueKeys: the container exists with [[/a]]"},
		{", defaultTtl: 5", ""},
	} {
		err := started(t, dir, file(step.more), func(*dataFolder) {})
		if (err != nil) != (step.refused != "") || err != nil && !strings.Contains(err.Error(), step.refused) {
			t.Errorf("%s: %v, want %q", step.more, err, step.refused)
		}
	}
}

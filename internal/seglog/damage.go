package seglog

import (
	"errors"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// corrupt returns the vfs.Damage of a file in the log's folder.
func (l *Log) corrupt(file string, position int64, reason string) *vfs.Damage {
	return &vfs.Damage{
		File:     file,
		Position: position,
		Reason:   reason,
		Remedy: fmt.Sprintf("restore the file from a copy, or move the folder %s away as a whole "+
			"to give up this log's records", l.opts.Dir),
	}
}

// readableFrom says, for an error, where a reader that cannot read the record
// can go on for certain: at the next file.
func (l *Log) readableFrom(record int64) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.first > record {
			return fmt.Sprintf("; the file after it begins with record %d", s.first)
		}
	}
	return ""
}

// kindOfOpen is the kind of an error of Open: damage is ours to report, all
// else is the disk's.
func kindOfOpen(err error) fault.Kind {
	var c *vfs.Damage
	if errors.As(err, &c) {
		return fault.Internal
	}
	return fault.Unavailable
}

package vfs

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Damage is a file whose content is not what was written. Storage will not pass
// over it, because what was acknowledged would be lost without a word.
type Damage struct {
	File     string
	Position int64 // byte of the file; -1 when it is not known
	Reason   string
	Remedy   string
}

// Error says what is damaged, where, and what to try.
func (d *Damage) Error() string {
	at := ""
	if d.Position >= 0 {
		at = fmt.Sprintf(" at byte %d", d.Position)
	}
	return fmt.Sprintf("%s is damaged%s: %s; %s", d.File, at, d.Reason, d.Remedy)
}

// NoRoom reports whether an error of a file call says that the disk is full.
func NoRoom(err error) bool { return err != nil && vfs.IsNoSpaceError(err) }

package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
)

// Overwrite says what happens to a target that is there with other bytes.
type Overwrite string

// The ways to treat such a target.
const (
	Ask    Overwrite = "ask"    // whoever sits at the terminal
	Always Overwrite = "always" // without a look at it
	Newer  Overwrite = "newer"  // if the source was modified after it
	Never  Overwrite = "never"  // keep it
)

// Overwrites lists the ways.
func Overwrites() []Overwrite { return []Overwrite{Ask, Always, Newer, Never} }

// ErrExists is the fate of a copy whose target is there, when nobody can be asked.
var ErrExists = errors.New("it is there with other content")

// ErrStop is what Ask returns to end the run.
var ErrStop = errors.New("stopped as asked; what was copied stays")

// Known is what one knows of a source or a target without reading it.
type Known struct {
	Name     string
	Size     int64
	Modified time.Time
	MD5      []byte        // nil when nobody knows
	etag     string        // of a blob
	typ      blob.BlobType // of a blob
}

// verdict is what becomes of one copy.
type verdict int

const (
	write verdict = iota
	same          // it is there already, byte by byte
	keep          // it is there, and stays
)

// decide says what becomes of a copy onto a target that is there. sum gives the MD5
// of the source's bytes, nil if that is not known.
func (c *Copier) decide(source, target Known, sum func() ([]byte, error)) (verdict, error) {
	if c.o.Overwrite == Always {
		return write, nil
	}
	if source.Size == target.Size && (target.MD5 != nil || target.Size == 0) {
		mine, err := sum()
		if err != nil {
			return keep, err
		}
		if target.Size == 0 || bytes.Equal(mine, target.MD5) {
			return same, nil
		}
	}
	switch c.o.Overwrite {
	case Never:
		return keep, nil
	case Newer:
		if source.Modified.After(target.Modified) {
			return write, nil
		}
		return keep, nil
	}
	if c.o.Ask == nil {
		return keep, fmt.Errorf("%s: %w", target.Name, ErrExists)
	}
	c.asking.Lock() // one question at a time
	defer c.asking.Unlock()
	yes, err := c.o.Ask(source, target)
	if yes {
		return write, err
	}
	return keep, err
}

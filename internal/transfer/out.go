package transfer

import (
	"context"
	"errors"
	"io"
	"os"
)

// output is a target that is written from its begin to its end: standard output, a
// device, a pipe.
type output struct {
	to   io.Writer
	path string // to open; "" is to
}

func (c *Copier) writer(target Side) (output, bool) {
	switch {
	case target.Std:
		return output{to: c.o.Out}, true
	case target.Blob:
		return output{}, false
	}
	info, err := os.Stat(target.Text)
	return output{path: target.Text}, err == nil && !info.IsDir() && !info.Mode().IsRegular()
}

// writeAll writes blobs one after the other.
func (c *Copier) writeAll(ctx context.Context, sources []Side, out output) (err error) {
	if c.o.Recursive {
		return errors.New("a folder cannot be written to one stream; name the blobs")
	}
	if out.path != "" {
		f, err := os.OpenFile(out.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out.to = f
	}
	d := destination{single: "-"}
	for _, s := range sources {
		if err := c.planBlobs(ctx, s, d, func(j job) error {
			c.o.Watch.Found(-1)
			v, err := c.writeOut(ctx, j, out.to)
			if err == nil {
				c.count(v)
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// Write writes a part of a blob, from an offset on (from the end if it is negative), at
// most count bytes; a negative count is all the rest. It returns how many it wrote.
func (c *Copier) Write(ctx context.Context, source Side, offset, count int64, to io.Writer) (int64, error) {
	j := job{source: source, from: source.Name, name: source.Text}
	known, err := c.source(ctx, j)
	if err != nil {
		return 0, err
	}
	if offset < 0 {
		offset = max(0, known.Size+offset)
	}
	offset = min(offset, known.Size)
	end := known.Size
	if count >= 0 && count < end-offset {
		end = offset + count
	}
	c.o.Watch.Found(end - offset)
	return end - offset, c.stream(ctx, j, known, offset, end, to)
}

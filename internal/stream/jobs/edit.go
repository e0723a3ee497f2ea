package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/localrun"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// File is the job's query as its file has it now.
type File struct {
	Path string
	Text string
	ETag string // of the bytes
}

// File reads the query's file. Errors: fault.NotFound; fault.Conflict for a file
// that Save would not write either.
func (j *Job) File() (File, error) {
	if info, err := os.Lstat(j.spec.Query); err == nil && !info.Mode().IsRegular() {
		return File{}, j.notPlain()
	}
	text, err := localrun.ReadQuery(j.spec.Query)
	if err != nil {
		kind := fault.KindOf(err)
		if errors.Is(err, fs.ErrNotExist) {
			kind = fault.NotFound
		}
		return File{}, fault.Wrap(kind, j.spec.Query, err, "the query cannot be read")
	}
	return File{j.spec.Query, text, etag(text)}, nil
}

func (j *Job) notPlain() error {
	return fault.New(fault.Conflict, j.spec.Query, "it is a symbolic link or no regular file; change what it leads to")
}

func etag(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

// Save writes the query's file, if it still has the ETag, and starts the job
// anew with it, where start says; "" leaves the job as it is. The text is
// checked before anything changes.
//
// Errors: those of Check; fault.PreconditionFailed for another ETag, and for a
// start from the last checkpoint, which belongs to the query before;
// fault.Conflict for a file that must not be written. After an error of the start
// the text is saved.
func (j *Job) Save(ctx context.Context, tag, text, start string) (File, error) {
	b, err := parseBeginning(start)
	if err != nil {
		return File{}, err
	}
	checked, err := j.Check(text)
	if err != nil {
		return File{}, err
	}
	if start != "" && b.mode == stream.StartLast && !checked.Same {
		return File{}, fault.New(fault.PreconditionFailed, j.String(), "an edited query cannot go on from the last checkpoint, whose windows and counts are those of the query before; start it now, at a time, or with all events")
	}
	if err := j.write(tag, text); err != nil {
		return File{}, err
	}
	file := File{j.spec.Query, text, etag(text)}
	if start == "" {
		return file, nil
	}
	if err := j.Stop(ctx); err != nil {
		return file, err
	}
	return file, j.Start(ctx, start)
}

// write replaces the query's file so that a crash leaves the old or the new one.
func (j *Job) write(tag, text string) error {
	j.saves.Lock()
	defer j.saves.Unlock()
	dir, name := filepath.Split(j.spec.Query)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fault.Wrap(fault.Unavailable, j.spec.Query, err, "its folder cannot be opened")
	}
	defer root.Close()
	info, err := root.Lstat(name)
	switch {
	case err != nil:
		return fault.New(fault.PreconditionFailed, j.spec.Query, "the file is gone")
	case !info.Mode().IsRegular():
		return j.notPlain()
	}
	old, err := textfile.Read(root, name, streamsql.MaxTextBytes)
	if err != nil || etag(strings.TrimPrefix(string(old), mark)) != tag {
		return fault.New(fault.PreconditionFailed, j.spec.Query, "it was changed meanwhile, outside of this page")
	}
	if strings.HasPrefix(string(old), mark) {
		text = mark + text
	}
	if err := textfile.Replace(root, name, []byte(text), info.Mode().Perm()); err != nil {
		return fault.Wrap(fault.Unavailable, j.spec.Query, err, "it cannot be written")
	}
	return nil
}

// mark is the byte order mark that some editors put before a text.
const mark = "\xef\xbb\xbf"

package blobrows

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/rows"
)

const (
	// atOnce is how many files are written at the same time.
	atOnce = 32
	// openFiles is how many files a writer knows; the service has as many.
	openFiles = 8_000
	// A blob's name has at most 1024 characters and 254 steps, or no client can ask for
	// it; what stands behind the path takes some of them.
	// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
	maxPath      = 900
	maxPathSteps = 253
)

// writer writes the rows of one lane of a run. It is used by one goroutine.
type writer struct {
	s     *sink
	run   string
	id    string
	files map[place]*file
	batch uint64 // counts them
	parts []*portion
	path  []byte

	header []byte // of the CSV row before…
	schema string // …and its name
}

// place is where files of a writer follow each other: what their names begin with,
// so that two places share no file. path is "" or ends with a slash, which a column
// with that value does not make another place.
type place struct{ path, schema string }

// portion is the rows of a batch that go to one place.
type portion struct {
	file   *file
	header []byte
	rows   []numbered
}

// numbered is a row and its number among all of the run, lane and output.
type numbered struct {
	number uint64
	text   []byte // as it stands in the file, with what ends it
}

// write returns when all rows are on the disk. Those of one place stay in order.
func (w *writer) write(ctx context.Context, b *stream.OutputBatch) error {
	w.batch++
	w.parts = w.parts[:0]
	for i := range b.Rows {
		if err := w.take(&b.Rows[i], b.First+uint64(i)); err != nil {
			return err
		}
	}
	defer w.forget()
	if len(w.parts) == 1 {
		return w.parts[0].file.put(ctx, w.parts[0])
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, p := range w.parts {
		group.Go(func() error { return p.file.put(ctx, p) })
	}
	return group.Wait()
}

// take adds a row to the portion of its place.
func (w *writer) take(r *stream.OutputRow, number uint64) error {
	var header []byte
	text := r.JSON
	value := ""
	if w.s.csv() || w.s.pattern.Column != "" {
		columns, err := rows.ColumnsOf(r.JSON)
		if err != nil {
			return err
		}
		if value, err = w.value(columns); err != nil {
			return err
		}
		if w.s.csv() {
			if header, err = columns.CSVHeader(w.s.form.Comma); err != nil {
				return err
			}
			if text, err = columns.CSVLine(w.s.form.Comma); err != nil {
				return err
			}
		}
	}
	w.path = w.s.pattern.Append(w.path[:0], stream.TimeOf(r.Time), value)
	if n := len(w.path); n > 0 && w.path[n-1] != '/' {
		w.path = append(w.path, '/')
	}
	if value != "" && (len(w.path) > maxPath && utf8.RuneCount(w.path) > maxPath || bytes.Count(w.path, []byte{'/'}) > maxPathSteps) {
		return fault.New(fault.Invalid, "output", "with column %s the path %.100q has more than %d characters or %d steps, and no blob's name can", w.s.pattern.Column, w.path, maxPath, maxPathSteps)
	}
	p := w.portion(header)
	p.rows = append(p.rows, numbered{number, text})
	return nil
}

// value is the text of the column that stands in the path.
func (w *writer) value(c rows.Columns) (string, error) {
	name := w.s.pattern.Column
	if name == "" {
		return "", nil
	}
	for i, have := range c.Names {
		if strings.EqualFold(have, name) {
			return pathValue(name, c.Raws[i])
		}
	}
	return "", fault.New(fault.Invalid, "output", "the row has no column %s, which is to stand in the path", name)
}

func pathValue(name string, raw json.RawMessage) (string, error) {
	text := rows.Plain(raw)
	switch {
	case text == "" || raw[0] == '{' || raw[0] == '[':
		return "", fault.New(fault.Invalid, "output", "column %s, which is to stand in the path, is %s: only texts, numbers and bits can", name, raw)
	case len(text) > 512 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }):
		return "", fault.New(fault.Invalid, "output", "column %s, which is to stand in the path, is %.100q: at most 512 bytes without control characters can", name, text)
	}
	return text, nil
}

// portion finds the portion of the path and schema of a row, most likely that of
// the row before.
func (w *writer) portion(header []byte) *portion {
	for i := len(w.parts) - 1; i >= 0 && i >= len(w.parts)-4; i-- {
		if p := w.parts[i]; p.file.path == string(w.path) && bytes.Equal(p.header, header) {
			return p
		}
	}
	f := w.file(header)
	if f.part != nil && f.used == w.batch {
		return f.part
	}
	f.part, f.used = &portion{file: f, header: header}, w.batch
	w.parts = append(w.parts, f.part)
	return f.part
}

// file finds what is known of a place.
func (w *writer) file(header []byte) *file {
	at := place{string(w.path), w.schemaOf(header)}
	f := w.files[at]
	if f == nil {
		f = &file{w: w, path: at.path, schema: at.schema}
		w.files[at] = f
	}
	return f
}

// schemaOf names the columns of CSV, as the service does. Columns of one name share a
// file and its header, so the hash is one by which no two have the same.
func (w *writer) schemaOf(header []byte) string {
	if header == nil {
		return "0"
	}
	if !bytes.Equal(header, w.header) {
		sum := sha256.Sum256(header)
		w.header, w.schema = header, strconv.FormatUint(binary.BigEndian.Uint64(sum[:8]), 10)
	}
	return w.schema
}

// forget lets rows go, and of many files those that had none for longest.
func (w *writer) forget() {
	for _, p := range w.parts {
		p.file.part = nil
	}
	clear(w.parts)
	for age := uint64(1024); len(w.files) > openFiles; age /= 2 {
		for at, f := range w.files {
			if f.used+age <= w.batch {
				delete(w.files, at)
			}
		}
		if age == 0 {
			return
		}
	}
}

// prefix is what the names of the place's files begin with.
func (f *file) prefix() string { return f.path + f.schema + "_" + f.w.id + "_" }

package localrun

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// maxEvent is the longest event of a file.
const maxEvent = 16 << 20

// fileSource is a file as an input with one partition.
type fileSource struct {
	path    string
	arrival int64
}

// Partitions implements stream.Source.
func (s *fileSource) Partitions(context.Context) (int, error) { return 1, nil }

// Open implements stream.Source. Files are read from the beginning.
func (s *fileSource) Open(context.Context, int, stream.Position) (stream.Reader, error) {
	r, err := openFile(s.path)
	if err != nil {
		return nil, err
	}
	return &fileReader{file: r, arrival: s.arrival}, nil
}

type fileReader struct {
	file    *objects
	arrival int64
	offset  int64
}

// Read implements stream.Reader.
func (r *fileReader) Read(_ context.Context, b *stream.Batch, limit int) error {
	b.Events, b.Buf = b.Events[:0], b.Buf[:0]
	var ends []int
	for len(ends) < limit && len(b.Buf) < 1<<20 {
		body, err := r.file.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		b.Buf = append(b.Buf, body...)
		ends = append(ends, len(b.Buf))
	}
	if len(ends) == 0 {
		return io.EOF
	}
	start := 0
	for _, end := range ends {
		b.Events = append(b.Events, stream.Event{Offset: r.offset, Arrival: r.arrival, Body: b.Buf[start:end:end]})
		start = end
		r.offset++
	}
	return nil
}

// Backlog implements stream.Reader.
func (r *fileReader) Backlog() int64 { return -1 }

// Close implements stream.Reader.
func (r *fileReader) Close() error { return r.file.f.Close() }

// fileReference is a file as reference data with one version.
type fileReference string

// Snapshots implements stream.Reference.
func (f fileReference) Snapshots(context.Context) ([]stream.Snapshot, error) {
	r, err := openFile(string(f))
	if err != nil {
		return nil, err
	}
	defer r.f.Close()
	s := stream.Snapshot{ValidFrom: stream.StartOfInput}
	for {
		body, err := r.next()
		if errors.Is(err, io.EOF) {
			return []stream.Snapshot{s}, nil
		}
		if err != nil {
			return nil, err
		}
		s.Rows = append(s.Rows, bytes.Clone(body))
	}
}

// objects cuts a file into JSON objects: those of lines, of one array, or the
// rows of a CSV file with a header, whose values are strings.
//
// A file whose first line is a whole object has an object a line: a line that
// is broken is one bad event, and does not swallow those after it.
type objects struct {
	path   string
	f      *os.File
	in     *bufio.Reader
	csv    *csv.Reader
	header []string
	buf    []byte
	rest   []byte // of the line that was read last, in the reader's buffer
	began  bool   // an object was found
	lines  bool   // an object a line
}

func openFile(path string) (*objects, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(fault.NotFound, "", err, "the file cannot be read")
	}
	o := &objects{path: path, f: f, in: bufio.NewReaderSize(f, 1<<18)}
	if mark, _ := o.in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		if _, err := o.in.Discard(3); err != nil {
			return nil, err
		}
	}
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		o.csv = csv.NewReader(o.in)
		o.csv.FieldsPerRecord = -1
		if o.header, err = o.csv.Read(); err != nil && !errors.Is(err, io.EOF) {
			f.Close()
			return nil, fault.Wrap(fault.Invalid, path, err, "the header cannot be read")
		}
	}
	return o, nil
}

// between is what may stand between two objects.
const between = " \t\r\n,[]"

// next returns the next object, valid until the one after, or io.EOF. Text that
// is no object is returned too: the decoder says what is wrong with it.
func (o *objects) next() ([]byte, error) {
	if o.csv != nil {
		return o.row()
	}
	o.buf = o.buf[:0]
	var braces braceCount
	for {
		line, err := o.line()
		inLines := !o.began
		if len(o.buf) == 0 {
			inLines = inLines && len(line) > 0 && line[0] == '{'
			line = bytes.TrimLeft(line, between)
		} else {
			inLines = false
		}
		if end := braces.end(line); end > 0 {
			o.began, o.lines, o.rest = true, o.lines || inLines, line[end:]
			if len(o.buf) == 0 {
				return line[:end], nil // the common case: an object a line
			}
			o.buf = append(o.buf, line[:end]...)
			return o.buf, nil
		}
		o.buf = append(o.buf, line...)
		if len(o.buf) > maxEvent {
			return nil, fault.New(fault.TooLarge, o.path, "an event is longer than %d bytes", maxEvent)
		}
		text := bytes.Trim(o.buf, between)
		switch {
		case errors.Is(err, bufio.ErrBufferFull): // the line goes on
		case err != nil && (len(text) == 0 || !errors.Is(err, io.EOF)):
			return nil, err
		case err != nil:
			return text, nil
		case len(text) == 0:
			o.buf = o.buf[:0]
		case o.lines || braces.depth <= 0 || braces.text: // a line break cannot stand in a text
			return text, nil
		}
	}
}

// line returns the rest of the line that was read last, or the next line.
func (o *objects) line() ([]byte, error) {
	if rest := bytes.TrimLeft(o.rest, between); len(rest) > 0 {
		o.rest = nil
		if rest[len(rest)-1] != '\n' {
			return rest, bufio.ErrBufferFull
		}
		return rest, nil
	}
	o.rest = nil
	return o.in.ReadSlice('\n')
}

// braceCount follows the braces of JSON text over its pieces.
type braceCount struct {
	depth         int
	text, escaped bool
}

// end returns the length of the part of the line that closes the object, or 0.
func (b *braceCount) end(line []byte) int {
	for i, c := range line {
		switch {
		case b.escaped:
			b.escaped = false
		case b.text && c == '\\':
			b.escaped = true
		case c == '"':
			b.text = !b.text
		case b.text:
		case c == '{':
			b.depth++
		case c == '}':
			if b.depth--; b.depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

func (o *objects) row() ([]byte, error) {
	record, err := o.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, o.path, err, "a row cannot be read")
	}
	row := make(map[string]string, len(record))
	for i, v := range record {
		name := fmt.Sprintf("Column%d", i+1)
		if i < len(o.header) {
			name = strings.TrimSpace(o.header[i])
		}
		row[name] = v
	}
	return json.Marshal(row)
}

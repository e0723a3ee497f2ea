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
type objects struct {
	path   string
	f      *os.File
	in     *bufio.Reader
	csv    *csv.Reader
	header []string
	buf    []byte
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

// next returns the next object, valid until the one after, or io.EOF.
func (o *objects) next() ([]byte, error) {
	if o.csv != nil {
		return o.row()
	}
	o.buf = o.buf[:0]
	depth, text, escaped := 0, false, false
	for {
		line, err := o.in.ReadSlice('\n')
		if depth == 0 && len(o.buf) == 0 {
			line = bytes.TrimLeft(line, " \t\r\n,[]")
		}
		for i, c := range line {
			switch {
			case escaped:
				escaped = false
			case text && c == '\\':
				escaped = true
			case c == '"':
				text = !text
			case text:
			case c == '{':
				depth++
			case c == '}':
				if depth--; depth == 0 {
					if rest := line[i+1:]; len(o.buf) == 0 && len(bytes.TrimLeft(rest, " \t\r\n,]")) == 0 {
						return line[:i+1], nil // the common case: an object a line
					}
					o.buf = append(o.buf, line[:i+1]...)
					o.unread(line[i+1:])
					return o.buf, nil
				}
			}
		}
		o.buf = append(o.buf, line...)
		if depth == 0 && !text {
			if rest := bytes.Trim(o.buf, " \t\r\n,[]"); len(rest) > 0 && err == nil {
				return rest, nil // no object: the decoder says what is wrong
			}
			o.buf = o.buf[:0]
		}
		switch {
		case len(o.buf) > maxEvent:
			return nil, fault.New(fault.TooLarge, o.path, "an event is longer than %d bytes", maxEvent)
		case errors.Is(err, bufio.ErrBufferFull) || err == nil:
		case errors.Is(err, io.EOF) && len(bytes.Trim(o.buf, " \t\r\n,[]")) > 0:
			return o.buf, nil
		default:
			return nil, err
		}
	}
}

// unread puts the rest of a line, which lies in the reader's buffer, back.
func (o *objects) unread(rest []byte) {
	if rest = bytes.Clone(bytes.TrimLeft(rest, " \t\r\n,]")); len(rest) > 0 {
		o.in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(rest), o.in), 1<<18)
	}
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

package items

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream/rows"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

const (
	maxImport   = 2 << 30 // bytes of a file
	importBatch = 200     // items of a write
	importBytes = 2 << 20 // likewise in bytes
	shownBad    = 5       // rows that are named when they cannot be taken
)

// importItems serves POST …/import?name=FILE&exists=fail|replace|skip&types=1 with
// a file: JSON objects in lines or an array, or, by its name, CSV. exists says
// what becomes of a row whose item is there; types makes numbers, true, false and
// null of such texts in a CSV. A row without an id gets one.
//
// The file is kept until it is read, so that the page may be closed.
func (p page) importItems(w http.ResponseWriter, r *http.Request) error {
	c, err := p.container(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	in := importer{container: c, name: q.Get("name"), exists: q.Get("exists"), types: q.Get("types") != ""}
	switch in.exists {
	case "":
		in.exists = "fail"
	case "fail", "replace", "skip":
	default:
		return fault.New(fault.Invalid, "exists", "%q is none of fail, replace, skip", in.exists)
	}
	if r.Header.Get("Content-Type") != "application/octet-stream" { // a form of a foreign page cannot have it
		return fault.New(fault.Invalid, "Content-Type", "the file must be sent as application/octet-stream")
	}
	if err := p.Room(); err != nil { // before much is sent for nothing
		return err
	}
	f, err := p.create("import-*")
	if err != nil {
		return err
	}
	drop := func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
	size, err := io.Copy(f, http.MaxBytesReader(w, r.Body, maxImport))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		err = fault.New(fault.TooLarge, in.name, "more than %d bytes", large.Limit)
	}
	if err != nil {
		return errors.Join(err, drop())
	}
	err = p.start(w, r, c, "import", func(ctx context.Context, done Progress) error {
		done.Of(size)
		return errors.Join(in.run(ctx, f, done), drop())
	})
	if err != nil {
		return errors.Join(err, drop())
	}
	return nil
}

// importer puts the rows of a file into a container.
type importer struct {
	container *docstore.Container
	name      string
	exists    string
	types     bool

	ops     []docstore.Op
	numbers []int // of their rows
	size    int

	written, skipped, failed int
	bad                      []string // the first rows that could not be taken
}

// run reads the file. Rows that cannot be taken do not stop the others; the error
// says how many and shows the first.
func (in *importer) run(ctx context.Context, file io.Reader, done Progress) error {
	counted := &countedReader{r: file, add: done.Add}
	reader, err := rows.NewReader(counted, in.name)
	if err != nil {
		return err
	}
	n := 0
	for ; ; n++ {
		row, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = in.take(ctx, n+1, row, done)
		}
		if err != nil {
			return fmt.Errorf("%s; the rest of the file was not read: %w", in.summary(), err)
		}
	}
	if err := in.flush(ctx, done); err != nil {
		return err
	}
	if err := reader.Whole(n); err != nil {
		return fmt.Errorf("%s, but %w", in.summary(), err)
	}
	done.Say(in.summary())
	if in.failed > 0 {
		return fault.New(fault.Invalid, in.name, "%s. %s", in.summary(), strings.Join(in.bad, "; "))
	}
	return nil
}

func (in *importer) summary() string {
	s := fmt.Sprintf("%d written", in.written)
	if in.skipped > 0 {
		s += fmt.Sprintf(", %d there already", in.skipped)
	}
	if in.failed > 0 {
		s += fmt.Sprintf(", %d not taken", in.failed)
	}
	return s
}

func (in *importer) reject(n int, why error) {
	in.failed++
	if len(in.bad) < shownBad {
		in.bad = append(in.bad, fmt.Sprintf("row %d: %v", n, why))
	}
}

func (in *importer) take(ctx context.Context, n int, row []byte, done Progress) error {
	if err := checkJSON(row); err != nil {
		in.reject(n, err)
		return nil
	}
	doc := withoutSystem(row)
	if in.types && strings.EqualFold(suffix(in.name), "csv") {
		doc = typed(doc)
	}
	op := docstore.Op{Kind: docstore.Create, Body: withID(doc)}
	if in.exists == "replace" {
		op.Kind = docstore.Upsert
	}
	in.ops, in.numbers, in.size = append(in.ops, op), append(in.numbers, n), in.size+len(op.Body)
	if len(in.ops) >= importBatch || in.size >= importBytes {
		return in.flush(ctx, done)
	}
	return nil
}

func (in *importer) flush(ctx context.Context, done Progress) error {
	if len(in.ops) == 0 {
		return ctx.Err()
	}
	results, err := in.container.Write(ctx, in.ops, false)
	if err != nil {
		return err
	}
	for i, r := range results {
		switch {
		case r.Err == nil:
			in.written++
		case in.exists == "skip" && fault.Is(r.Err, fault.Conflict):
			in.skipped++
		default:
			in.reject(in.numbers[i], r.Err)
		}
	}
	in.ops, in.numbers, in.size = in.ops[:0], in.numbers[:0], 0
	done.Say(in.summary())
	return nil
}

// withID is a copy of a document, with an id if it has none.
func withID(doc []byte) []byte {
	found := false
	object := members(doc, func(name, _ []byte) bool {
		found = found || unquoted(name) == "id"
		return !found
	})
	if found || !object {
		return append([]byte(nil), doc...)
	}
	rest := skipBlanks(skipBlanks(doc)[1:])
	comma := ","
	if rest[0] == '}' {
		comma = ""
	}
	return append([]byte(`{"id":"`+uuid.New()+`"`+comma), rest...)
}

// typed makes numbers, true, false and null of the texts of a row that are
// written like them. The id stays a text, and so does a number that would change
// when it is read, such as 007.
func typed(row []byte) []byte {
	out := []byte{'{'}
	members(row, func(name, v []byte) bool {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(out, name...), ':')
		if text := unquoted(v); unquoted(name) != "id" && isScalar(text) {
			v = []byte(text)
		}
		out = append(out, v...)
		return true
	})
	return append(out, '}')
}

func isScalar(text string) bool {
	if text == "" || text[0] == '"' || text[0] == '{' || text[0] == '[' || len(text) > 40 || strings.TrimSpace(text) != text || !json.Valid([]byte(text)) {
		return false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return true // true, false, null
	}
	whole, err := strconv.ParseInt(text, 10, 64)
	return err != nil || int64(f) == whole && whole < 1<<53 && whole > -1<<53
}

func suffix(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// countedReader says how much was read.
type countedReader struct {
	r   io.Reader
	add func(int64)
}

// Read implements io.Reader.
func (c *countedReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.add(int64(n))
	return n, err
}

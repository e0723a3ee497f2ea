package items

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Export asks for the whole answer to a query as a file.
type Export struct {
	Query
	Format string `json:"format"` // ndjson or csv
	System bool   `json:"system"` // with the properties that the store adds: _rid, _self, _etag, _attachments, _ts
}

// maxColumns is how many columns a table may have.
const maxColumns = 2000

// exportItems serves POST …/export with an Export. Without a query it is of all
// items of one moment; a query is asked page by page.
func (p page) exportItems(w http.ResponseWriter, r *http.Request) error {
	var e Export
	c, err := p.container(r)
	if err == nil {
		err = portal.ReadJSON(w, r, maxQuery, &e)
	}
	if err != nil {
		return err
	}
	if e.Format != "ndjson" && e.Format != "csv" {
		return fault.New(fault.Invalid, "format", "%q is neither ndjson nor csv", e.Format)
	}
	if e.Text != "" {
		var syntax *cosmossql.SyntaxError
		if err := p.Query.Check(c, e.Query); errors.As(err, &syntax) {
			return placed(err)
		} else if err != nil {
			return err
		}
	}
	return p.start(w, r, c, "export", func(ctx context.Context, done Progress) error { return p.export(ctx, c, e, done) })
}

// export writes the rows to a file of the folder, which is gone if that fails.
func (p page) export(ctx context.Context, c *docstore.Container, e Export, done Progress) (err error) {
	f, err := p.create(fileName(c.ID(), "ndjson"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	name := f.Name()
	keep := false
	defer func() {
		if !keep {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	out := bufio.NewWriterSize(f, 1<<16)
	columns := columnSet{seen: map[string]bool{}}
	err = p.rows(ctx, c, e.Query, done, func(row []byte) error {
		if !e.System {
			row = withoutSystem(row)
		}
		if e.Format == "csv" {
			columns.add(row)
		}
		_, err := out.Write(append(oneLine(row), '\n'))
		return errors.Join(err, columns.err)
	})
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return err
	}
	if e.Format == "csv" {
		if name, err = p.table(ctx, c, f, columns.names); err != nil {
			return err
		}
	} else {
		keep = true
	}
	done.Result("/api/exports/" + filepath.Base(name))
	return nil
}

// rows gives the answer to a query, or all items, row by row; the row may be
// changed and is valid until use returns.
func (p page) rows(ctx context.Context, c *docstore.Container, q Query, done Progress, use func([]byte) error) error {
	if q.Text == "" {
		documents, _ := c.Usage()
		done.Of(documents)
		for item, err := range c.Snapshot(ctx) {
			if err == nil {
				err = use(slices.Clone(item.Body))
			}
			if err != nil {
				return err
			}
			done.Add(1)
		}
		return nil
	}
	q.Max = 1000
	for {
		got, err := p.Query.Ask(ctx, c, q, maxRowBytes)
		if err != nil {
			return err
		}
		for _, row := range got.Rows {
			if err := use(slices.Clone(row)); err != nil {
				return err
			}
		}
		done.Add(int64(len(got.Rows)))
		if q.Continuation = got.Continuation; q.Continuation == "" {
			return nil
		}
	}
}

// oneLine is a row without the line breaks between its values: an item is stored
// as it was sent. In a JSON text they stand nowhere else.
func oneLine(row []byte) []byte {
	if !bytes.ContainsAny(row, "\r\n") {
		return row
	}
	var out bytes.Buffer
	if json.Compact(&out, row) != nil {
		return row // the store holds JSON only
	}
	return out.Bytes()
}

// withoutSystem leaves out what the store adds to an item. Rows that are no whole
// items stay as they are: there a query asked for the property.
func withoutSystem(row []byte) []byte {
	out, found := []byte{'{'}, 0
	members(row, func(name, v []byte) bool {
		switch string(name) {
		case `"_rid"`, `"_self"`, `"_etag"`, `"_attachments"`, `"_ts"`:
			found++
			return true
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, name...), ':'), v...)
		return true
	})
	if found < 4 {
		return row
	}
	return append(out, '}')
}

// columnSet collects the properties of rows, in the order in which they are met.
type columnSet struct {
	names []string
	seen  map[string]bool
	err   error
}

// rowColumn heads the values of rows that are no objects.
const rowColumn = "value"

func (c *columnSet) add(row []byte) {
	note := func(name string) {
		if c.seen[name] {
			return
		}
		if len(c.names) >= maxColumns {
			c.err = fault.New(fault.TooLarge, "export", "the rows have more than %d different properties; choose NDJSON, or name the properties in the query", maxColumns)
			return
		}
		c.seen[name], c.names = true, append(c.names, name)
	}
	if !members(row, func(name, _ []byte) bool { note(unquoted(name)); return true }) {
		note(rowColumn)
	}
}

// table writes the lines of a file as CSV: a text as it is, anything else as
// JSON, and nothing where a row lacks the property.
func (p page) table(ctx context.Context, c *docstore.Container, lines *os.File, columns []string) (name string, err error) {
	f, err := p.create(fileName(c.ID(), "csv"))
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err := lines.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	place := map[string]int{}
	for i, name := range columns {
		place[name] = i
	}
	out := csv.NewWriter(f)
	if err := out.Write(columns); err != nil {
		return "", err
	}
	in := bufio.NewReaderSize(lines, 1<<16)
	for n := 0; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && n%1000 == 0 {
			err = ctx.Err()
		}
		if err == nil {
			err = out.Write(fields(line[:len(line)-1], place))
		}
		if err != nil {
			return "", err
		}
	}
	out.Flush()
	return f.Name(), out.Error()
}

func fields(row []byte, place map[string]int) []string {
	out := make([]string, len(place))
	put := func(name string, v []byte) {
		if v[0] == '"' {
			out[place[name]] = unquoted(v)
			return
		}
		out[place[name]] = string(v)
	}
	if !members(row, func(name, v []byte) bool { put(unquoted(name), v); return true }) {
		put(rowColumn, row)
	}
	return out
}

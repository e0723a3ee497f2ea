package tables

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

const (
	maxImport = 256 << 20 // bytes of a file
	maxLine   = 8 << 20
	shownBad  = 5 // lines that are named when they cannot be taken
)

// Imported is the answer to POST …/import.
type Imported struct {
	Written int      `json:"written"`
	Failed  int      `json:"failed"`
	Bad     []string `json:"bad"` // the first that could not be taken
}

// importEntities serves POST …/import?exists=fail|replace with lines of JSON (see
// line.go). Lines that cannot be taken do not stop the others.
func (p page) importEntities(w http.ResponseWriter, r *http.Request) error {
	t, err := p.table(r)
	if err != nil {
		return err
	}
	in := importer{table: t, kind: tablestore.Insert, rows: map[string]bool{}, done: Imported{Bad: []string{}}}
	switch exists := r.URL.Query().Get("exists"); exists {
	case "", "fail":
	case "replace":
		in.kind = tablestore.Upsert
	default:
		return fault.New(fault.Invalid, "exists", "%q is neither fail nor replace", clip(exists))
	}
	if r.Header.Get("Content-Type") != "application/octet-stream" { // a form of a foreign page cannot have it
		return fault.New(fault.Invalid, "Content-Type", "the file must be sent as application/octet-stream")
	}
	if err := in.run(r.Context(), bufio.NewScanner(http.MaxBytesReader(w, r.Body, maxImport))); err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, in.done)
	return nil
}

// importer writes entities that follow each other in one partition together.
type importer struct {
	table *tablestore.Table
	kind  tablestore.OpKind
	done  Imported

	ops     []*tablestore.Op
	numbers []int // of their lines
	size    int
	rows    map[string]bool // of the ops
}

const importBytes = 2 << 20 // of a transaction

func (in *importer) run(ctx context.Context, lines *bufio.Scanner) error {
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
		if len(line) == 0 {
			continue
		}
		e, err := parseLine(line)
		if err != nil {
			in.reject(n, err)
			continue
		}
		if err := in.take(ctx, n, e, len(line)); err != nil {
			return in.stopped(n, err)
		}
	}
	if err := in.flush(ctx); err != nil {
		return in.stopped(n, err)
	}
	var large *http.MaxBytesError
	switch err := lines.Err(); {
	case errors.As(err, &large):
		return in.stopped(n, fault.New(fault.TooLarge, "file", "more than %d bytes", large.Limit))
	case errors.Is(err, bufio.ErrTooLong):
		return in.stopped(n, fault.New(fault.TooLarge, fmt.Sprintf("line %d", n+1), "more than %d bytes", maxLine))
	case err != nil:
		return in.stopped(n, fault.Wrap(fault.Invalid, "file", err, "it did not arrive"))
	}
	return nil
}

// stopped says how far the import came.
func (in *importer) stopped(n int, err error) error {
	return fault.Wrap(fault.KindOf(err), "", err, "%d entities were written of %d lines; the rest was not read", in.done.Written, n)
}

func (in *importer) reject(n int, why error) {
	in.done.Failed++
	if len(in.done.Bad) < shownBad {
		in.done.Bad = append(in.done.Bad, fmt.Sprintf("line %d: %v", n, why))
	}
}

func (in *importer) take(ctx context.Context, n int, e tablestore.Entity, size int) error {
	if len(in.ops) > 0 && (len(in.ops) == tablestore.MaxBatch || in.size > importBytes || in.rows[e.RowKey] || e.PartitionKey != in.ops[0].Entity.PartitionKey) {
		if err := in.flush(ctx); err != nil {
			return err
		}
	}
	in.ops, in.numbers, in.size = append(in.ops, &tablestore.Op{Kind: in.kind, Entity: e}), append(in.numbers, n), in.size+size
	in.rows[e.RowKey] = true
	return nil
}

// flush writes what is gathered: together, or one by one where that is refused, so
// that one bad entity keeps none of the others out.
func (in *importer) flush(ctx context.Context) error {
	if len(in.ops) == 0 {
		return nil
	}
	_, err := in.table.Batch(ctx, in.ops)
	var refused *tablestore.BatchError
	switch {
	case err == nil:
		in.done.Written += len(in.ops)
	case !errors.As(err, &refused):
		return err
	default:
		if err := in.single(ctx); err != nil {
			return err
		}
	}
	in.ops, in.numbers, in.size = in.ops[:0], in.numbers[:0], 0
	clear(in.rows)
	return nil
}

func (in *importer) single(ctx context.Context) error {
	for i, op := range in.ops {
		_, err := in.table.Write(ctx, op)
		switch {
		case err == nil:
			in.done.Written++
		case fault.CodeOf(err) != "" && fault.CodeOf(err) != tablestore.TableNotFound:
			in.reject(in.numbers[i], err)
		default:
			return err
		}
	}
	return nil
}

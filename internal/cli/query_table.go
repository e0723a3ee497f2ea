package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// rowPrinter prints a result page by page.
type rowPrinter interface{ page(rows [][]byte) error }

// jsonRows prints each row as one line.
type jsonRows struct{ w io.Writer }

func (p *jsonRows) page(rows [][]byte) error {
	var out bytes.Buffer
	for _, row := range rows {
		if err := json.Compact(&out, row); err != nil {
			return err
		}
		out.WriteByte('\n')
	}
	_, err := p.w.Write(out.Bytes())
	return err
}

// tableRows prints objects as a table: a column for each field, nested objects
// spread over several ("data.temperature"), arrays as JSON. The columns are
// those of the first page; later pages line up with them.
type tableRows struct {
	w      io.Writer
	system bool
	colour bool
	width  int // of the terminal, where longer lines are cut; 0 is no limit

	columns []string
	widths  []int
}

// outWidth is the width of the terminal that results go to, or 0.
func (t stdio) outWidth() int {
	f, ok := t.data.(*os.File)
	if !ok || !t.outIsTerminal() {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// systemFields are those the service adds to every document.
var systemFields = []string{"_rid", "_self", "_etag", "_attachments", "_ts"}

// valueColumn holds rows that are not objects.
const valueColumn = "value"

// maxCell is the widest cell, in characters; longer values end in an ellipsis.
const maxCell = 60

func (t *tableRows) page(rows [][]byte) error {
	cells := make([]map[string]string, len(rows))
	var seen []string
	for i, row := range rows {
		cells[i] = map[string]string{}
		if err := t.spread("", row, cells[i], &seen); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	first := t.columns == nil
	if first {
		t.columns = seen
		t.widths = make([]int, len(seen))
	}
	for i, c := range t.columns {
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(c))
		for _, row := range cells {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(row[c]))
		}
	}
	var out strings.Builder
	if first {
		header := map[string]string{}
		for _, c := range t.columns {
			header[c] = c
		}
		line := t.line(header)
		out.WriteString(screen{colour: t.colour}.bold(strings.TrimSuffix(line, "\n")) + "\n")
	}
	for _, row := range cells {
		out.WriteString(t.line(row))
	}
	_, err := io.WriteString(t.w, out.String())
	return err
}

func (t *tableRows) line(row map[string]string) string {
	var out strings.Builder
	for i, c := range t.columns {
		if i > 0 {
			out.WriteString("  ")
		}
		out.WriteString(row[c])
		out.WriteString(strings.Repeat(" ", t.widths[i]-utf8.RuneCountInString(row[c])))
	}
	return shorten(strings.TrimRight(out.String(), " "), t.width) + "\n"
}

// shorten cuts a text to a number of characters, 0 for any, and marks the cut.
func shorten(text string, width int) string {
	if width <= 0 || utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}

// spread puts a value's cells into row, and the names of new columns, in order
// of appearance, into seen.
func (t *tableRows) spread(prefix string, raw []byte, row map[string]string, seen *[]string) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' {
		name := strings.TrimSuffix(prefix, ".")
		if name == "" {
			name = valueColumn
		}
		if !slices.Contains(*seen, name) {
			*seen = append(*seen, name)
		}
		row[name] = cell(raw)
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		field := fmt.Sprint(name)
		if prefix == "" && !t.system && slices.Contains(systemFields, field) {
			continue
		}
		if err := t.spread(prefix+field+".", value, row, seen); err != nil {
			return err
		}
	}
	return nil
}

// cell is a value on one line: texts without quotes, everything else as JSON.
func cell(raw []byte) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	return shorten(terminal.Clean(text), maxCell)
}

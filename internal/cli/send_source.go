package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"

	"github.com/lazuli-dev/lazuli/internal/telemetrygen"
)

// eventSource is where `lazuli send` takes events from.
type eventSource interface {
	// Next returns an event and its partition key, "" for none; ok is false at
	// the end.
	Next() (event *azeventhubs.EventData, key string, ok bool, err error)
	Close() error
}

const (
	formatNDJSON = "ndjson"
	formatCSV    = "csv"
	formatText   = "text"
	// maxLine bounds one event of a file: what a hub takes at most, and its
	// line ending.
	maxLine = 1<<20 + 2
)

func (o *sendOptions) source(stdin io.Reader) (eventSource, error) {
	if o.file == "" {
		return &generated{
			gen: telemetrygen.New(telemetrygen.Options{Devices: o.devices, Seed: o.seed}), options: o,
		}, nil
	}
	file := io.NopCloser(stdin)
	if o.file != "-" {
		f, err := os.Open(o.file)
		if err != nil {
			return nil, err
		}
		file = f
	}
	content, err := pastMark(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", o.file, err), file.Close())
	}
	format := cmp.Or(o.format, formatOf(o.file))
	if format == formatCSV {
		r := csv.NewReader(content)
		r.ReuseRecord = true
		return &csvFile{Closer: file, csv: r, options: o}, nil
	}
	lines := bufio.NewScanner(content)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	return &lineFile{Closer: file, lines: lines, options: o, text: format == formatText}, nil
}

// formatOf tells a file's format by its name.
func formatOf(file string) string {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".csv":
		return formatCSV
	case ".txt", ".log":
		return formatText
	}
	return formatNDJSON
}

// pastMark skips the mark that some programs, spreadsheets above all, put
// before UTF-8.
func pastMark(r io.Reader) (io.Reader, error) {
	content := bufio.NewReader(r)
	const mark = "\xef\xbb\xbf"
	head, err := content.Peek(len(mark))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(head) == mark {
		_, err = content.Discard(len(mark))
		return content, err
	}
	return content, nil
}

// generated is endless telemetry.
type generated struct {
	gen     *telemetrygen.Generator
	options *sendOptions
}

func (g *generated) Close() error { return nil }

func (g *generated) Next() (*azeventhubs.EventData, string, bool, error) {
	e := g.gen.Next(time.Now())
	data := jsonEvent(e.JSON())
	data.Properties = map[string]any{"eventType": e.EventType, "deviceId": e.DeviceID}
	key, err := g.options.keyOf(data.Body)
	return data, key, err == nil, err
}

func jsonEvent(body []byte) *azeventhubs.EventData {
	kind := "application/json"
	return &azeventhubs.EventData{Body: body, ContentType: &kind}
}

// keyOf returns an event's partition key.
func (o *sendOptions) keyOf(body []byte) (string, error) {
	if o.keyField == "" {
		return o.key, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return "", fmt.Errorf("--key-field %s: the event is not a JSON object: %w", o.keyField, err)
	}
	raw, ok := fields[o.keyField]
	if !ok {
		return "", fmt.Errorf("--key-field %s: the event has no such field", o.keyField)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		s = string(raw)
	}
	return s, nil
}

// lineFile sends each line as it is: a JSON value, or any text.
type lineFile struct {
	io.Closer
	lines   *bufio.Scanner
	options *sendOptions
	text    bool
	line    int
}

func (f *lineFile) Next() (*azeventhubs.EventData, string, bool, error) {
	for f.lines.Scan() {
		f.line++
		body := bytes.Clone(bytes.TrimSpace(f.lines.Bytes()))
		if len(body) == 0 {
			continue
		}
		event, err := f.event(body)
		if err != nil {
			return nil, "", false, f.options.at(f.line, err)
		}
		key, err := f.options.keyOf(body)
		if err != nil {
			return nil, "", false, f.options.at(f.line, err)
		}
		return event, key, true, nil
	}
	if err := f.lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("the line is longer than the %d bytes of an event", maxLine-2)
		}
		return nil, "", false, f.options.at(f.line+1, err)
	}
	return nil, "", false, nil
}

func (f *lineFile) event(body []byte) (*azeventhubs.EventData, error) {
	if f.text {
		kind := "text/plain"
		return &azeventhubs.EventData{Body: body, ContentType: &kind}, nil
	}
	var value json.RawMessage
	if err := json.Unmarshal(body, &value); err != nil {
		return nil, fmt.Errorf("not a JSON value: %w (send lines of text with --format text)", err)
	}
	return jsonEvent(body), nil
}

func (o *sendOptions) at(line int, err error) error {
	return fmt.Errorf("%s:%d: %w", o.file, line, err)
}

// csvFile makes an object of each record: the header names the fields, a dot
// nests them ("data.temperature"), and values that are JSON numbers or
// booleans are sent as such.
type csvFile struct {
	io.Closer
	csv     *csv.Reader
	options *sendOptions
	header  []string
}

func (f *csvFile) Next() (*azeventhubs.EventData, string, bool, error) {
	if f.header == nil {
		header, err := f.csv.Read()
		if errors.Is(err, io.EOF) {
			return nil, "", false, f.options.at(1, errors.New("a CSV file begins with a header"))
		}
		if err != nil {
			return nil, "", false, fmt.Errorf("%s: %w", f.options.file, err)
		}
		f.header = append([]string{}, header...)
	}
	record, err := f.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, "", false, nil
	}
	if err != nil {
		return nil, "", false, fmt.Errorf("%s: %w", f.options.file, err)
	}
	line, _ := f.csv.FieldPos(0)
	object := map[string]any{}
	for i, name := range f.header {
		if err := setPath(object, strings.Split(name, "."), csvValue(record[i])); err != nil {
			return nil, "", false, f.options.at(line, fmt.Errorf("column %s: %w", name, err))
		}
	}
	body, err := json.Marshal(object)
	if err != nil {
		return nil, "", false, f.options.at(line, err)
	}
	key, err := f.options.keyOf(body)
	if err != nil {
		return nil, "", false, f.options.at(line, err)
	}
	return jsonEvent(body), key, true, nil
}

func csvValue(text string) any {
	switch {
	case text == "true":
		return true
	case text == "false":
		return false
	case text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text)):
		return json.Number(text)
	}
	return text
}

func setPath(object map[string]any, path []string, value any) error {
	for _, name := range path[:len(path)-1] {
		inner, ok := object[name].(map[string]any)
		if !ok && object[name] != nil {
			return fmt.Errorf("%s is a value already", name)
		}
		if !ok {
			inner = map[string]any{}
			object[name] = inner
		}
		object = inner
	}
	object[path[len(path)-1]] = value
	return nil
}

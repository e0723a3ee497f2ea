// Package blobpath is the path patterns by which stream jobs find and name blobs:
//
//	CONTAINER/literal/{date}/{time}/…
//
// Of tables of reference data a pattern is the whole name; of inputs it is the
// folder that blobs lie in, at any depth; of outputs the folder that they are put
// in. Times are UTC.
// https://learn.microsoft.com/azure/stream-analytics/stream-analytics-custom-path-patterns-blob-storage-output
package blobpath

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Use is what a pattern is for, which decides what may stand in it.
type Use int

// The uses.
const (
	Reference Use = iota // {date}, {time}
	Input                // {date}, {time}, {partition}
	Output               // {date}, {time}, {datetime:SPECIFIER}, one {column}
)

// Formats are what {date} and {time} stand for; "" is DefaultDate, DefaultTime.
type Formats struct{ Date, Time string }

// The formats where none is named, which are the service's.
const (
	DefaultDate = "YYYY/MM/DD"
	DefaultTime = "HH"
)

// Pattern is a path pattern.
type Pattern struct {
	Container string
	Column    string // of {column}; "" without
	use       Use
	parts     []part
}

// part is a piece of the path: text as it stands, or something in its place.
type part struct {
	kind  kind
	text  string // of literal
	width int    // digits, with zeros before; 0: as many as there are
}

type kind uint8

const (
	literal kind = iota
	year
	month
	day
	hour
	minute
	second
	partition
	column
)

// Parse reads a pattern. Errors name the place in the text, counted from 1.
func Parse(use Use, text string, f Formats) (*Pattern, error) {
	container, path, _ := strings.Cut(text, "/")
	p := &Pattern{Container: container, use: use}
	switch {
	case container == "":
		return nil, fmt.Errorf("%q does not begin with a container; write CONTAINER/PATH", text)
	case strings.ContainsAny(container, "{}"):
		return nil, fmt.Errorf("the container's name %q has a brace: a container whose name is made of a column is not supported here, only the path behind it can be", container)
	}
	at := len(text) - len(path)
	for trimmed := strings.TrimPrefix(path, "/"); path != trimmed; { // the service takes paths with a slash before them
		path, at = trimmed, at+1
	}
	if err := p.read(path, at, f); err != nil {
		return nil, err
	}
	if use == Reference && len(p.parts) == 0 {
		return nil, fmt.Errorf("%q names a container alone; write the blob too, as in CONTAINER/PATH/plants.csv", text)
	}
	if use == Reference && p.has(hour) && !p.has(year) {
		return nil, fmt.Errorf("%q has {time} without {date}: that is no moment", text)
	}
	return p, nil
}

// read adds the parts of a path that begins at a place of the whole text.
func (p *Pattern) read(path string, at int, f Formats) error {
	for path != "" {
		i := strings.IndexAny(path, "{}")
		if i < 0 {
			p.add(part{text: path})
			return nil
		}
		if i > 0 {
			p.add(part{text: path[:i]})
		}
		path, at = path[i:], at+i
		end := strings.IndexByte(path, '}')
		if path[0] == '}' || end < 0 {
			return fmt.Errorf("character %d: a brace without its other half", at+1)
		}
		if err := p.token(path[1:end], f); err != nil {
			return fmt.Errorf("character %d: %w", at+1, err)
		}
		path, at = path[end+1:], at+end+1
	}
	return nil
}

func (p *Pattern) add(parts ...part) { p.parts = append(p.parts, parts...) }

// token adds what stands between braces.
func (p *Pattern) token(name string, f Formats) error {
	lower := strings.ToLower(name)
	specifier, isTime := strings.CutPrefix(lower, "datetime:")
	switch {
	case lower == "date":
		return p.format(f.Date, DefaultDate, dateFormat)
	case lower == "time":
		return p.format(f.Time, DefaultTime, timeFormat)
	case lower == "partition" && p.use == Input:
		p.add(part{kind: partition})
		return nil
	case isTime && p.use == Output:
		x, ok := specifiers[name[len(name)-len(specifier):]]
		if !ok {
			return fmt.Errorf("{%s} is not one of {datetime:yyyy}, MM, M, dd, d, HH, H, mm, m, ss and s", name)
		}
		p.add(x)
		return nil
	case p.use != Output:
		return fmt.Errorf("{%s} is not known here; there are %s", name, map[Use]string{Reference: "{date} and {time}", Input: "{date}, {time} and {partition}"}[p.use])
	case name == "" || strings.Trim(lower, "abcdefghijklmnopqrstuvwxyz0123456789 -_") != "":
		return fmt.Errorf("{%s} is no column: letters, digits, spaces, hyphens and underscores are allowed; give a nested field a name of its own in the query, with AS", name)
	case p.Column != "" && !strings.EqualFold(p.Column, name):
		return fmt.Errorf("{%s} is a second column besides {%s}; there can be one", name, p.Column)
	}
	p.Column = name
	p.add(part{kind: column})
	return nil
}

// specifiers are those of {datetime:…}.
var specifiers = map[string]part{
	"yyyy": {kind: year, width: 4}, "MM": {kind: month, width: 2}, "M": {kind: month}, "dd": {kind: day, width: 2}, "d": {kind: day},
	"HH": {kind: hour, width: 2}, "H": {kind: hour}, "mm": {kind: minute, width: 2}, "m": {kind: minute}, "ss": {kind: second, width: 2}, "s": {kind: second},
}

func (p *Pattern) format(text, otherwise string, read func(string) ([]part, error)) error {
	if text == "" {
		text = otherwise
	}
	parts, err := read(text)
	p.add(parts...)
	return err
}

func (p *Pattern) has(k kind) bool {
	for _, x := range p.parts {
		if x.kind == k {
			return true
		}
	}
	return false
}

// CheckDate and CheckTime say what is wrong with a format.
func CheckDate(format string) error { _, err := dateFormat(format); return err }

// CheckTime is CheckDate for {time}.
func CheckTime(format string) error { _, err := timeFormat(format); return err }

// dateFormat reads year, month and day in any order, with one separator or none.
func dateFormat(format string) ([]part, error) {
	bad := fmt.Errorf("the date format %q is not YYYY, MM and DD in any order, with / or - between them or nothing, as in YYYY/MM/DD", format)
	rest, separators := strings.ToUpper(format), map[string]bool{}
	var parts []part
	seen := map[kind]bool{}
	for rest != "" {
		found := false
		for word, x := range map[string]part{"YYYY": {kind: year, width: 4}, "MM": {kind: month, width: 2}, "DD": {kind: day, width: 2}} {
			if after, ok := strings.CutPrefix(rest, word); ok && !seen[x.kind] {
				parts, rest, found, seen[x.kind] = append(parts, x), after, true, true
				break // one word at a time: what follows it is a separator's place
			}
		}
		if !found {
			return nil, bad
		}
		if len(seen) < 3 {
			separator := ""
			if strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, "-") {
				separator, rest = rest[:1], rest[1:]
				parts = append(parts, part{text: separator})
			}
			separators[separator] = true
		}
	}
	if len(seen) != 3 || len(separators) != 1 {
		return nil, bad
	}
	return parts, nil
}

// timeFormat reads an hour, or an hour and a minute.
func timeFormat(format string) ([]part, error) {
	h, m := part{kind: hour, width: 2}, part{kind: minute, width: 2}
	switch strings.ToUpper(format) {
	case "HH":
		return []part{h}, nil
	case "HH/MM", "HH-MM", "HH:MM":
		return []part{h, {text: format[2:3]}, m}, nil
	}
	return nil, fmt.Errorf("the time format %q is not one of HH, HH/mm, HH-mm and HH:mm", format)
}

// Timed reports whether a time stands in the pattern.
func (p *Pattern) Timed() bool {
	return p.has(year) || p.has(month) || p.has(day) || p.has(hour) || p.has(minute) || p.has(second)
}

// Partitioned reports whether {partition} stands in it.
func (p *Pattern) Partitioned() bool { return p.has(partition) }

// Prefix is what all names begin with.
func (p *Pattern) Prefix() string {
	prefix := ""
	for _, x := range p.parts {
		if x.kind != literal {
			break
		}
		prefix += x.text
	}
	return prefix
}

// Append appends the path of a time and of the value of its column, or of its
// partition.
func (p *Pattern) Append(dst []byte, at time.Time, value string) []byte {
	y, m, d := at.Date()
	hh, mm, ss := at.Clock()
	number := [...]int{year: y, month: int(m), day: d, hour: hh, minute: mm, second: ss}
	for _, x := range p.parts {
		switch x.kind {
		case literal:
			dst = append(dst, x.text...)
		case column, partition:
			dst = append(dst, value...)
		default:
			dst = appendNumber(dst, number[x.kind], x.width)
		}
	}
	return dst
}

func appendNumber(dst []byte, n, width int) []byte {
	for low := 10; width > 1; width-- {
		digits := 1
		for l := low; l <= n; l *= 10 {
			digits++
		}
		if digits >= width {
			break
		}
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(n), 10)
}

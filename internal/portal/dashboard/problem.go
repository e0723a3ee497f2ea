package dashboard

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Problem is a mistake in a dashboard's file, for people.
type Problem struct {
	File    string `json:"file"`           // as in dashboards/devices.json
	Line    int    `json:"line,omitempty"` // from 1; 0 where it is about the whole file
	Col     int    `json:"col,omitempty"`  // in characters, from 1
	Path    string `json:"path,omitempty"` // as in tiles[3].value
	Message string `json:"message"`
	Source  string `json:"source,omitempty"` // the line, or what of a long one is near
	Caret   int    `json:"caret,omitempty"`  // the column in Source, from 1
	Tile    int    `json:"tile"`             // the tile it is about; -1 for the whole dashboard
}

// String is the problem on one line, for a log.
func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	}
	if p.Path != "" {
		where += ": " + p.Path
	}
	return where + ": " + p.Message
}

// Error makes a problem an error.
func (p Problem) Error() string { return p.String() }

const sourceWidth = 120 // characters of a line that are shown

// locate makes a problem of a mistake in a text.
func locate(file string, text []byte, at int, p path, message string) Problem {
	at = min(at, len(text))
	begin := bytes.LastIndexByte(text[:at], '\n') + 1
	line := text[begin:]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	chars := []rune(strings.ToValidUTF8(strings.TrimRight(string(line), "\r"), "\ufffd"))
	col := utf8.RuneCount(text[begin:at]) + 1
	first := 0
	if len(chars) > sourceWidth {
		first = min(max(0, col-sourceWidth/3), len(chars)-sourceWidth)
		chars = chars[first : first+sourceWidth]
	}
	tile := -1
	if len(p) > 1 && p[0] == "tiles" {
		if i, ok := p[1].(int); ok {
			tile = i
		}
	}
	return Problem{
		File: file, Line: bytes.Count(text[:at], []byte{'\n'}) + 1, Col: col, Path: p.String(), Message: message,
		Source: strings.ReplaceAll(string(chars), "\t", " "), Caret: min(col-first, len(chars)+1), Tile: tile,
	}
}

package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Duration is a time.Duration written as Go writes it, with days allowed:
// 30s, 24h, 7d.
type Duration time.Duration

// UnmarshalYAML parses the duration.
func (d *Duration) UnmarshalYAML(n ast.Node) error {
	v, err := parseDuration(scalar(n))
	if err != nil {
		return at(n, "%v", err)
	}
	*d = v
	return nil
}

func parseDuration(s string) (Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || !(n >= 0 && n <= 36500) {
			return 0, fmt.Errorf("%q is not a number of days from 0 to 36500", s)
		}
		return Duration(n * float64(24*time.Hour)), nil
	}
	v, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a duration; write for instance 30s, 24h or 7d", s)
	case v < 0:
		return 0, fmt.Errorf("%q is negative", s)
	}
	return Duration(v), nil
}

// Whole numbers of the project file are of these types alone, so that each is
// checked where it is read and fits whatever it is turned into.
type (
	// Port is a TCP port; 0 picks a free one.
	Port uint16
	// Partitions is a hub's number of partitions, from 1 to 1024.
	Partitions int
	// MiB is a size in units of 2^20 bytes, at most 16 TiB.
	MiB int64
	// Seconds is a time to live: at least 1, or -1 for none by default.
	Seconds int32
	// Count bounds how many of something there may be.
	Count int
)

// Bytes returns the size in bytes.
func (m MiB) Bytes() int64 { return int64(m) << 20 }

// UnmarshalYAML reads the port.
func (p *Port) UnmarshalYAML(n ast.Node) error { return whole(p, n, 0, math.MaxUint16) }

// UnmarshalYAML reads the number of partitions.
func (p *Partitions) UnmarshalYAML(n ast.Node) error { return whole(p, n, 1, 1024) }

// UnmarshalYAML reads the size.
func (m *MiB) UnmarshalYAML(n ast.Node) error { return whole(m, n, 0, 1<<24) }

// UnmarshalYAML reads the count.
func (c *Count) UnmarshalYAML(n ast.Node) error { return whole(c, n, 0, math.MaxInt32) }

// UnmarshalYAML reads the seconds.
func (s *Seconds) UnmarshalYAML(n ast.Node) error {
	if scalar(n) == "0" {
		return at(n, "is 0; write a number of seconds, or -1")
	}
	return whole(s, n, -1, math.MaxInt32)
}

// whole reads a node as a number from low to high.
func whole[T ~int | ~int32 | ~int64 | ~uint16](to *T, n ast.Node, low, high int64) error {
	text := scalar(n)
	v, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return at(n, "%q is not a whole number", text)
	case err != nil || v < low || v > high:
		return at(n, "is %s; must be from %d to %d", text, low, high)
	}
	*to = T(v)
	return nil
}

// scalar is a node's text as it stands in the file.
func scalar(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.GetToken().Value
}

// at is a fault of a node: its path in words, its line with a caret.
func at(n ast.Node, format string, args ...any) error {
	path := strings.TrimPrefix(n.GetPath(), "$.")
	return &yaml.SyntaxError{Message: path + ": " + fmt.Sprintf(format, args...), Token: n.GetToken()}
}

// StringList is a list of strings that may be written as one string.
type StringList []string

// UnmarshalYAML accepts a string or a list of strings.
func (l *StringList) UnmarshalYAML(decode func(any) error) error {
	var one string
	if err := decode(&one); err == nil {
		*l = StringList{one}
		return nil
	}
	var many []string
	if err := decode(&many); err != nil {
		return err
	}
	*l = many
	return nil
}

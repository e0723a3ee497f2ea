package hostjson

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// reader takes typed values out of the decoded tree. It goes bad at the first
// error, which names the path, and is checked once at the end. Paths are
// given in full; the last step is the key that is looked up.
type reader struct {
	file string
	err  error
}

func (r *reader) fail(path, format string, args ...any) {
	if r.err == nil {
		r.err = fault.New(fault.Invalid, r.file, "%s: %s", path, fmt.Sprintf(format, args...))
	}
}

// find returns the value under the last step of path.
func find(o map[string]any, path string) (any, bool) {
	name := path[strings.LastIndexByte(path, '.')+1:]
	if v, ok := o[name]; ok {
		return v, v != nil
	}
	for _, k := range sortedKeys(o) {
		if strings.EqualFold(k, name) {
			return o[k], o[k] != nil
		}
	}
	return nil, false
}

func sortedKeys(o map[string]any) []string {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func (r *reader) object(o map[string]any, path string) map[string]any {
	v, ok := find(o, path)
	if !ok {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		r.fail(path, "must be an object, is %s", show(v))
	}
	return m
}

func (r *reader) text(o map[string]any, path, fallback string) string {
	v, ok := find(o, path)
	if !ok {
		return fallback
	}
	switch v := v.(type) {
	case string:
		return v
	case bool, float64:
		return show(v)
	}
	r.fail(path, "must be a string, is %s", show(v))
	return fallback
}

func (r *reader) texts(o map[string]any, path string) []string {
	v, ok := find(o, path)
	if !ok {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		r.fail(path, "must be an array of strings, is %s", show(v))
		return nil
	}
	out := make([]string, 0, len(list))
	for i, e := range list {
		s, ok := e.(string)
		if !ok {
			r.fail(fmt.Sprintf("%s[%d]", path, i), "must be a string, is %s", show(e))
		}
		out = append(out, s)
	}
	return out
}

// integer accepts a number or, as overrides are text, a string of digits.
func (r *reader) integer(o map[string]any, path string, fallback, low, high int) int {
	v, ok := find(o, path)
	if !ok {
		return fallback
	}
	n, err := strconv.Atoi(show(v))
	if s, isText := v.(string); isText {
		n, err = strconv.Atoi(strings.TrimSpace(s))
	}
	if err != nil {
		r.fail(path, "must be a whole number, is %s", show(v))
		return fallback
	}
	if n < low || n > high {
		r.fail(path, "must be between %d and %d, is %d", low, high, n)
	}
	return n
}

// fraction accepts what integer does, with a decimal point.
func (r *reader) fraction(o map[string]any, path string, fallback float64) float64 {
	v, ok := find(o, path)
	if !ok {
		return fallback
	}
	text := show(v)
	if s, isText := v.(string); isText {
		text = strings.TrimSpace(s)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f > 0 && f <= 1) {
		r.fail(path, "must be a number above 0 and up to 1, is %s", show(v))
		return fallback
	}
	return f
}

func (r *reader) boolean(o map[string]any, path string, fallback bool) bool {
	v, ok := find(o, path)
	if !ok {
		return fallback
	}
	switch v := v.(type) {
	case bool:
		return v
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true":
			return true
		case "false":
			return false
		}
	}
	r.fail(path, "must be true or false, is %s", show(v))
	return fallback
}

func (r *reader) choice(o map[string]any, path, fallback string, allowed ...string) string {
	v := r.text(o, path, fallback)
	for _, a := range allowed {
		if strings.EqualFold(a, v) {
			return a
		}
	}
	r.fail(path, "must be one of %s, is %q", strings.Join(allowed, ", "), v)
	return fallback
}

func (r *reader) instant(o map[string]any, path string) time.Time {
	v := r.text(o, path, "")
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		r.fail(path, "must be a time such as 2026-01-31T00:00:00Z, is %q", v)
	}
	return t.UTC()
}

func (r *reader) duration(o map[string]any, path string, fallback time.Duration) time.Duration {
	v, ok := find(o, path)
	if !ok {
		return fallback
	}
	s, ok := v.(string)
	if !ok {
		r.fail(path, "must be a string hh:mm:ss, is %s", show(v))
		return fallback
	}
	d, err := ParseDuration(s)
	if err != nil {
		r.fail(path, "%v", err)
		return fallback
	}
	return d
}

// ParseDuration reads a time span as Azure's configuration writes it:
// [d.]hh:mm[:ss[.fffffff]], or a whole number of days. Negative spans are
// refused.
func ParseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a time span: write [d.]hh:mm:ss", text)
	s := strings.TrimSpace(text)
	colons := strings.Split(s, ":")
	if len(colons) == 1 {
		days, err := strconv.ParseUint(s, 10, 16)
		if err != nil {
			return 0, bad
		}
		return time.Duration(days) * 24 * time.Hour, nil
	}
	if len(colons) > 3 {
		return 0, bad
	}
	var days uint64
	if d, h, ok := strings.Cut(colons[0], "."); ok {
		n, err := strconv.ParseUint(d, 10, 16)
		if err != nil {
			return 0, bad
		}
		days, colons[0] = n, h
	}
	total := time.Duration(days) * 24 * time.Hour
	units := []time.Duration{time.Hour, time.Minute, time.Second}
	limits := []uint64{23, 59, 59}
	for i, part := range colons {
		whole, fraction, dotted := strings.Cut(part, ".")
		n, err := strconv.ParseUint(whole, 10, 16)
		if err != nil || n > limits[i] || dotted && i != 2 {
			return 0, bad
		}
		total += time.Duration(n) * units[i]
		if dotted {
			ns, err := strconv.ParseUint((fraction + "000000000")[:9], 10, 32)
			if err != nil || fraction == "" || len(fraction) > 9 {
				return 0, bad
			}
			total += time.Duration(ns)
		}
	}
	return total, nil
}

// override puts a value at a ":"-separated path, making objects on the way.
// A step through something that is no object replaces it, as a configuration
// layer would.
func override(root map[string]any, path, value string) {
	steps := strings.Split(path, ":")
	o := root
	for _, step := range steps[:len(steps)-1] {
		name := existing(o, step)
		next, ok := o[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			o[name] = next
		}
		o = next
	}
	o[existing(o, steps[len(steps)-1])] = value
}

// existing returns the spelling of name that the object already uses.
func existing(o map[string]any, name string) string {
	for _, k := range sortedKeys(o) {
		if strings.EqualFold(k, name) {
			return k
		}
	}
	return name
}

// show renders a value for a message, and a number as its digits.
func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > 60 {
		return string(b[:57]) + "..."
	}
	return string(b)
}

package functions

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/filter"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// runFields are the fields of a filter of runs, each with how a term on it is
// made ready.
var runFields = map[string]func(filter.Term) (func(*telemetry.Run) bool, error){
	"result":   resultIs,
	"duration": durationIs,
	"error":    failureText(func(f *telemetry.Failure) string { return f.Message }),
	"type":     failureText(func(f *telemetry.Failure) string { return f.Type }),
	"frame":    failureText(func(f *telemetry.Failure) string { return f.Frame }),
	"group":    failureText(func(f *telemetry.Failure) string { return f.Group }),
	"items":    number(func(r *telemetry.Run) int { return r.Items }),
	"sent":     number(func(r *telemetry.Run) int { return r.Sent }),
	"status":   number(func(r *telemetry.Run) int { return r.Status }),
	"retry":    number(func(r *telemetry.Run) int { return r.Retry }),
	"id":       text(func(r *telemetry.Run) string { return r.ID }),
	"trace":    text(func(r *telemetry.Run) string { return r.Trace }),
	"reason":   text(func(r *telemetry.Run) string { return r.Reason }),
}

// parseFilter makes a test of a filter's text.
func parseFilter(q string) (func(*telemetry.Run) bool, error) {
	terms, err := filter.Parse(q)
	tests := make([]func(*telemetry.Run) bool, 0, len(terms))
	for _, t := range terms {
		if err != nil {
			break
		}
		var test func(*telemetry.Run) bool
		if test, err = runTerm(t); err == nil {
			tests = append(tests, test)
		}
	}
	var wrong *filter.Error
	if errors.As(err, &wrong) {
		return nil, &portal.SyntaxError{Message: wrong.Message, Place: portal.Place{Start: wrong.Start, End: wrong.End}}
	}
	return func(r *telemetry.Run) bool {
		for _, test := range tests {
			if !test(r) {
				return false
			}
		}
		return true
	}, err
}

func runTerm(t filter.Term) (func(*telemetry.Run) bool, error) {
	if t.Op == filter.Text {
		return anywhere(t), nil
	}
	field, ok := runFields[strings.ToLower(t.Field())]
	if !ok {
		return nil, t.Wrong("there is no field %s; try result, error, duration, items, status, type, frame, retry, reason, id or trace", t.Field())
	}
	return field(t)
}

// anywhere looks for a text in what a run says: its failure, id and log lines.
func anywhere(t filter.Term) func(*telemetry.Run) bool {
	not := t.Not
	t.Not = false
	test := t.Test()
	return func(r *telemetry.Run) bool {
		found := test.Text([]byte(r.ID))
		if r.Failure != nil {
			found = found || test.Text([]byte(r.Failure.Message)) || test.Text([]byte(r.Failure.Type))
		}
		if r.Extra != nil {
			for _, l := range r.Extra.Logs {
				found = found || test.Text([]byte(l.Message))
			}
		}
		return found != not
	}
}

func resultIs(t filter.Term) (func(*telemetry.Run) bool, error) {
	for _, v := range t.Values {
		switch strings.ToLower(v) {
		case "failed", "ok", "succeeded", "running":
		default:
			return nil, t.WrongValue("a result is ok, failed or running")
		}
	}
	test := t.Test()
	return func(r *telemetry.Run) bool {
		switch {
		case r.Running:
			return test.Word("running")
		case r.Failure != nil:
			return test.Word("failed")
		case t.Not:
			return test.Word("ok") && test.Word("succeeded")
		}
		return test.Word("ok") || test.Word("succeeded")
	}, nil
}

// durationIs compares in milliseconds; values may have a unit: 1.5s, 200ms.
func durationIs(t filter.Term) (func(*telemetry.Run) bool, error) {
	values := make([]string, len(t.Values))
	for i, v := range t.Values {
		d, err := time.ParseDuration(v)
		if n, plain := strconv.ParseFloat(v, 64); plain == nil {
			d, err = time.Duration(n*float64(time.Millisecond)), nil
		}
		if err != nil {
			return nil, t.WrongValue("a duration is written as 200ms, 1.5s or 2m")
		}
		values[i] = strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64)
	}
	t.Values = values
	test := t.Test()
	return func(r *telemetry.Run) bool {
		if r.Running {
			return test.Number(millis(time.Since(r.At)))
		}
		return test.Number(millis(r.Duration))
	}, nil
}

func failureText(of func(*telemetry.Failure) string) func(filter.Term) (func(*telemetry.Run) bool, error) {
	return func(t filter.Term) (func(*telemetry.Run) bool, error) {
		test := t.Test()
		return func(r *telemetry.Run) bool {
			if r.Failure == nil {
				return test.Missing()
			}
			return test.Text([]byte(of(r.Failure)))
		}, nil
	}
}

func text(of func(*telemetry.Run) string) func(filter.Term) (func(*telemetry.Run) bool, error) {
	return func(t filter.Term) (func(*telemetry.Run) bool, error) {
		test := t.Test()
		return func(r *telemetry.Run) bool { return test.Text([]byte(of(r))) }, nil
	}
}

func number(of func(*telemetry.Run) int) func(filter.Term) (func(*telemetry.Run) bool, error) {
	return func(t filter.Term) (func(*telemetry.Run) bool, error) {
		for _, v := range t.Values {
			if _, err := strconv.ParseFloat(v, 64); err != nil && v != "*" {
				return nil, t.WrongValue("%s is a number", t.Field())
			}
		}
		test := t.Test()
		return func(r *telemetry.Run) bool { return test.Number(float64(of(r))) }, nil
	}
}

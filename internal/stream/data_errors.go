package stream

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrorKind is what is wrong with an event or a row, in the names that the
// vendor's page "Data errors" gives them.
type ErrorKind uint8

// The kinds that leave an event or a row out. Late, early and out-of-order events
// have numbers of their own: see Metrics.
const (
	InvalidData         ErrorKind = iota // no JSON object in UTF-8
	MissingColumns                       // a column of CREATE TABLE or of TIMESTAMP BY is not there
	TypeConversion                       // a column of CREATE TABLE is of another type
	InvalidTimeStamp                     // TIMESTAMP BY is no datetime
	InvalidTimeStampKey                  // TIMESTAMP BY … OVER: the key is NULL
	QueryRuntime                         // an expression of the query has no value for the row
	errorKinds
)

var errorKindNames = [errorKinds]string{
	"InputDeserializerError.InvalidData", "InputDeserializerError.MissingColumns", "InputDeserializerError.TypeConversionError",
	"InvalidInputTimeStamp", "InvalidInputTimeStampKey", "QueryRuntimeError",
}

// String is the vendor's name.
func (k ErrorKind) String() string { return errorKindNames[k] }

// DataErrors are the errors of one kind since the job started.
type DataErrors struct {
	Kind   string `json:"kind"`            // ErrorKind.String
	Input  string `json:"input,omitempty"` // "" for QueryRuntime
	Events int64  `json:"events"`          // events or rows that were left out, each counted once
	Last   string `json:"last"`            // what was wrong with the last one
}

// errorCounts counts by kind. Whoever finds the error counts it; anybody reads.
type errorCounts struct {
	n    [errorKinds]atomic.Int64
	mu   sync.Mutex
	last [errorKinds]string // guarded by mu
}

func (c *errorCounts) add(kind ErrorKind, err error) {
	c.n[kind].Add(1)
	c.mu.Lock()
	c.last[kind] = err.Error()
	c.mu.Unlock()
}

// conversions counts the events whose values could not be read as what they
// should be.
func (c *errorCounts) conversions() (n int64) {
	for kind := MissingColumns; kind <= InvalidTimeStampKey; kind++ {
		n += c.n[kind].Load()
	}
	return n
}

// addTo adds the counts of an input to a list.
func (c *errorCounts) addTo(list []DataErrors, input string) []DataErrors {
	c.mu.Lock()
	defer c.mu.Unlock()
	for kind := range errorKinds {
		n := c.n[kind].Load()
		if n == 0 {
			continue
		}
		i := slices.IndexFunc(list, func(e DataErrors) bool { return e.Kind == kind.String() && e.Input == input })
		if i < 0 {
			i = len(list)
			list = append(list, DataErrors{Kind: kind.String(), Input: input})
		}
		list[i].Events += n
		list[i].Last = c.last[kind]
	}
	return list
}

func (j *Job) dataErrors() []DataErrors {
	var list []DataErrors
	for _, l := range j.running() {
		for _, f := range l.feeds {
			list = f.numbers.errors.addTo(list, f.input.Name)
		}
		list = l.env.counters.errors.addTo(list, "")
	}
	slices.SortStableFunc(list, func(a, b DataErrors) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Input, b.Input), cmp.Compare(a.Kind, b.Kind))
	})
	return list
}

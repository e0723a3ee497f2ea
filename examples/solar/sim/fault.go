package sim

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Kind is a kind of fault.
type Kind string

// The kinds of fault. Size means something else for each.
const (
	Drop        Kind = "drop"        // Size is the share of generation that is lost, 0 to 1
	Temperature Kind = "temperature" // Size is added to the air temperature, in °C
	Dead        Kind = "dead"        // the radiation sensor reports nothing
	Late        Kind = "late"        // readings are Size seconds old
	Duplicate   Kind = "duplicate"   // a reading is reported again until Size seconds have passed
)

// Fault is one labelled fault. Its times count from the simulator's start and
// come again with every round of the schedule.
type Fault struct {
	Kind  Kind
	Plant string
	After time.Duration
	For   time.Duration
	Size  float64
}

// Round is how long a schedule takes before it begins again.
const Round = 10 * time.Minute

//go:embed faults.csv
var bundled string

// BundledFaults is the schedule that the simulator runs by default.
func BundledFaults() ([]Fault, error) { return ReadFaults(strings.NewReader(bundled)) }

// ReadFaults reads a schedule: kind,plantId,afterSeconds,forSeconds,size.
func ReadFaults(r io.Reader) ([]Fault, error) {
	lines, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("faults: %w", err)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("faults: the first line must name the columns: kind,plantId,afterSeconds,forSeconds,size")
	}
	var all []Fault
	for i, line := range lines[1:] {
		f, err := parseFault(line)
		if err != nil {
			return nil, fmt.Errorf("faults, line %d: %w", i+2, err)
		}
		all = append(all, f)
	}
	return all, nil
}

func parseFault(line []string) (Fault, error) {
	if len(line) != 5 {
		return Fault{}, fmt.Errorf("has %d columns; there are 5", len(line))
	}
	var numbers [3]float64
	for i := range numbers {
		n, err := strconv.ParseFloat(line[2+i], 64)
		if err != nil || n < 0 || n > 1e6 {
			return Fault{}, fmt.Errorf("%q is not a number from 0 to a million", line[2+i])
		}
		numbers[i] = n
	}
	f := Fault{
		Kind: Kind(line[0]), Plant: line[1], Size: numbers[2],
		After: time.Duration(numbers[0] * float64(time.Second)), For: time.Duration(numbers[1] * float64(time.Second)),
	}
	switch f.Kind {
	case Drop, Temperature, Dead, Late, Duplicate:
	default:
		return Fault{}, fmt.Errorf("kind %q is not drop, temperature, dead, late or duplicate", f.Kind)
	}
	if f.After+f.For > Round {
		return Fault{}, fmt.Errorf("ends after %v, when the schedule begins again", Round)
	}
	return f, nil
}

// active reports whether the fault is on at a time since the start.
func (f Fault) active(since time.Duration) bool {
	if since < 0 {
		return false
	}
	in := since%Round - f.After
	return in >= 0 && in < f.For
}

package simulate

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// Result is what came of a load.
type Result struct {
	Options   Options
	Functions []Function // in the order of the profile
	Points    []Point    // in the order of time
	Changes   []Change   // of the number of instances, in the order of time
	Charges   []Charge
	Cost      float64 // US dollars, of all charges
	Most      int     // instances at a time, of the whole app
	Started   int     // instances that had to be started
}

// Function is how one function fared.
type Function struct {
	Name, Group string
	Kind        scale.Kind
	Work        Work
	Arrived     int64 // events or requests
	Done        int64
	Failed      int64 // requests that the front end gave up
	Left        int64 // that waited at the end
	Executions  int64
	MostWaiting int64
	MostAt      time.Duration // when MostWaiting was
	// Latencies from the arrival to the end of the invocation, of what was done.
	P50, P95, P99, Worst time.Duration
}

// Point is a moment, and what happened since the one before.
type Point struct {
	At        time.Duration
	Functions []FunctionPoint // in the order of the profile
	Groups    []GroupPoint    // by name
	Cost      float64         // US dollars, from the beginning
}

// FunctionPoint is one function in the time before a moment.
type FunctionPoint struct {
	Arrived, Done, Failed int64
	Waiting               int64 // the most that waited
	P95                   time.Duration
}

// GroupPoint is the instances of one group in the time before a moment.
type GroupPoint struct {
	Group     string
	Instances int // the most, those that start included
	Ready     int // of them, that work, at the moment
}

// Change is a decision by which the number of instances changed.
type Change struct {
	At       time.Duration
	Group    string
	Was, Now int
	Why      string
}

// Charge is what one meter costs.
type Charge struct {
	Meter    string
	Quantity float64
	Unit     string
	Price    float64 // US dollars for one unit
	Cost     float64
	Source   string // of the price
}

// Package sim simulates what the example's sites report: the weather of a
// place in the shape of a public forecast API, and the power of a plant.
//
// The one idea: a reading is a function of place, time and the schedule of
// faults. There is no state, so any number of readers see one world, and a run
// can be repeated. What the sun does may be accelerated; the time on a reading
// is always the caller's, so that windows over event time keep their meaning.
package sim

import (
	"fmt"
	"time"

	"github.com/lazuli-dev/lazuli/examples/solar"
)

// Options configure a simulator.
type Options struct {
	// Start is when the simulation begins: faults count from it.
	Start time.Time
	// Speed is how many seconds the sun moves in one; 0 means 1.
	Speed float64
	// From and To are hours of the day in Korea (such as 9 and 16) between
	// which the sun is kept: at To the next day begins at From. Both 0: the
	// sun of the clock.
	From, To float64
	// Faults is the schedule; nil has none.
	Faults []Fault
}

// Simulator answers what a site reports at a time.
type Simulator struct {
	o      Options
	sky    *Sky
	plants map[string]solar.Plant
	faults map[string][]Fault // by plant
}

// New checks the options and calibrates the sky.
func New(o Options) (*Simulator, error) {
	if o.Speed == 0 {
		o.Speed = 1
	}
	if o.Speed < 0 || o.From < 0 || o.To > 24 || o.From > o.To {
		return nil, fmt.Errorf("speed %v, hours %v to %v: the speed must be positive, the hours from 0 to 24", o.Speed, o.From, o.To)
	}
	plants, err := solar.Plants()
	if err != nil {
		return nil, err
	}
	s := &Simulator{o: o, plants: map[string]solar.Plant{}, faults: map[string][]Fault{}}
	for _, p := range plants {
		s.plants[p.ID] = p
	}
	for _, f := range o.Faults {
		if _, ok := s.plants[f.Plant]; !ok {
			return nil, fmt.Errorf("a fault names plant %q, which is not in plants.csv", f.Plant)
		}
		s.faults[f.Plant] = append(s.faults[f.Plant], f)
	}
	if s.sky, err = NewSky(); err != nil {
		return nil, err
	}
	return s, nil
}

// Reading is what a site reports.
type Reading struct {
	Time       time.Time // of the measurement
	Weather              //
	NoSensor   bool      // Irradiance is not known
	Generation float64   // kW; of a plant only
}

// sunTime is the time that the sun shows.
func (s *Simulator) sunTime(t time.Time) time.Time {
	since := t.Sub(s.o.Start)
	moved := time.Duration(float64(since) * s.o.Speed)
	if s.o.From == s.o.To {
		return s.o.Start.Add(moved)
	}
	length := time.Duration((s.o.To - s.o.From) * float64(time.Hour))
	y, m, d := s.o.Start.In(kst).Date()
	days := int(moved / length)
	begin := time.Date(y, m, d+days, 0, 0, 0, 0, kst).Add(time.Duration(s.o.From * float64(time.Hour)))
	return begin.Add(moved % length)
}

// Site returns what a plant reports at a time.
func (s *Simulator) Site(id string, at time.Time) (Reading, error) {
	p, ok := s.plants[id]
	if !ok {
		return Reading{}, fmt.Errorf("no plant %q", id)
	}
	since := at.Sub(s.o.Start)
	for _, f := range s.faults[id] {
		if !f.active(since) {
			continue
		}
		step := time.Duration(f.Size * float64(time.Second))
		switch {
		case f.Kind == Late:
			at = at.Add(-step)
		case f.Kind == Duplicate && step > 0:
			at = at.Add(-(since % step))
		}
	}
	r, err := s.measure(p, at)
	if err != nil {
		return r, err
	}
	for _, f := range s.faults[id] {
		if f.active(since) {
			f.apply(&r)
		}
	}
	return r, nil
}

// apply changes the values of a reading.
func (f Fault) apply(r *Reading) {
	switch f.Kind {
	case Drop:
		r.Generation *= 1 - f.Size
	case Temperature:
		r.Temperature += f.Size
	case Dead:
		r.Irradiance, r.NoSensor = 0, true
	}
}

// measure is a reading without faults: model, the plant's own quality, and the
// noise of instruments.
func (s *Simulator) measure(p solar.Plant, at time.Time) (Reading, error) {
	at = at.Truncate(time.Second)
	w, err := s.sky.At(p.Station, p.Lat, p.Lon, s.sunTime(at))
	if err != nil {
		return Reading{}, err
	}
	name := fmt.Sprintf("%s/%d", p.ID, at.Unix())
	quality := 0.955 + 0.035*noise(p.ID)
	r := Reading{Time: at, Weather: w}
	r.Generation = solar.Output(p.CapacityKW, w.Irradiance, w.Temperature) * quality * (1 + 0.01*noise(name+"/power"))
	r.Irradiance *= 1 + 0.01*noise(name+"/sensor")
	r.Temperature += 0.2 * noise(name+"/air")
	return r, nil
}

// Place returns the weather at any place, by the nearest station.
func (s *Simulator) Place(lat, lon float64, at time.Time) (Reading, error) {
	best, distance := "", 0.0
	for name, st := range s.sky.stations {
		d := (st.Lat-lat)*(st.Lat-lat) + (st.Lon-lon)*(st.Lon-lon)*0.65
		if best == "" || d < distance {
			best, distance = name, d
		}
	}
	at = at.Truncate(time.Second)
	w, err := s.sky.At(best, lat, lon, s.sunTime(at))
	return Reading{Time: at, Weather: w}, err
}

// Package telemetrygen makes device telemetry that behaves like a small
// site's: every device has a place and drifts around a temperature of its own,
// a few of them run hot.
//
// The one idea: a generator is a pure function of its seed. The same options
// give the same events, whatever clock runs, so that a demonstration can be
// repeated and a test can know the answer.
//
// It knows nothing of hubs or AMQP; it makes values.
package telemetrygen

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// The ranges that readings keep to.
const (
	MinTemperature, MaxTemperature = 20.0, 50.0 // °C
	MinHumidity, MaxHumidity       = 40.0, 80.0 // %
	MinPressure, MaxPressure       = 1000.0, 1050.0
)

// Event is one reading of one device.
type Event struct {
	ID        string    `json:"id"`
	DeviceID  string    `json:"deviceId"`
	Timestamp time.Time `json:"timestamp"`
	EventType string    `json:"eventType"` // "telemetry"
	Data      Data      `json:"data"`
	Location  Location  `json:"location"`
}

// Data are a device's readings, to one decimal as sensors give them.
type Data struct {
	Temperature float64 `json:"temperature"` // °C
	Humidity    float64 `json:"humidity"`    // % relative
	Pressure    float64 `json:"pressure"`    // hPa
}

// Location is where a device stands.
type Location struct {
	Region   string `json:"region"`
	Facility string `json:"facility"`
}

// JSON returns the event as the workshop's producer writes it.
func (e Event) JSON() []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("telemetrygen: %v", err)) // finite numbers and strings
	}
	return text
}

// Options choose the telemetry.
type Options struct {
	// Devices is their number, from 1; default 5. They are called device-001 and
	// so on.
	Devices int
	// Seed selects one of the possible histories.
	Seed uint64
}

// Generator makes events, one device after another. It is not safe for
// concurrent use.
type Generator struct {
	devices []device
	prefix  uint32
	made    uint64
}

// device drifts: each reading moves a little, and is drawn back to the
// device's own mean, so that it wanders without running away.
type device struct {
	id       string
	location Location
	rng      *rand.Rand

	mean                            float64 // of its temperature
	temperature, humidity, pressure float64
}

// The sites that devices are spread over.
var sites = [...]Location{
	{"koreacentral", "seoul-plant-1"},
	{"koreacentral", "seoul-plant-2"},
	{"koreasouth", "busan-plant-1"},
	{"japaneast", "tokyo-lab-1"},
}

// New returns a generator at the beginning of its history.
func New(opts Options) *Generator {
	n := opts.Devices
	if n < 1 {
		n = 5
	}
	g := &Generator{devices: make([]device, n), prefix: uint32(rand.New(rand.NewPCG(opts.Seed, 1)).Uint64())}
	for i := range g.devices {
		g.devices[i] = newDevice(i, opts.Seed)
	}
	return g
}

// newDevice places a device. Every fourth one, beginning with the second, runs
// hot: its mean lies above 40 °C.
func newDevice(i int, seed uint64) device {
	d := device{
		id:       fmt.Sprintf("device-%03d", i+1),
		location: sites[i%len(sites)],
		rng:      rand.New(rand.NewPCG(seed, uint64(i)+2)),
	}
	d.mean = 24 + 10*d.rng.Float64()
	if i%4 == 1 {
		d.mean = 41 + 4*d.rng.Float64()
	}
	d.temperature = d.mean
	d.humidity = 50 + 20*d.rng.Float64()
	d.pressure = 1010 + 20*d.rng.Float64()
	return d
}

// Next returns the next event, taken at the moment given.
func (g *Generator) Next(at time.Time) Event {
	d := &g.devices[g.made%uint64(len(g.devices))]
	g.made++
	d.step()
	return Event{
		ID:        fmt.Sprintf("evt-%08x-%d", g.prefix, g.made),
		DeviceID:  d.id,
		Timestamp: at.UTC().Truncate(time.Millisecond),
		EventType: "telemetry",
		Data: Data{
			Temperature: tenth(d.temperature),
			Humidity:    tenth(d.humidity),
			Pressure:    tenth(d.pressure),
		},
		Location: d.location,
	}
}

func (d *device) step() {
	d.temperature = drift(d.rng, d.temperature, d.mean, 0.4, MinTemperature, MaxTemperature)
	d.humidity = drift(d.rng, d.humidity, 60, 0.5, MinHumidity, MaxHumidity)
	d.pressure = drift(d.rng, d.pressure, 1020, 0.3, MinPressure, MaxPressure)
}

// drift is one step of a random walk that is pulled to the mean and kept
// within the bounds.
func drift(rng *rand.Rand, value, mean, size, low, high float64) float64 {
	value += size*rng.NormFloat64() + 0.05*(mean-value)
	return min(max(value, low), high)
}

func tenth(v float64) float64 { return math.Round(v*10) / 10 }

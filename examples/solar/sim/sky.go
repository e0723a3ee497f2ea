package sim

import (
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"github.com/lazuli-dev/lazuli/examples/solar"
)

// kst is Korea's zone; it has no daylight saving.
var kst = time.FixedZone("KST", 9*3600)

// Sky is the weather over the stations. It is a function of place and time:
// two skies say the same.
type Sky struct {
	stations map[string]*solar.Station
	// clearness is, per station and month, what is left of a clear sky's
	// irradiation: how the record calibrates the model.
	clearness map[string][12]float64
}

// NewSky calibrates the sky by the stations' records. A month without a
// record takes the mean of the other stations.
func NewSky() (*Sky, error) {
	stations, err := solar.Stations()
	if err != nil {
		return nil, err
	}
	s := &Sky{stations: stations, clearness: map[string][12]float64{}}
	var sum, count [12]float64
	for name, st := range stations {
		var k [12]float64
		for m := range 12 {
			if st.Irradiation[m] > 0 {
				k[m] = st.Irradiation[m] / clearMonth(st, m)
				sum[m] += k[m]
				count[m]++
			}
		}
		s.clearness[name] = k
	}
	for name, k := range s.clearness {
		for m := range 12 {
			if k[m] == 0 {
				k[m] = sum[m] / count[m]
			}
		}
		s.clearness[name] = k
	}
	return s, nil
}

// clearMonth is a month's irradiation under a clear sky, in MJ/m².
func clearMonth(st *solar.Station, month int) float64 {
	const step = 30 * time.Minute
	begin := time.Date(2024, time.Month(month+1), 1, 0, 0, 0, 0, kst)
	total := 0.0
	for t := begin; t.Before(begin.AddDate(0, 1, 0)); t = t.Add(step) {
		total += clearSky(st.Lat, st.Lon, t)
	}
	return total * step.Seconds() / 1e6
}

// Weather is what a station would measure.
type Weather struct {
	Irradiance  float64 // W/m², horizontal
	Temperature float64 // °C, air
	Wind        float64 // m/s
}

// At returns the weather at a place near a station.
func (s *Sky) At(station string, lat, lon float64, t time.Time) (Weather, error) {
	k, ok := s.clearness[station]
	if !ok {
		return Weather{}, fmt.Errorf("no weather station %q", station)
	}
	local := t.In(kst)
	hour := float64(local.Hour()) + float64(local.Minute())/60
	day := float64(local.YearDay())
	season := math.Cos(2 * math.Pi * (day - 207) / 365)
	return Weather{
		Irradiance: clearSky(lat, lon, t) * k[local.Month()-1] * clouds(station, local, k[local.Month()-1]),
		Temperature: 12.5 - 0.8*(lat-36) + 13*season + 4.5*math.Cos(2*math.Pi*(hour-15)/24) +
			1.5*smooth(station+"/temperature", local, 3*time.Hour),
		Wind: 2.2 + 1.4*smooth(station+"/wind", local, 20*time.Minute),
	}, nil
}

// clouds is a factor with mean 1: bright days are followed by dull ones of the
// same size, and within a day clouds pass. The two stay within what leaves the
// sky no brighter than clear.
func clouds(station string, local time.Time, clearness float64) float64 {
	room := min(max(1.12-clearness, 0.04), 0.35)
	pair, sign := local.YearDay()/2, 1.0
	if local.YearDay()%2 == 1 {
		sign = -1
	}
	daily := sign * room * noise(fmt.Sprintf("%s/%d/%d", station, local.Year(), pair))
	return (1 + daily) * (1 + 0.04*smooth(station+"/cloud", local, 15*time.Minute))
}

// smooth is noise from -1 to 1 that changes gently over the period.
func smooth(name string, t time.Time, period time.Duration) float64 {
	n := t.UnixNano() / int64(period)
	x := float64(t.UnixNano()%int64(period)) / float64(period)
	x = x * x * (3 - 2*x)
	return noise(fmt.Sprintf("%s/%d", name, n))*(1-x) + noise(fmt.Sprintf("%s/%d", name, n+1))*x
}

// noise is a number from -1 to 1 that belongs to the name.
func noise(name string) float64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11)/(1<<52) - 1
}

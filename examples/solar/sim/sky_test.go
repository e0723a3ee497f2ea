package sim

import (
	"math"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/examples/solar"
)

// TestYearMatchesTheRecords simulates a year, clouds included, at every
// station: each month's irradiation is within 10 % of the record.
func TestYearMatchesTheRecords(t *testing.T) {
	sky, err := NewSky()
	if err != nil {
		t.Fatal(err)
	}
	stations, err := solar.Stations()
	if err != nil {
		t.Fatal(err)
	}
	if len(stations) != 17 {
		t.Errorf("%d stations, want 17", len(stations))
	}
	worst := 0.0
	for name, st := range stations {
		for month := range 12 {
			want := st.Irradiation[month]
			if want == 0 {
				continue
			}
			off := math.Abs(simulatedMonth(t, sky, name, st, month)/want - 1)
			if off > 0.10 {
				t.Errorf("%s, month %d: off by %.1f %%", name, month+1, off*100)
			}
			worst = max(worst, off)
		}
	}
	t.Logf("worst month: off by %.1f %%", worst*100)
}

func simulatedMonth(t *testing.T, sky *Sky, name string, st *solar.Station, month int) float64 {
	t.Helper()
	const step = 30 * time.Minute
	begin := time.Date(2024, time.Month(month+1), 1, 0, 0, 0, 0, kst)
	total := 0.0
	for at := begin; at.Before(begin.AddDate(0, 1, 0)); at = at.Add(step) {
		w, err := sky.At(name, st.Lat, st.Lon, at)
		if err != nil {
			t.Fatal(err)
		}
		total += w.Irradiance
	}
	return total * step.Seconds() / 1e6
}

// TestSunOverSeoul holds the sun against an almanac: on the day of the June
// solstice it stands 76 degrees high at noon, and it is night at midnight.
func TestSunOverSeoul(t *testing.T) {
	noon := time.Date(2024, 6, 21, 12, 34, 0, 0, kst)
	if h := math.Asin(elevation(37.5714, 126.9658, noon)) * 180 / math.Pi; math.Abs(h-75.9) > 0.5 {
		t.Errorf("the sun stands at %.1f degrees", h)
	}
	if g := clearSky(37.5714, 126.9658, noon.Add(12*time.Hour)); g != 0 {
		t.Errorf("%.0f W/m² at midnight", g)
	}
}

func TestOutput(t *testing.T) {
	for _, tc := range []struct{ irradiance, air, low, high float64 }{
		{0, 20, 0, 0}, {1000, 25, 840, 880}, {200, 10, 195, 210}, {2000, 0, 1000, 1000},
	} {
		if p := solar.Output(1000, tc.irradiance, tc.air); p < tc.low || p > tc.high {
			t.Errorf("%v W/m², %v °C: %.1f kW", tc.irradiance, tc.air, p)
		}
	}
}

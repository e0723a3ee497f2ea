package sim

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func simulator(t *testing.T, faults ...Fault) *Simulator {
	t.Helper()
	s, err := New(Options{Start: time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC), Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// get asks the server at a time after the start.
func get(t *testing.T, s *Simulator, after time.Duration, query string) (code int, current map[string]any, reason string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler(func() time.Time { return s.o.Start.Add(after) }).ServeHTTP(w, httptest.NewRequest("GET", "/v1/forecast?"+query, nil))
	var body struct {
		Current map[string]any
		Reason  string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	return w.Code, body.Current, body.Reason
}

const everything = "latitude=36.8&longitude=126.6&timeformat=unixtime&wind_speed_unit=ms&current=shortwave_radiation,temperature_2m,wind_speed_10m,generation_kw&site=chungnam-01"

func TestForecast(t *testing.T) {
	s := simulator(t)
	code, c, reason := get(t, s, time.Second, everything)
	if code != 200 || c["time"] != float64(s.o.Start.Unix()+1) {
		t.Fatalf("%d %v %s", code, c, reason)
	}
	sun, power := c["shortwave_radiation"].(float64), c["generation_kw"].(float64)
	if sun < 300 || sun > 1100 || power < 600 || power > 3004 {
		t.Errorf("at noon in May: %v", c)
	}
	if _, c, _ := get(t, s, 0, "latitude=37.5&longitude=127&current=shortwave_radiation"); c["time"] != "2026-05-01T03:00:00" {
		t.Errorf("a place: %v", c)
	}
	for query, want := range map[string]string{
		"longitude=1":                                      "latitude must be a number",
		"latitude=NaN&longitude=1":                         "latitude must be a number",
		"latitude=36&longitude=127&hourly=rain":            "hourly is not simulated",
		"latitude=36&longitude=127&current=rain":           "variable rain",
		"latitude=36&longitude=127&current=generation_kw":  "variable generation_kw",
		"latitude=36&longitude=127&site=moon&current=rain": `no plant "moon"`,
	} {
		if code, _, reason := get(t, s, 0, query); code != 400 || !strings.Contains(reason, want) {
			t.Errorf("%s: %d %q, want %q", query, code, reason, want)
		}
	}
}

// TestFaults compares a simulator with faults to one without.
func TestFaults(t *testing.T) {
	healthy := simulator(t)
	for _, f := range []Fault{
		{Kind: Drop, Size: 0.6}, {Kind: Temperature, Size: 25}, {Kind: Dead}, {Kind: Late, Size: 20}, {Kind: Duplicate, Size: 4},
	} {
		f.Plant, f.After, f.For = "chungnam-01", 10*time.Second, 20*time.Second
		s := simulator(t, f)
		for _, after := range []time.Duration{9 * time.Second, 13 * time.Second, 30 * time.Second, Round + 13*time.Second} {
			at := s.o.Start.Add(after)
			got, err := s.Site(f.Plant, at)
			if err != nil {
				t.Fatal(err)
			}
			good, err := healthy.Site(f.Plant, at)
			if err != nil {
				t.Fatal(err)
			}
			on := after%Round == 13*time.Second
			if (got != good) != on {
				t.Errorf("%s at %v: %+v, healthy %+v", f.Kind, after, got, good)
			}
			if on && !f.shows(got, good) {
				t.Errorf("%s does not show: %+v, healthy %+v", f.Kind, got, good)
			}
		}
	}
}

func (f Fault) shows(got, good Reading) bool {
	switch f.Kind {
	case Drop:
		return got.Generation < good.Generation*0.41
	case Temperature:
		return got.Temperature > good.Temperature+24.9
	case Dead:
		return got.NoSensor
	}
	return got.Time.Before(good.Time)
}

func TestReadFaults(t *testing.T) {
	all, err := BundledFaults()
	if err != nil || len(all) < 30 {
		t.Fatalf("%d faults, %v", len(all), err)
	}
	for text, want := range map[string]string{
		"":                             "must name the columns",
		"a,b,c,d,e\nrust,p,1,2,3":      `kind "rust"`,
		"a,b,c,d,e\ndrop,p,x,2,3":      `"x" is not a number`,
		"a,b,c,d,e\ndrop,p,599,2,0.5":  "begins again",
		"a,b\ndrop,p":                  "has 2 columns",
		"a,b,c,d,e\ndrop,p,1,-2,\"0.5": "faults:",
	} {
		if _, err := ReadFaults(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := New(Options{Faults: []Fault{{Kind: Drop, Plant: "moon"}}}); err == nil {
		t.Error("a fault of no plant was accepted")
	}
}

// TestSunLeavesOutTheNight runs the sun from nine to sixteen o'clock, and then
// the next day from nine.
func TestSunLeavesOutTheNight(t *testing.T) {
	s, err := New(Options{Start: time.Date(2026, 5, 1, 20, 0, 0, 0, kst), Speed: 3600, From: 9, To: 16})
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]string{0: "1 09:00", 6 * time.Second: "1 15:00", 7 * time.Second: "2 09:00", 15 * time.Second: "3 10:00"} {
		if got := s.sunTime(s.o.Start.Add(after)).Format("2 15:04"); got != want {
			t.Errorf("after %v the sun shows %s, want %s", after, got, want)
		}
	}
}

package sim

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Handler serves GET /v1/forecast in the shape of Open-Meteo's forecast API:
// latitude, longitude, current (a list of shortwave_radiation, temperature_2m
// and wind_speed_10m), timeformat (iso8601 or unixtime) and wind_speed_unit
// (kmh or ms). Other parameters of that API are refused by name.
//
// Two things are ours: the parameter site names a plant instead of a place
// alone, and then current may list generation_kw, the plant's own meter.
func (s *Simulator) Handler(now func() time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/forecast", func(w http.ResponseWriter, r *http.Request) {
		q, err := parseQuery(r.URL.Query())
		if err == nil {
			var answer any
			if answer, err = s.forecast(q, now()); err == nil {
				reply(w, http.StatusOK, answer)
				return
			}
		}
		reply(w, http.StatusBadRequest, map[string]any{"error": true, "reason": err.Error()})
	})
	return mux
}

func reply(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the caller may be gone
}

type query struct {
	lat, lon float64
	site     string
	current  []string
	unix     bool
	metres   bool // wind in m/s
}

func parseQuery(v url.Values) (query, error) {
	var q query
	for name := range v {
		switch name {
		case "latitude", "longitude", "current", "site", "timeformat", "wind_speed_unit", "timezone":
		default:
			return q, fmt.Errorf("parameter %s is not simulated", name)
		}
	}
	var err error
	if q.lat, err = coordinate(v, "latitude", 90); err != nil {
		return q, err
	}
	if q.lon, err = coordinate(v, "longitude", 180); err != nil {
		return q, err
	}
	q.site = v.Get("site")
	q.unix = v.Get("timeformat") == "unixtime"
	q.metres = v.Get("wind_speed_unit") == "ms"
	for name := range strings.SplitSeq(v.Get("current"), ",") {
		if name != "" {
			q.current = append(q.current, name)
		}
	}
	return q, nil
}

func coordinate(v url.Values, name string, limit float64) (float64, error) {
	x, err := strconv.ParseFloat(v.Get(name), 64)
	if err != nil || math.IsNaN(x) || math.Abs(x) > limit {
		return 0, fmt.Errorf("parameter %s must be a number from %v to %v", name, -limit, limit)
	}
	return x, nil
}

// forecast builds the answer.
func (s *Simulator) forecast(q query, now time.Time) (any, error) {
	read := func() (Reading, error) { return s.Place(q.lat, q.lon, now) }
	if q.site != "" {
		read = func() (Reading, error) { return s.Site(q.site, now) }
	}
	r, err := read()
	if err != nil {
		return nil, err
	}
	current := map[string]any{"time": r.Time.UTC().Format("2006-01-02T15:04:05"), "interval": 1}
	units := map[string]string{"time": "iso8601", "interval": "seconds"}
	if q.unix {
		current["time"], units["time"] = r.Time.Unix(), "unixtime"
	}
	for _, name := range q.current {
		value, unit, err := r.variable(name, q)
		if err != nil {
			return nil, err
		}
		current[name], units[name] = value, unit
	}
	return map[string]any{
		"latitude": q.lat, "longitude": q.lon, "elevation": 0, "generationtime_ms": 0.1,
		"utc_offset_seconds": 0, "timezone": "GMT", "timezone_abbreviation": "GMT",
		"current_units": units, "current": current,
	}, nil
}

// variable returns a value, null for a sensor that is dead, and its unit.
func (r Reading) variable(name string, q query) (value any, unit string, err error) {
	switch {
	case name == "shortwave_radiation" && r.NoSensor:
		return nil, "W/m²", nil
	case name == "shortwave_radiation":
		return round(r.Irradiance, 1), "W/m²", nil
	case name == "temperature_2m":
		return round(r.Temperature, 1), "°C", nil
	case name == "wind_speed_10m" && q.metres:
		return round(r.Wind, 2), "m/s", nil
	case name == "wind_speed_10m":
		return round(r.Wind*3.6, 1), "km/h", nil
	case name == "generation_kw" && q.site != "":
		return round(r.Generation, 2), "kW", nil
	}
	return nil, "", fmt.Errorf("variable %s is not simulated", name)
}

func round(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}

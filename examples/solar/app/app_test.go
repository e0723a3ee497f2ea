package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/examples/solar"
	"github.com/lazuli-dev/lazuli/examples/solar/sim"
	"github.com/lazuli-dev/lazuli/functions"
	"github.com/lazuli-dev/lazuli/functions/functionstest"
)

// local answers requests without a network, by a handler.
type local struct{ handler http.Handler }

func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	l.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

func plants(t *testing.T) []solar.Plant {
	t.Helper()
	all, err := solar.Plants()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var simulated = settings{weatherURL: "http://sim", meter: "generation_kw"}

// TestIngest polls the simulator: one event per site, in the schema.
func TestIngest(t *testing.T) {
	start := time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)
	s, err := sim.New(sim.Options{Start: start})
	if err != nil {
		t.Fatal(err)
	}
	all := plants(t)
	app := newApp(newPoller(all, simulated, local{s.Handler(func() time.Time { return start })}))
	res, err := functionstest.Timer(app, "ingest", functions.TimerInfo{})
	if err != nil {
		t.Fatal(err)
	}
	events := res.Outputs["output"]
	if len(events) != len(all) {
		t.Fatalf("%d events of %d sites", len(events), len(all))
	}
	for i, e := range events {
		var m map[string]any
		if err := e.Decode(&m); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"plantId", "city", "region", "lat", "lon", "capacityKw", "generationKw", "irradiance", "temperature", "windSpeed", "timestamp"} {
			if m[field] == nil {
				t.Errorf("%s is missing in %s", field, e)
			}
		}
		if len(m) != 11 || m["plantId"] != all[i].ID || m["timestamp"] != "2026-05-01T03:00:00.000Z" {
			t.Errorf("event %d: %s", i, e)
		}
	}
}

// failing answers well except for one site, which fails as told.
func failing(plant string, calls *atomic.Int32, answer func(w http.ResponseWriter, call int32)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("site") == plant {
			answer(w, calls.Add(1))
			return
		}
		good(w)
	})
}

func good(w http.ResponseWriter) {
	fmt.Fprint(w, `{"current":{"time":1777600000,"shortwave_radiation":500.5,"temperature_2m":20,"wind_speed_10m":2,"generation_kw":100}}`)
}

// TestOneBadSite: a site that fails is tried again, then left out; after three
// failed runs it is left alone for half a minute. The others go on.
func TestOneBadSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := plants(t)
		var calls atomic.Int32
		p := newPoller(all, simulated, local{failing(all[7].ID, &calls, func(w http.ResponseWriter, n int32) {
			if n > 9 {
				good(w)
				return
			}
			http.Error(w, "down", http.StatusBadGateway)
		})})
		for run, want := range []int32{3, 6, 9, 9} {
			readings, failed := p.poll(t.Context())
			if len(readings) != len(all)-1 || failed != 1 || calls.Load() != want {
				t.Errorf("run %d: %d readings, %d failed, %d calls; want %d calls", run, len(readings), failed, calls.Load(), want)
			}
		}
		<-time.After(breakFor)
		if _, failed := p.poll(t.Context()); failed != 0 || calls.Load() != 10 {
			t.Errorf("after the pause: %d failed, %d calls", failed, calls.Load())
		}
	})
}

// TestSlowSite: a site that does not answer costs its own time only.
func TestSlowSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := plants(t)[:5]
		p := newPoller(all, simulated, roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("site") == all[0].ID {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return local{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { good(w) })}.RoundTrip(r)
		}))
		begin := time.Now()
		readings, failed := p.poll(t.Context())
		if len(readings) != 4 || failed != 1 || time.Since(begin) > pollTimeout {
			t.Errorf("%d readings, %d failed after %v", len(readings), failed, time.Since(begin))
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNormalise(t *testing.T) {
	plant := solar.Plant{ID: "p", CapacityKW: 1000}
	for _, tc := range []struct{ meter, body, want string }{
		{"generation_kw", `{"current":{"time":1,"temperature_2m":20,"shortwave_radiation":null,"generation_kw":5}}`, `"generationKw":5,"irradiance":null`},
		{"", `{"current":{"time":1,"temperature_2m":25,"shortwave_radiation":1000}}`, `"generationKw":8`},
		{"", `{"current":{"time":1}}`, "no temperature_2m"},
		{"generation_kw", `{"current":{"time":1,"temperature_2m":20}}`, "has no generation_kw"},
		{"", `<html>`, "answer"},
	} {
		api := weatherAPI{settings: settings{meter: tc.meter}}
		reading, err := api.normalise(plant, []byte(tc.body))
		text, _ := json.Marshal(reading)
		if err != nil {
			text = []byte(err.Error())
		}
		if !strings.Contains(string(text), tc.want) {
			t.Errorf("%s: %s, want %s", tc.body, text, tc.want)
		}
	}
}

// TestFinalAnswer: what asking again cannot mend is asked once.
func TestFinalAnswer(t *testing.T) {
	all := plants(t)[:1]
	var calls atomic.Int32
	p := newPoller(all, simulated, local{failing(all[0].ID, &calls, func(w http.ResponseWriter, _ int32) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":true,"reason":"no such place"}`)
	})})
	_, err := p.try(context.Background(), all[0])
	if err == nil || !strings.Contains(err.Error(), "no such place") || calls.Load() != 1 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}

func TestAlert(t *testing.T) {
	functionstest.CaptureLogs(t)
	app := newApp(newPoller(nil, simulated, local{}))
	body := `[{"id":"1","plantId":"jeju-fleet","city":"제주","region":"제주","kind":"drop","severity":"alarm","message":"Output fell"}]`
	res, err := functionstest.HTTP(app, "alert", httptest.NewRequest("POST", "/api/alert", strings.NewReader(body)))
	if err != nil || res.Response.StatusCode != http.StatusNoContent || !strings.Contains(strings.Join(res.Logs, "\n"), "drop alarm at jeju-fleet (제주, 제주): Output fell") {
		t.Errorf("%+v, %v", res, err)
	}
	res, err = functionstest.HTTP(app, "alert", httptest.NewRequest("POST", "/api/alert", strings.NewReader("{")))
	if err != nil || res.Response.StatusCode != http.StatusBadRequest {
		t.Errorf("%+v, %v", res, err)
	}
}

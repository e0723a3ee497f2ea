package telemetrygen

import (
	"math"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestSameSeedSameHistory(t *testing.T) {
	a, b, other := New(Options{Seed: 7}), New(Options{Seed: 7}), New(Options{Seed: 8})
	same := 0
	for i := range 100 {
		at := start.Add(time.Duration(i) * time.Second)
		x, y, z := a.Next(at), b.Next(at), other.Next(at)
		if string(x.JSON()) != string(y.JSON()) {
			t.Fatalf("event %d differs: %s and %s", i, x.JSON(), y.JSON())
		}
		if x.ID == z.ID || x.Data == z.Data {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d events are equal under another seed", same)
	}
}

func TestReadingsDriftWithinBounds(t *testing.T) {
	g := New(Options{Devices: 8, Seed: 1})
	last, hot, ids := map[string]Data{}, map[string]bool{}, map[string]bool{}
	for range 80_000 {
		e := g.Next(start)
		ids[e.ID] = true
		d := e.Data
		if d.Temperature < MinTemperature || d.Temperature > MaxTemperature || d.Humidity < MinHumidity ||
			d.Humidity > MaxHumidity || d.Pressure < MinPressure || d.Pressure > MaxPressure {
			t.Fatalf("out of range: %s", e.JSON())
		}
		if before, ok := last[e.DeviceID]; ok && math.Abs(before.Temperature-d.Temperature) > 4 {
			t.Fatalf("%s jumped from %v to %v", e.DeviceID, before.Temperature, d.Temperature)
		}
		last[e.DeviceID] = d
		if d.Temperature > 40 {
			hot[e.DeviceID] = true
		}
	}
	if len(last) != 8 || len(ids) != 80_000 {
		t.Errorf("%d devices, %d ids", len(last), len(ids))
	}
	if !hot["device-002"] || !hot["device-006"] || hot["device-001"] {
		t.Errorf("hot devices: %v", hot)
	}
}

func TestFiveEventsHaveAHotDevice(t *testing.T) {
	for seed := range uint64(50) {
		g, hot := New(Options{Seed: seed}), 0
		for range 5 {
			if g.Next(start).Data.Temperature > 40 {
				hot++
			}
		}
		if hot == 0 {
			t.Errorf("seed %d: none of the first five events is above 40 °C", seed)
		}
	}
}

func TestShape(t *testing.T) {
	const want = `{"id":"evt-6bb44fb8-1","deviceId":"device-001","timestamp":"2026-01-02T03:04:05Z","eventType":"telemetry",` +
		`"data":{"temperature":30.3,"humidity":59.1,"pressure":1019.2},"location":{"region":"koreacentral","facility":"seoul-plant-1"}}`
	if got := string(New(Options{Seed: 1}).Next(start).JSON()); got != want {
		t.Errorf("event %s\nwant  %s", got, want)
	}
}

func BenchmarkNext(b *testing.B) {
	g := New(Options{Devices: 100})
	b.ReportAllocs()
	for b.Loop() {
		_ = g.Next(start).JSON()
	}
}

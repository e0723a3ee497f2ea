package solar_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/examples/solar"
	"github.com/lazuli-dev/lazuli/examples/solar/sim"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// alert is a row of solar_alerts.
type alert struct {
	ID, PlantID, Kind, Message string
	WindowEnd                  time.Time
}

// TestAlarmsMatchTheFaults runs a whole round of the bundled faults through
// the real query, accelerated, and counts: precision is the share of alarms
// that a fault explains, recall the share of faults that raise their alarm.
func TestAlarmsMatchTheFaults(t *testing.T) {
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	faults, err := sim.BundledFaults()
	if err != nil {
		t.Fatal(err)
	}
	rows := runQuery(t, readings(t, faults, start))
	var alerts []alert
	for _, text := range rows["solar_alerts"] {
		var a alert
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatal(err)
		}
		alerts = append(alerts, a)
	}
	expected, found := 0, 0
	var delays []time.Duration // from the fault to the end of the window that shows it
	for _, f := range faults {
		if alarmOf[f.Kind] == "" {
			continue
		}
		expected++
		raised := false
		for _, a := range alerts {
			if !raised && explains(f, a, start) {
				raised = true
				delays = append(delays, a.WindowEnd.Sub(start.Add(f.After)))
			}
		}
		if raised {
			found++
		} else {
			t.Logf("no alarm for %+v", f)
		}
	}
	right := 0
	for _, a := range alerts {
		because := false
		for _, f := range faults {
			because = because || explains(f, a, start)
		}
		if because {
			right++
		} else {
			t.Logf("no fault for %+v", a)
		}
	}
	precision, recall := float64(right)/float64(len(alerts)), float64(found)/float64(expected)
	t.Logf("%d faults, %d alarms: precision %.3f, recall %.3f", expected, len(alerts), precision, recall)
	if len(delays) > 0 {
		slices.Sort(delays)
		worst := delays[len(delays)-1]
		t.Logf("from fault to the end of the alarm's window: median %v, worst %v", delays[len(delays)/2], worst)
		if worst > 20*time.Second {
			t.Errorf("an alarm came %v after its fault; two windows are 20 s", worst)
		}
	}
	if len(alerts) == 0 || precision < 0.95 || recall < 0.95 {
		t.Errorf("precision %.3f, recall %.3f; both must be at least 0.95", precision, recall)
	}
	if len(rows["alert"]) != len(alerts) {
		t.Errorf("the function got %d of %d alarms", len(rows["alert"]), len(alerts))
	}
	checkMetrics(t, rows["solar_metrics"])
}

// alarmOf is the alarm that each kind of fault must raise; late and duplicate
// readings must raise none.
var alarmOf = map[sim.Kind]string{sim.Drop: "drop", sim.Temperature: "temperature", sim.Dead: "sensor"}

// explains reports whether the alarm is that of the fault: same plant and
// kind, in a window that touches it.
func explains(f sim.Fault, a alert, start time.Time) bool {
	begin := start.Add(f.After)
	return a.PlantID == f.Plant && a.Kind == alarmOf[f.Kind] &&
		a.WindowEnd.After(begin) && a.WindowEnd.Before(begin.Add(f.For+11*time.Second))
}

// checkMetrics looks at the shape of what dashboards read.
func checkMetrics(t *testing.T, rows []string) {
	t.Helper()
	ids, levels := map[string]bool{}, map[string]int{}
	for _, text := range rows {
		var m struct {
			ID, Level, PlantID, Region, State string
			Utilisation                       *float64
			Lat, Lon, CapacityKw              float64
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		if ids[m.ID] {
			t.Fatalf("id %s twice", m.ID)
		}
		ids[m.ID] = true
		levels[m.Level]++
		plant := m.PlantID != "" && m.State != "" && m.Lat > 33
		if m.Region == "" || m.CapacityKw == 0 || m.Utilisation == nil || plant != (m.Level == "plant") {
			t.Fatalf("metric %s", text)
		}
	}
	if levels["plant"] < 101*59 || levels["region"] < 17*59 {
		t.Errorf("%v rows; want ten minutes of 101 plants and 17 regions", levels)
	}
}

// readings simulates a round: every site every second, as the ingest
// function would send it.
func readings(t *testing.T, faults []sim.Fault, start time.Time) []event {
	t.Helper()
	s, err := sim.New(sim.Options{Start: start, Speed: 20, From: 9, To: 16, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	plants, err := solar.Plants()
	if err != nil {
		t.Fatal(err)
	}
	var events []event
	for at := start; !at.After(start.Add(sim.Round)); at = at.Add(time.Second) {
		for _, p := range plants {
			r, err := s.Site(p.ID, at)
			if err != nil {
				t.Fatal(err)
			}
			m := p.Telemetry(r.Time)
			m.GenerationKW, m.Temperature, m.WindSpeed = r.Generation, r.Temperature, r.Wind
			if !r.NoSensor {
				m.Irradiance = &r.Irradiance
			}
			body, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, event{p.ID, at, body})
		}
	}
	return events
}

type event struct {
	key  string
	at   time.Time
	body []byte
}

// runQuery runs solar.asaql over the events and returns the rows by output.
func runQuery(t *testing.T, events []event) map[string][]string {
	t.Helper()
	program, err := streamsql.Compile(solar.Query, streamsql.Options{Inputs: []streamsql.InputOptions{{Name: "solar_telemetry", EventHub: true}}, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	source := &source{partitions: make([][]stream.Event, 4)}
	for _, e := range events {
		h := fnv.New32a()
		io.WriteString(h, e.key)
		p := int(h.Sum32() % 4)
		source.partitions[p] = append(source.partitions[p], stream.Event{
			Offset: int64(len(source.partitions[p])), Arrival: stream.Ticks(e.at), Body: e.body, PartitionKey: e.key,
		})
	}
	out := &sinks{rows: map[string][]string{}}
	job, err := stream.New(stream.Options{
		Name: "solar", Program: program, Sources: map[string]stream.Source{"solar_telemetry": source},
		Sinks:  map[string]stream.Sink{"solar_metrics": out.of("solar_metrics"), "solar_alerts": out.of("solar_alerts"), "alert": out.of("alert")},
		Policy: stream.DefaultTimePolicy(), Start: stream.StartAll,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := job.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return out.rows
}

// source is a hub in memory that ends.
type source struct{ partitions [][]stream.Event }

func (s *source) Partitions(context.Context) (int, error) { return len(s.partitions), nil }

func (s *source) Open(_ context.Context, partition int, _ stream.Position) (stream.Reader, error) {
	return &reader{left: s.partitions[partition]}, nil
}

type reader struct{ left []stream.Event }

func (r *reader) Read(_ context.Context, b *stream.Batch, most int) error {
	if len(r.left) == 0 {
		return io.EOF
	}
	n := min(most, len(r.left))
	b.Events = append(b.Events[:0], r.left[:n]...)
	r.left = r.left[n:]
	return nil
}

func (r *reader) Backlog() int64 { return int64(len(r.left)) }
func (r *reader) Close() error   { return nil }

type sinks struct {
	mu   sync.Mutex
	rows map[string][]string // guarded by mu
}

func (s *sinks) of(name string) stream.Sink { return sink{s, name} }

type sink struct {
	all  *sinks
	name string
}

func (s sink) Write(_ context.Context, b stream.OutputBatch) error {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	for _, r := range b.Rows {
		s.all.rows[s.name] = append(s.all.rows[s.name], string(r.JSON))
	}
	return nil
}

func TestPlants(t *testing.T) {
	plants, err := solar.Plants()
	if err != nil {
		t.Fatal(err)
	}
	stations, err := solar.Stations()
	if err != nil {
		t.Fatal(err)
	}
	seen, fleets, regions := map[string]bool{}, 0, map[string]bool{}
	for _, p := range plants {
		if seen[p.ID] || p.Lat < 33 || p.Lat > 39 || p.Lon < 125 || p.Lon > 131 || p.CapacityKW <= 0 || stations[p.Station] == nil {
			t.Errorf("plant %+v", p)
		}
		seen[p.ID], regions[p.Region] = true, true
		if strings.HasSuffix(p.ID, "-fleet") {
			fleets++
		}
	}
	if len(plants) != 101 || fleets != 14 || len(regions) != 17 {
		t.Error(fmt.Sprint(len(plants), " sites, ", fleets, " fleets, ", len(regions), " regions"))
	}
}

package main

// workload is one query in the languages of the engines.
type workload struct {
	name   string
	what   string
	inputs map[string]*dataset
	ours   string // SAQL
	flink  string // the SELECT
	sink   string // columns of Flink's sink
	beam   string // the pipeline's name in bench/peers/beam
	part   int    // divides the number of events, where peers take long; 0 for 1
	// checkpoints says to run it with checkpoints as well.
	checkpoints bool
	// memory: one window holds all events, so rows are keys that live at once.
	memory bool
	// big says to run it on 1-KB events as well, Lazuli alone.
	big bool
}

// onBig is the workload on events of 1 KB, Lazuli alone.
func (w workload) onBig() workload {
	b := workload{name: w.name + "-1k", what: "the same on 1-KB events, Lazuli alone", ours: w.ours, inputs: map[string]*dataset{}}
	for name, d := range w.inputs {
		b.inputs[name] = d.big()
	}
	return b
}

// workloads are the queries, each followed by its variant on larger events.
func workloads() []workload {
	var all []workload
	for _, w := range queries {
		if all = append(all, w); w.big {
			all = append(all, w.onBig())
		}
	}
	return all
}

var (
	few = &dataset{name: "keys100", keys: 100, rate: 10_000, size: 130, part: 1, seed: 1}
	// Beam's time for an event grows with the keys: it gets fewer events.
	manyFew = &dataset{name: "keys100k-tenth", keys: 100_000, rate: 100_000, size: 130, part: 10, seed: 3}
	many    = &dataset{name: "keys100k", keys: 100_000, rate: 100_000, size: 130, part: 1, seed: 3}
	million = &dataset{name: "keys1m", keys: 1_000_000, rate: 200_000, size: 130, part: 1, seed: 7}
	slow    = &dataset{name: "keys100-slow", keys: 100, rate: 200, size: 130, part: 1, seed: 4}
	joinOne = &dataset{name: "join-a", keys: 100_000, rate: 50_000, size: 130, part: 2, seed: 5}
	joinTwo = &dataset{name: "join-b", keys: 100_000, rate: 50_000, size: 130, part: 2, seed: 6}
)

func from(d *dataset) map[string]*dataset { return map[string]*dataset{"ev": d} }

const few100 = "tumbling-100"

const (
	ourTumbling = `SELECT COUNT(*) AS n, plant, System.Timestamp() AS at, AVG(power) AS mean, MIN(power) AS low, MAX(power) AS high
INTO out FROM ev TIMESTAMP BY ts GROUP BY plant, TumblingWindow(second, 10)`
	flinkTumbling = `SELECT COUNT(*), plant, window_end, AVG(power), MIN(power), MAX(power)
FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY plant, window_start, window_end`
	windowSink = "n BIGINT, plant STRING, `at` TIMESTAMP(3), mean DOUBLE, low DOUBLE, high DOUBLE"

	ourSession = `SELECT COUNT(*) AS n, plant, System.Timestamp() AS at, AVG(power) AS mean
INTO out FROM ev TIMESTAMP BY ts GROUP BY plant, SessionWindow(second, 1, 3600) OVER (PARTITION BY plant)`

	ourFilter   = `SELECT id, plant, power * 1.1 AS power INTO out FROM ev WHERE power > 900 AND temp < 40`
	flinkFilter = `SELECT id, plant, power * 1.1E0 FROM ev WHERE power > 900 AND temp < 40`
	filterSink  = "id BIGINT, plant STRING, power DOUBLE"
)

var queries = []workload{
	{name: "filter", what: "filter that 8 of 100 events pass, and projection", inputs: from(few), ours: ourFilter, flink: flinkFilter, sink: filterSink, beam: "filter"},
	{name: "filter-1k", what: "the same on 1-KB events", inputs: from(few.big()), ours: ourFilter, flink: flinkFilter, sink: filterSink, beam: "filter"},
	{name: few100, what: "10-second tumbling COUNT, AVG, MIN, MAX by 100 keys", inputs: from(few), ours: ourTumbling, flink: flinkTumbling, sink: windowSink, beam: "tumbling"},
	{name: "tumbling-1k", what: "the same on 1-KB events", inputs: from(few.big()), ours: ourTumbling, flink: flinkTumbling, sink: windowSink, beam: "tumbling"},
	{name: "tumbling-100k", what: "the same by 100,000 keys", inputs: from(many), ours: ourTumbling, flink: flinkTumbling, sink: windowSink, checkpoints: true, big: true},
	{name: "tumbling-100k-beam", what: "the same on a tenth of the events, beside Beam", inputs: from(manyFew), ours: ourTumbling, beam: "tumbling"},
	{name: "tumbling-1m", what: "the same by a million keys, Lazuli alone: memory", inputs: from(million), ours: ourTumbling, memory: true},
	{
		name: "hopping", what: "1-hour window every minute, by 100 keys", inputs: from(slow),
		ours: `SELECT COUNT(*) AS n, plant, System.Timestamp() AS at, AVG(power) AS mean, MIN(power) AS low, MAX(power) AS high
INTO out FROM ev TIMESTAMP BY ts GROUP BY plant, HoppingWindow(minute, 60, 1)`,
		flink: `SELECT COUNT(*), plant, window_end, AVG(power), MIN(power), MAX(power)
FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' HOUR)) GROUP BY plant, window_start, window_end`,
		sink: windowSink, big: true, part: 4,
	},
	{
		name: "sliding", what: "10-second sliding AVG by 100 keys, a row when an event enters or leaves, Lazuli alone: Flink and Beam have no such window", inputs: from(few),
		ours: `SELECT AVG(power) AS mean, plant INTO out FROM ev TIMESTAMP BY ts GROUP BY plant, SlidingWindow(second, 10)`,
		big:  true, part: 4,
	},
	{
		name: "rolling", what: "AVG OVER the last 10 seconds by 100 keys, a row for each event", inputs: from(few),
		ours: `SELECT AVG(power) OVER (PARTITION BY plant LIMIT DURATION(second, 10)) AS mean, plant INTO out FROM ev TIMESTAMP BY ts`,
		flink: `SELECT AVG(power) OVER w, plant FROM ev
WINDOW w AS (PARTITION BY plant ORDER BY ts RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW)`,
		sink: "mean DOUBLE, plant STRING", part: 4,
	},
	{
		name: "session", what: "sessions with gaps under one second, by 100,000 keys", inputs: from(many),
		ours: ourSession,
		// Flink and Beam join two events that are exactly the gap apart, we do not.
		flink: `SELECT COUNT(*), plant, window_end, AVG(power)
FROM TABLE(SESSION(TABLE ev PARTITION BY plant, DESCRIPTOR(ts), INTERVAL '0.999' SECOND)) GROUP BY plant, window_start, window_end`,
		sink: "n BIGINT, plant STRING, `at` TIMESTAMP(3), mean DOUBLE", big: true, part: 8,
	},
	{name: "session-beam", what: "the same on fewer events, beside Beam", inputs: from(manyFew), ours: ourSession, beam: "session", part: 4},
	{
		name: "join", what: "two streams of half the events each, by 100,000 keys, b within 2 seconds after a", inputs: map[string]*dataset{"a": joinOne, "b": joinTwo},
		ours: `SELECT a.id, b.id AS other, a.plant INTO out FROM a TIMESTAMP BY ts JOIN b TIMESTAMP BY ts
ON a.plant = b.plant AND DATEDIFF(millisecond, a, b) BETWEEN 0 AND 2000`,
		flink: `SELECT a.id, b.id, a.plant FROM a JOIN b ON a.plant = b.plant AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '2' SECOND`,
		sink:  "id BIGINT, other BIGINT, plant STRING", big: true, part: 2,
	},
	{
		name: "lag", what: "difference to the event before, by 100 keys", inputs: from(few),
		ours:  `SELECT id, plant, power - LAG(power) OVER (PARTITION BY plant LIMIT DURATION(hour, 1)) AS step INTO out FROM ev TIMESTAMP BY ts`,
		flink: `SELECT id, plant, power - LAG(power) OVER (PARTITION BY plant ORDER BY ts) FROM ev`,
		sink:  "id BIGINT, plant STRING, step DOUBLE", big: true, part: 2,
	},
}

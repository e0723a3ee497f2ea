package stream

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// naiveRow is an event in its place in time.
type naiveRow struct {
	time int64
	K    string
	V    int64
}

// naivePlace applies the time policies as the documentation words them, event
// by event, and sorts.
func naivePlace(t *testing.T, p TimePolicy, parts [][]Event) []naiveRow {
	var rows []naiveRow
	for _, events := range parts {
		newest := int64(minTime)
		for _, e := range events {
			var body struct {
				T string
				K string
				V int64
			}
			if err := json.Unmarshal(e.Body, &body); err != nil {
				t.Fatal(err)
			}
			at := parseTicks(t, body.T)
			if at > e.Arrival+ticksOf(EarlyLimit) {
				continue
			}
			if e.Arrival-at > ticksOf(p.Late) {
				if p.Drop {
					continue
				}
				at = e.Arrival - ticksOf(p.Late)
			}
			if wm := newest - ticksOf(p.OutOfOrder); at < wm {
				if p.Drop {
					continue
				}
				at = wm
			}
			newest = max(newest, at)
			rows = append(rows, naiveRow{at, body.K, body.V})
		}
	}
	slices.SortStableFunc(rows, func(a, b naiveRow) int { return int(min(max(a.time-b.time, -1), 1)) })
	return rows
}

// naiveGroup is a result row over a set of rows of one key.
func naiveGroup(k string, rows []naiveRow, end int64) string {
	sum, lo, hi := int64(0), rows[0].V, rows[0].V
	for _, r := range rows {
		sum, lo, hi = sum+r.V, min(lo, r.V), max(hi, r.V)
	}
	return fmt.Sprintf(`{"k":"%s","n":%d,"s":%d,"lo":%d,"hi":%d,"e":"%s"}`, k, len(rows), sum, lo, hi, naiveTime(end))
}

func naiveTime(ticks int64) string { return TimeOf(ticks).Format("2006-01-02T15:04:05.0000000Z") }

// byKey gives the rows of each key for which keep is true.
func byKey(rows []naiveRow, keep func(naiveRow) bool) map[string][]naiveRow {
	out := map[string][]naiveRow{}
	for _, r := range rows {
		if keep(r) {
			out[r.K] = append(out[r.K], r)
		}
	}
	return out
}

func naiveHopping(rows []naiveRow, size, hop, offset int64) (out []string) {
	first, last := rows[0].time, rows[len(rows)-1].time
	for end := first - first%hop + offset - 2*hop; end <= last+size+hop; end += hop {
		for k, in := range byKey(rows, func(r naiveRow) bool { return r.time > end-size && r.time <= end }) {
			out = append(out, naiveGroup(k, in, end))
		}
	}
	return out
}

func naiveSliding(rows []naiveRow, size int64) (out []string) {
	for k, all := range byKey(rows, func(naiveRow) bool { return true }) {
		enters := map[int64]bool{}
		instants := map[int64]bool{}
		for _, r := range all {
			enters[r.time], instants[r.time], instants[r.time+size] = true, true, true
		}
		for t := range instants {
			in := byKey(all, func(r naiveRow) bool {
				return r.time <= t && (r.time > t-size || enters[t] && r.time == t-size)
			})[k]
			if len(in) > 0 {
				out = append(out, naiveGroup(k, in, t))
			}
		}
	}
	return out
}

func naiveSession(rows []naiveRow, timeout, longest int64) (out []string) {
	for k, all := range byKey(rows, func(naiveRow) bool { return true }) {
		for len(all) > 0 {
			check := int64(0)
			for check < all[0].time+longest {
				check += longest * max((all[0].time+longest-check)/longest, 1)
			}
			n := 1
			for n < len(all) && all[n].time-all[n-1].time < timeout && all[n].time <= check {
				n++
			}
			out = append(out, naiveGroup(k, all[:n], min(all[n-1].time+timeout, check)))
			all = all[n:]
		}
	}
	return out
}

func naiveJoin(rows []naiveRow, low, high int64) (out []string) {
	const u = streamsql.TicksPerSecond
	for _, a := range rows {
		matched := false
		for _, b := range rows {
			if d := b.time/u - a.time/u; a.K == b.K && d >= low && d <= high && b.V > a.V {
				matched = true
				out = append(out, fmt.Sprintf(`{"k":"%s","x":%d,"y":%d,"e":"%s"}`, a.K, a.V, b.V, naiveTime(max(a.time, b.time))))
			}
		}
		if !matched {
			end := max((a.time/u+high+1)*u-1, a.time)
			out = append(out, fmt.Sprintf(`{"k":"%s","x":%d,"y":null,"e":"%s"}`, a.K, a.V, naiveTime(end)))
		}
	}
	return out
}

func naiveAnalytic(rows []naiveRow, duration int64) (out []string) {
	for i, r := range rows {
		var before []naiveRow
		sum := int64(0)
		for _, x := range rows[:i+1] {
			if x.K == r.K && r.time-x.time <= duration {
				sum += x.V
			}
		}
		for _, x := range rows[:i] {
			if x.K == r.K {
				before = append(before, x)
			}
		}
		lag := "null"
		if n := len(before); n >= 2 && r.time-before[n-2].time <= duration {
			lag = fmt.Sprint(before[n-2].V)
		}
		out = append(out, fmt.Sprintf(`{"k":"%s","v":%d,"l":%s,"s":%d}`, r.K, r.V, lag, sum))
	}
	return out
}

// TestNaive compares jobs on random streams, with disorder, lateness and
// duplicates, with evaluators that apply the definitions to all rows at once.
func TestNaive(t *testing.T) {
	const s = streamsql.TicksPerSecond
	stats := "COUNT(*) AS n, SUM(v) AS s, MIN(v) AS lo, MAX(v) AS hi, System.Timestamp() AS e INTO o FROM i TIMESTAMP BY t GROUP BY k, "
	cases := []struct {
		name, query string
		naive       func([]naiveRow) []string
	}{
		{"tumbling", "SELECT k, " + stats + "TumblingWindow(second, 7)", func(r []naiveRow) []string { return naiveHopping(r, 7*s, 7*s, 0) }},
		{"hopping", "SELECT k, " + stats + "HoppingWindow(Duration(second, 25), Hop(second, 10), Offset(second, 3))", func(r []naiveRow) []string { return naiveHopping(r, 25*s, 10*s, 3*s) }},
		{"hopping in panes", "SELECT k, " + stats + "HoppingWindow(second, 60, 4)", func(r []naiveRow) []string { return naiveHopping(r, 60*s, 4*s, 0) }},
		{"sliding", "SELECT k, " + stats + "SlidingWindow(second, 3)", func(r []naiveRow) []string { return naiveSliding(r, 3*s) }},
		{"session", "SELECT k, " + stats + "SessionWindow(second, 2, 11) OVER (PARTITION BY k)", func(r []naiveRow) []string { return naiveSession(r, 2*s, 11*s) }},
		{"left join", "SELECT a.k, a.v AS x, b.v AS y, System.Timestamp() AS e INTO o FROM i a TIMESTAMP BY t LEFT JOIN i b TIMESTAMP BY t ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN -1 AND 3 AND b.v > a.v", func(r []naiveRow) []string { return naiveJoin(r, -1, 3) }},
		{"analytic", "SELECT k, v, LAG(v, 2) OVER (PARTITION BY k LIMIT DURATION(second, 5)) AS l, SUM(v) OVER (PARTITION BY k LIMIT DURATION(second, 5)) AS s INTO o FROM i TIMESTAMP BY t", func(r []naiveRow) []string { return naiveAnalytic(r, 5*s) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(8) {
				rng := rand.New(rand.NewPCG(seed, 7))
				policy := TimePolicy{Late: 60e9, OutOfOrder: []time.Duration{0, time.Second, 5 * time.Second}[seed%3], Drop: seed%2 == 1}
				parts := randomEvents(rng, 1+int(seed%3), 250)
				want := c.naive(naivePlace(t, policy, parts))
				got := runToEnd(t, c.query, policy, parts)
				slices.Sort(want)
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d, %+v (-want +got):\n%s", seed, policy, diff)
				}
			}
		})
	}
}

// naivePlaceOver applies the time policies of TIMESTAMP BY … OVER k: events in
// order of arrival, each key with a time of its own.
func naivePlaceOver(t *testing.T, p TimePolicy, parts [][]Event) []naiveRow {
	var all []Event
	for _, part := range parts {
		all = append(all, part...)
	}
	slices.SortStableFunc(all, func(a, b Event) int { return int(min(max(a.Arrival-b.Arrival, -1), 1)) })
	byKey := map[string][]Event{}
	for _, e := range all {
		var body struct{ K string }
		if err := json.Unmarshal(e.Body, &body); err != nil {
			t.Fatal(err)
		}
		byKey[body.K] = append(byKey[body.K], e)
	}
	var rows []naiveRow
	for _, events := range byKey {
		rows = append(rows, naivePlace(t, p, [][]Event{events})...)
	}
	slices.SortStableFunc(rows, func(a, b naiveRow) int { return int(min(max(a.time-b.time, -1), 1)) })
	return rows
}

// TestNaiveSubstreams: windows, sessions and joins of each key of TIMESTAMP BY …
// OVER are what they are when the key is alone.
func TestNaiveSubstreams(t *testing.T) {
	const s = streamsql.TicksPerSecond
	const stats = "COUNT(*) AS n, SUM(v) AS s, MIN(v) AS lo, MAX(v) AS hi, System.Timestamp() AS e INTO o FROM i TIMESTAMP BY t OVER k GROUP BY k, "
	for name, c := range map[string]struct {
		query string
		naive func([]naiveRow) []string
	}{
		"tumbling": {"SELECT k, " + stats + "TumblingWindow(second, 5)", func(r []naiveRow) []string { return naiveHopping(r, 5*s, 5*s, 0) }},
		"hopping":  {"SELECT k, " + stats + "HoppingWindow(second, 12, 5)", func(r []naiveRow) []string { return naiveHopping(r, 12*s, 5*s, 0) }},
		"sliding":  {"SELECT k, " + stats + "SlidingWindow(second, 3)", func(r []naiveRow) []string { return naiveSliding(r, 3*s) }},
		"session":  {"SELECT k, " + stats + "SessionWindow(second, 2, 11) OVER (PARTITION BY k)", func(r []naiveRow) []string { return naiveSession(r, 2*s, 11*s) }},
		"left join": {
			"SELECT a.k, a.v AS x, b.v AS y, System.Timestamp() AS e INTO o FROM i a TIMESTAMP BY t OVER k LEFT JOIN i b TIMESTAMP BY t OVER k ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN -1 AND 3 AND b.v > a.v",
			func(r []naiveRow) []string { return naiveJoin(r, -1, 3) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(6) {
				rng := rand.New(rand.NewPCG(seed, 11))
				policy := TimePolicy{Late: 60e9, OutOfOrder: []time.Duration{0, time.Second, 5 * time.Second}[seed%3], Drop: seed%2 == 1}
				parts := randomEvents(rng, 1+int(seed%3), 250)
				want := c.naive(naivePlaceOver(t, policy, parts))
				got := runToEnd(t, c.query, policy, parts)
				slices.Sort(want)
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d, %+v (-want +got):\n%s", seed, policy, diff)
				}
			}
		})
	}
}

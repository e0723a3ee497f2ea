package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

const copyQuery = "SELECT x INTO out FROM readings"

// jobInto is a project with one job, from hub readings to the output. input and
// job are more of their keys, each after a comma.
func jobInto(output, input, job string) string {
	return "stream: {jobs: {j: {query: j.asaql, inputs: {readings: {hub: readings" + input + "}}, outputs: {out: " + output + "}" + job + "}}}\n"
}

// jobToFile is jobInto a file, with its hub.
func jobToFile(input, job string) string { return oneHub + jobInto("{file: out.jsonl}", input, job) }

func query(text string) map[string]string { return map[string]string{"j.asaql": text} }

// rows sends events and waits for so many rows of the output file.
func rows(n int, bodies ...string) func(r *rig) string {
	return func(r *rig) string {
		r.send("readings", bodies...)
		return r.fields(n, func() string { return r.lines("out.jsonl") })
	}
}

// ago is a time before now, as events say it.
func ago(d time.Duration) string { return time.Now().Add(-d).UTC().Format(time.RFC3339) }

// timed is an event of a time before now.
func timed(x int, d time.Duration) string { return fmt.Sprintf(`{"x":%d,"t":%q}`, x, ago(d)) }

// jobKeys are a job's own keys.
func jobKeys() map[string]keyCase {
	byTime := query("SELECT x INTO out FROM readings TIMESTAMP BY t")
	return map[string]keyCase{
		"stream.jobs.*.query": {yaml: jobToFile("", ""), files: query(copyQuery), want: `{"x":1}`, probe: rows(1, `{"x":1}`)},
		"stream.jobs.*.functions": {
			yaml: jobToFile("", ", functions: [lib/twice.js]"), want: `{"x":4}`, probe: rows(1, `{"x":2}`),
			files: map[string]string{"j.asaql": "SELECT udf.twice(x) AS x INTO out FROM readings", "lib/twice.js": "function main(x) { return 2 * x; }"},
		},
		"stream.jobs.*.late": {
			yaml: jobToFile("", ", start: all, late: 1h, timePolicy: drop"), files: byTime, want: `{"x":1} {"x":2}`,
			probe: func(r *rig) string { return rows(2, timed(1, 10*time.Minute), timed(2, 0))(r) },
		},
		"stream.jobs.*.outOfOrder": {
			yaml: jobToFile("", ", start: all, late: 1h, outOfOrder: 1m, timePolicy: drop"), files: byTime, want: `{"x":2} {"x":1}`,
			probe: func(r *rig) string {
				return rows(2, timed(1, 10*time.Minute), timed(2, 10*time.Minute+30*time.Second), timed(3, 5*time.Minute))(r)
			},
		},
		"stream.jobs.*.timePolicy": {
			yaml: jobToFile("", ", start: all, timePolicy: drop"), files: byTime, want: `{"x":2}`,
			probe: func(r *rig) string { return rows(1, timed(1, time.Hour), timed(2, 0))(r) },
		},
		"stream.jobs.*.errors": {
			yaml: oneHub + oneBase + jobInto("{container: db/docs, id: x}", "", ", errors: drop"), files: query("SELECT * INTO out FROM readings"), want: "good",
			probe: func(r *rig) string {
				r.send("readings", `{"y":"bad"}`, `{"x":"good"}`)
				return r.fields(1, func() string { return r.query("db", "docs", "SELECT VALUE c.id FROM c") })
			},
		},
		"stream.jobs.*.start": {
			yaml: jobToFile("", ", start: all"), files: query(copyQuery), want: `{"x":1} {"x":2}`, probe: rows(2, `{"x":2}`),
			before: func(t *testing.T, s *dataFolder) { send(t, s.hubs, "readings", 0, `{"x":1}`) },
		},
		"stream.jobs.*.checkpoint": {yaml: jobToFile("", ", checkpoint: 20ms"), files: query(copyQuery), want: "checkpoints", probe: func(r *rig) string {
			return r.until(func() string {
				r.send("readings", `{"x":1}`)
				if r.job().Checkpoints < 4 { // the default's come every 10 s
					return "hardly any checkpoint"
				}
				return "checkpoints"
			}, func(s string) bool { return s == "checkpoints" })
		}},
		"stream.jobs.*.disabled": {yaml: jobToFile("", ", disabled: true"), files: query(copyQuery), want: "0 jobs ", probe: func(r *rig) string {
			return r.job().State
		}},
	}
}

// failure waits until the job fails and says what it held too much of.
func failure(bodies ...string) func(r *rig) string {
	return func(r *rig) string {
		r.send("readings", bodies...)
		why := r.until(func() string { return r.job().Failed }, func(s string) bool { return s != "" })
		if why == "" {
			return jobs.Running
		}
		_, what, _ := strings.Cut(why, "more than ")
		what, _, _ = strings.Cut(what, ";")
		return what
	}
}

// jobLimitKeys are what a job may hold.
func jobLimitKeys() map[string]keyCase {
	limit := func(text string) string { return jobToFile("", ", limits: {"+text+"}") }
	count := query("SELECT x, COUNT(*) AS n INTO out FROM readings GROUP BY x, TumblingWindow(hour, 1)")
	three := []string{`{"x":1}`, `{"x":2}`, `{"x":3}`}
	return map[string]keyCase{
		"stream.jobs.*.limits.keys": {yaml: limit("keys: 2"), files: count, want: "2 keys at once", probe: failure(three...)},
		"stream.jobs.*.limits.heldRows": {
			yaml: limit("heldRows: 2"), want: "2 rows held", probe: failure(three...),
			files: query("SELECT a.x INTO out FROM readings a JOIN readings b ON a.x = b.y AND DATEDIFF(minute, a, b) BETWEEN 0 AND 10"),
		},
		"stream.jobs.*.limits.stateMB": {
			yaml: limit("stateMB: 1"), want: "1048576 bytes of state",
			files: query("SELECT COLLECT(x) AS all_x INTO out FROM readings GROUP BY TumblingWindow(hour, 1)"),
			probe: func(r *rig) string {
				large := `{"x":"` + strings.Repeat("x", 400_000) + `"}`
				return failure(large, large, large, large)(r)
			},
		},
		"stream.jobs.*.limits.partials": {
			yaml: limit("partials: 2"), want: "2 partial matches at once", probe: failure(three...),
			files: query("SELECT n INTO out FROM readings MATCH_RECOGNIZE (LIMIT DURATION(hour, 1) MEASURES Last(B.x) AS n PATTERN (A+ B) DEFINE A AS A.x > 0, B AS B.x < 0) AS m"),
		},
	}
}

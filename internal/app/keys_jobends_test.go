package app

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// jobInputKeys are a job's inputs.
func jobInputKeys() map[string]keyCase {
	refers := func(reference string) string {
		return oneHub + oneBase + "stream: {jobs: {j: {query: j.asaql, outputs: {out: {file: out.jsonl}}, inputs: {readings: {hub: readings}, names: {reference: " + reference + "}}}}}"
	}
	joined := "SELECT names.name AS x INTO out FROM readings JOIN names ON readings.id = names.id"
	first := map[string]string{"j.asaql": joined, "names.json": `[{"id":"1","name":"first"}]`}
	return map[string]keyCase{
		"stream.jobs.*.inputs.*.hub": {yaml: jobToFile("", ""), files: query(copyQuery), want: `{"x":1}`, probe: rows(1, `{"x":1}`)},
		"stream.jobs.*.inputs.*.consumerGroup": {
			yaml: "eventHubs: {hubs: {readings: {partitions: 1, consumerGroups: [wall]}}}\n" + jobInto("{file: out.jsonl}", ", consumerGroup: wall", ""), files: query(copyQuery), want: "wall",
			probe: func(r *rig) string { return r.job().Inputs[0].Group },
		},
		"stream.jobs.*.inputs.*.partitionKey": {
			yaml:  "eventHubs: {hubs: {readings: {partitions: 2}}}\n" + jobInto("{file: out.jsonl}", ", partitionKey: x", ""),
			files: query("SELECT x, COUNT(*) AS n INTO out FROM readings GROUP BY x, TumblingWindow(hour, 1)"), want: "2 lanes",
			probe: func(r *rig) string { return fmt.Sprint(r.job().Lanes, " lanes") },
		},
		"stream.jobs.*.inputs.*.reference.file": {yaml: refers("{file: names.json}"), files: first, want: `{"x":"first"}`, probe: rows(1, `{"id":"1"}`)},
		"stream.jobs.*.inputs.*.reference.container": {
			yaml: refers("{container: db/docs}"), files: first, want: `{"x":"kept"}`, probe: rows(1, `{"id":"1"}`),
			before: func(t *testing.T, s *dataFolder) {
				writeDocument(t, s, `{"id":"1","k":"a","name":"kept"}`)
			},
		},
		"stream.jobs.*.inputs.*.reference.refresh": {yaml: refers("{file: names.json, refresh: 20ms}"), files: first, want: "second", probe: func(r *rig) string {
			if err := os.WriteFile(filepath.Join(r.dir, "names.json"), []byte(`[{"id":"1","name":"second"}]`), 0o600); err != nil {
				return err.Error()
			}
			return r.until(func() string {
				r.send("readings", `{"id":"1"}`)
				if strings.Contains(r.lines("out.jsonl"), "second") {
					return "second"
				}
				return "first"
			}, func(s string) bool { return s == "second" })
		}},
	}
}

// jobOutputKeys are a job's outputs.
func jobOutputKeys() map[string]keyCase {
	whole := query("SELECT * INTO out FROM readings")
	documents := func(text string) func(r *rig) string {
		return func(r *rig) string {
			r.send("readings", `{"x":"1","k":"a"}`)
			return r.fields(1, func() string { return r.query("db", "docs", text) })
		}
	}
	toHub := func(more string) string {
		return "eventHubs: {hubs: {readings: {partitions: 1}, sent: {partitions: 1}}}\n" + jobInto("{hub: sent"+more+"}", "", "")
	}
	// sent is what shows of the one event.
	sent := func(show func(key, body string, properties json.RawMessage) string) func(r *rig) string {
		return func(r *rig) string {
			r.send("readings", `{"x":"1"}`)
			return r.fields(1, func() string {
				all := r.events("sent")
				if len(all) == 0 {
					return ""
				}
				return strings.TrimSpace(show(all[0].Key, all[0].Body, all[0].Properties))
			})
		}
	}
	body := sent(func(_, body string, _ json.RawMessage) string { return body })
	return map[string]keyCase{
		"stream.jobs.*.outputs.*.container": {
			yaml: oneHub + oneBase + jobInto("{container: db/docs}", "", ""), files: whole, want: "1", probe: documents("SELECT VALUE c.x FROM c"),
		},
		"stream.jobs.*.outputs.*.id": {
			yaml: oneHub + oneBase + jobInto("{container: db/docs, id: x}", "", ""), files: whole, want: "1", probe: documents("SELECT VALUE c.id FROM c"),
		},
		"stream.jobs.*.outputs.*.hub": {yaml: toHub(""), files: query(copyQuery), want: `{"x":"1"}`, probe: body},
		"stream.jobs.*.outputs.*.partitionKey": {yaml: toHub(", partitionKey: x"), files: query(copyQuery), want: "key 1", probe: sent(
			func(key, _ string, _ json.RawMessage) string { return "key " + key })},
		"stream.jobs.*.outputs.*.format": {yaml: toHub(", format: csv"), files: query(copyQuery), want: "x 1", probe: sent(
			func(_, body string, _ json.RawMessage) string { return strings.Join(strings.Fields(body), " ") })},
		"stream.jobs.*.outputs.*.properties": {yaml: toHub(", properties: [x]"), files: query(copyQuery), want: `{"x":"1"}`, probe: sent(
			func(_, _ string, properties json.RawMessage) string { return string(properties) })},
		"stream.jobs.*.outputs.*.function.app":   toFunction(),
		"stream.jobs.*.outputs.*.function.route": toFunction(),
		"stream.jobs.*.outputs.*.dataset": {
			yaml: oneHub + jobInto("{dataset: pushed}", "", ""), want: "7",
			files: map[string]string{"j.asaql": "SELECT * INTO out FROM readings", "dashboards/b.json": `{"name":"b","title":"B","datasets":{"pushed":{"push":true}},"tiles":[
				{"type":"map","title":"X","dataset":"pushed","key":"k","lat":"lat","lon":"lon","value":"x","detail":[{"field":"x","title":"X"}]}]}`},
			probe: func(r *rig) string {
				r.send("readings", `{"k":"a","x":7,"lat":1,"lon":2}`)
				return r.fields(1, func() string { return r.site("a") })
			},
		},
		"stream.jobs.*.outputs.*.file": {yaml: jobToFile("", ""), files: query(copyQuery), want: `{"x":1}`, probe: rows(1, `{"x":1}`)},
	}
}

// toFunction is a job whose rows go to an HTTP function.
func toFunction() keyCase {
	app := functionKeys()["functions.apps.*.path"]
	app.yaml = oneHub + app.yaml + "\n" + jobInto("{function: {app: one, route: rows}}", "", "")
	app.files["j.asaql"] = copyQuery
	app.want = `[{"x":1}]`
	app.probe = func(r *rig) string {
		r.send("readings", `{"x":1}`)
		return r.fields(1, func() string { return r.lines("app/rows.json") })
	}
	return app
}

// writeDocument puts a document into container db/docs.
func writeDocument(t *testing.T, s *dataFolder, body string) {
	db, err := s.account.Database("db")
	if err != nil {
		t.Error(err)
		return
	}
	c, err := db.Container("docs")
	if err != nil {
		t.Error(err)
		return
	}
	done, err := c.Write(t.Context(), []docstore.Op{{Kind: docstore.Create, Body: []byte(body)}}, false)
	if err == nil {
		err = done[0].Err
	}
	if err != nil {
		t.Error(err)
	}
}

// site is what the map of dashboard b knows of a site.
func (r *rig) site(key string) string {
	var past dashboard.LineView
	if fault := r.portal("GET", "/api/dashboards/b/tiles/0/history?key="+key, "", &past); fault != "" {
		return fault
	}
	if len(past.Series) == 0 || len(past.Series[0].Values) == 0 {
		return ""
	}
	return fmt.Sprint(*past.Series[0].Values[0])
}

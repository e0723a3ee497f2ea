package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// answer is a query's rows, a line each, values with bars between them.
func answer(t testing.TB, tables kql.Tables, query string) string {
	t.Helper()
	result, err := kql.Run(context.Background(), tables, query, kql.Options{Now: someday.Add(2 * time.Hour)})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var b strings.Builder
	for row := range result.All() {
		for k, v := range row {
			if k > 0 {
				b.WriteByte('|')
			}
			switch v.Kind() {
			case kql.Bool:
				fmt.Fprint(&b, v.Bool())
			case kql.Real:
				fmt.Fprint(&b, v.Real())
			case kql.String:
				b.WriteString(v.Text())
			default:
				fmt.Fprint(&b, v.Int())
			}
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Queries find in sealed groups and in the open one what was put, under both
// names and with both forms of success.
func TestQueries(t *testing.T) {
	testkit.NoLeaks(t)
	s := start(t, Options{FS: vfs.NewMem(), GroupItems: 1000, Component: Component{AppName: "shop"}})
	m := &mixed{every: time.Second}
	failed, stored := 0, 0
	var last *item.Item
	for range 2600 {
		i := m.next()
		switch b := i.Body.(type) {
		case *item.Request:
			last = i
			if !b.Success {
				failed++
			}
		case *item.Trace:
			stored++
		}
		s.put(i)
	}
	s.flush()
	tables := Tables(s.Store)
	for _, c := range []struct{ query, want string }{
		{`requests | count`, "650"},
		{`requests | where success == false | count`, fmt.Sprint(failed)},
		{`requests | where success == "False" | count`, fmt.Sprint(failed)},
		{`AppRequests | where Success == false | count`, fmt.Sprint(failed)},
		{`AppRequests | where not(Success) | summarize count() by ResultCode`, fmt.Sprintf("500|%d", failed)},
		{`traces | where message has "stored" | count`, fmt.Sprint(stored)},
		{`traces | where message contains "TORE" and severityLevel == 1 | count`, fmt.Sprint(stored)},
		{`traces | where message has "store" | count`, "0"},
		{fmt.Sprintf(`union * | where operation_Id == "%s" | summarize count() by itemType | order by itemType asc`, last.Operation.ID), "dependency|1\nrequest|1\ntrace|2"},
		{fmt.Sprintf(`requests | where customDimensions.InvocationId == "%s" | project id, name`, last.Properties[2].Value), last.Body.(*item.Request).ID + "|" + last.Operation.Name},
		{`requests | where timestamp >= datetime(2026-11-30 08:10) and timestamp < datetime(2026-11-30 08:20) | count`, "150"},
		{`requests | top 1 by timestamp | project id`, last.Body.(*item.Request).ID},
		{`requests | take 1 | project appName, itemType, itemCount, performanceBucket != ""`, "shop|request|1|true"},
		{`requests | summarize sum(itemCount), dcount(itemId)`, "650|650"},
		{`search "upsert" | count`, "650"},
	} {
		if got := answer(t, tables, c.query); got != c.want {
			t.Errorf("%s: %s, want %s", c.query, got, c.want)
		}
	}
	id := answer(t, tables, `requests | take 1 | project itemId`)
	if got := answer(t, tables, `requests | where itemId == "`+id+`" | project itemId`); got != id {
		t.Errorf("item %s is not found by its id: %s", id, got)
	}
}

// BenchmarkQuery runs whole queries over all rows.
func BenchmarkQuery(b *testing.B) {
	s := many(b)
	tables := Tables(s)
	m := &mixed{n: uint64(s.Stats().Items/2) | 3}
	trace := m.next().Operation.ID
	for _, c := range []struct{ name, query string }{
		{"failures", `requests | where timestamp between (datetime(2026-11-30 08:00) .. 1h) and success == false | summarize sum(itemCount) by operation_Name, resultCode`},
		{"newest failures", `requests | where success == false | top 100 by timestamp`},
		{"failures over time", `requests | where success == false | summarize sum(itemCount) by bin(timestamp, 1m)`},
		{"percentiles", `requests | summarize percentiles(duration, 50, 95, 99) by operation_Name`},
		{"a trace", `union * | where operation_Id == "` + trace + `" | project timestamp, itemType, itemId`},
		{"a rare word", `traces | where message has "device77" and message has "314159" | count`},
		{"a frequent word", `traces | where message has "device77" | count`},
		{"part of a word", `traces | where message contains "evice77 was" | count`},
		{"everywhere", `search "` + trace + `" | count`},
	} {
		b.Run(strings.ReplaceAll(c.name, " ", "_"), func(b *testing.B) {
			for b.Loop() {
				answer(b, tables, c.query)
			}
		})
	}
}

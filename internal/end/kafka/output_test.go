package kafka

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func (r *rig) output(properties string) (output.Output, error) {
	opened := &output.Opened[string, *producer]{}
	r.t.Cleanup(func() {
		_ = opened.Use(context.Background(), r.key(properties), func(context.Context) (*producer, error) { return nil, fmt.Errorf("none") }, func(p *producer) error { p.Close(); return nil })
	})
	return newOutput(output.Setup{
		Binding: endtest.Parse(r.t, `{"name":"o","type":"kafka","direction":"out","brokerList":"BROKERS","topic":"to-{id}"`+properties+`}`), Settings: r.settings(),
	}, opened)
}

func (r *rig) settings() *settings.Settings {
	return settings.New(map[string]string{"BROKERS": r.brokers, "PASSWORD": "secret"})
}

func (r *rig) key(properties string) string {
	c, err := readCluster(endtest.Parse(r.t, `{"name":"o","type":"kafka","brokerList":"BROKERS"`+properties+`}`), r.settings(), "")
	if err != nil {
		return ""
	}
	return c.key
}

// got reads what a topic has.
func (r *rig) got(topic string, n int, options ...kgo.Opt) (all []string) {
	r.t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(r.cluster.ListenAddrs()...), kgo.ConsumeTopics(topic))...)
	if err != nil {
		r.t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	for len(all) < n && ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(record *kgo.Record) {
			line := fmt.Sprintf("%s=%s", record.Key, record.Value)
			for _, h := range record.Headers {
				line += " " + h.Key + ":" + string(h.Value)
			}
			all = append(all, line)
		})
	}
	return all
}

// TestOutput: text, bytes, JSON, a list and an envelope become events.
func TestOutput(t *testing.T) {
	testkit.NoLeaks(t)
	r := newRigWith(t, nil, nil, kfake.SeedTopics(1, "to-7"))
	o, err := r.output(`,"lingerMs":0,"enableIdempotence":true`)
	if err != nil {
		t.Fatal(err)
	}
	values := expr.Values{Lookup: func(name string) (string, bool) { return "7", name == "id" }}
	n := 0
	for _, v := range []*funcrpc.TypedData{
		trigger.Text("text"), trigger.Bytes([]byte("bytes")), trigger.JSON(`{"a":1}`), trigger.JSON(`["x",{"b":2}]`), nil,
		trigger.Text(`{"Offset":364,"Partition":0,"Topic":"else","Timestamp":"2022-04-09T03:20:06.591Z","Value":"{\"m\":1}","Key":"key","Headers":[{"Key":"h","Value":"python"}]}`),
	} {
		w, err := o.Write(t.Context(), v, values)
		if err != nil {
			t.Fatal(err)
		}
		n += w.Events
	}
	want := []string{"=text", "=bytes", `={"a":1}`, "=x", `={"b":2}`, `key={"m":1} h:python`}
	if diff := cmp.Diff(want, r.got("to-7", len(want))); diff != "" || n != len(want) {
		t.Error(n, diff)
	}
	if p := o.Place(); p.Target != "to-{id}" || p.Host != "127.0.0.1" {
		t.Errorf("%+v", p)
	}
	if _, err := o.Write(t.Context(), trigger.Text("x"), expr.Values{}); err == nil || !strings.Contains(err.Error(), "{id} is not defined") {
		t.Error(err)
	}
	if _, err := o.Write(t.Context(), trigger.Text(strings.Repeat("x", 2_000_000)), values); err == nil || !strings.Contains(err.Error(), "event 1 of 1 to topic to-7") {
		t.Error(err)
	}
}

// FuzzEnvelope: no event makes the reader fail, and one that is no envelope is sent as
// it is.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"Offset":364,"Partition":0,"Topic":"t","Timestamp":"","Value":"v","Headers":[{"Key":"h","Value":"x"}]}`))
	f.Add([]byte(`{"Offset":0,"Partition":0,"Topic":"t","Timestamp":"","Value":null,"Key":null,"Headers":[]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := outgoing("t", body)
		if _, isOne := readEnvelope(body); !isOne && string(r.Value) != string(body) {
			t.Errorf("%q became %q", body, r.Value)
		}
	})
}

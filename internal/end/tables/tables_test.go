package tables

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// world is the real engine, empty.
type world struct {
	t       *testing.T
	account tablestore.Account
	asked   []Use // what was asked for, besides reading
}

func newWorld(t *testing.T) *world {
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	store, err := tablestore.Open(tablestore.Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(store.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return &world{t: t, account: store.Account(1)}
}

func (w *world) end() End {
	return End{Tables: &Local{At: func(settings.Connection) (Account, error) {
		return Account{
			Tables: w.account,
			Make: func(ctx context.Context, name string) error {
				_, err := w.account.CreateTable(ctx, name)
				return err
			},
			May: func(u Use, _ string) error {
				if u != Read {
					w.asked = append(w.asked, u)
				}
				return nil
			},
		}, nil
	}}}
}

func (w *world) output(more string) output.Output {
	w.t.Helper()
	o, err := w.end().Output().New(output.Setup{
		Binding: endtest.Parse(w.t, `{"name":"o","type":"table","direction":"out","tableName":"people"`+more+`}`), Settings: settings.New(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// read is what a function gets of an input with those properties.
func (w *world) read(properties string, values map[string]string) (string, error) {
	w.t.Helper()
	in, err := w.end().Input().New(input.Setup{Binding: endtest.Parse(w.t, `{"name":"i","type":"table",`+properties+`}`), Settings: settings.New()})
	if err != nil {
		return "", err
	}
	v, err := in.Read(w.t.Context(), given(values))
	if v.GetData() == nil {
		return "nothing", err
	}
	return v.GetJson(), err
}

func given(pairs map[string]string) expr.Values {
	return expr.Values{Lookup: func(name string) (string, bool) { v, ok := pairs[name]; return v, ok }}
}

func (w *world) write(o output.Output, v *funcrpc.TypedData) (output.Written, error) {
	return o.Write(w.t.Context(), v, given(map[string]string{"id": "7"}))
}

// TestEntities: what a function puts out, and what another is given of it.
func TestEntities(t *testing.T) {
	w := newWorld(t)
	if got, err := w.read(`"tableName":"people"`, nil); got != "[]" || err != nil {
		t.Errorf("without a table %s, %v", got, err)
	}
	if got, err := w.read(`"tableName":"people","partitionKey":"a","rowKey":"1"`, nil); got != "nothing" || err != nil {
		t.Errorf("without a table %s, %v", got, err)
	}
	n, err := w.write(w.output(`,"partitionKey":"a","rowKey":"{id}"`), trigger.JSON(
		`[{"Name":"Pat","Age":37,"Score":1.0,"Active":true,"Gone":null,"Tags":["x",1],"Timestamp":"2020-01-01T00:00:00Z"},{"partitionkey":"b","ROWKEY":"2","Name":"O'Neil"}]`))
	if err != nil || n.Documents != 2 {
		t.Fatal(n, err)
	}
	one := `{"PartitionKey":"a","RowKey":"7","Name":"Pat","Age":37,"Score":1.0,"Active":true,"Tags":"[\n  \"x\",\n  1\n]"}`
	two := `{"PartitionKey":"b","RowKey":"2","Name":"O'Neil"}`
	for _, c := range []struct {
		properties string
		values     map[string]string
		want       string
	}{
		{`"partitionKey":"{p}","rowKey":"{r}"`, map[string]string{"p": "a", "r": "7"}, one},
		{`"partitionKey":"{p}","rowKey":"{r}"`, map[string]string{"p": "a", "r": "8"}, "nothing"},
		{`"take":0`, nil, "[" + one + "," + two + "]"},
		{`"take":1`, nil, "[" + one + "]"},
		{`"partitionKey":"b"`, nil, "[" + two + "]"},
		{`"filter":"Age gt {age}"`, map[string]string{"age": "36"}, "[" + one + "]"},
		{`"filter":"Name eq '{name}'"`, map[string]string{"name": "O'Neil"}, "[" + two + "]"},
		{`"filter":"Name eq '{name}'"`, map[string]string{"name": "x' or Name ne '"}, "[]"},
		{`"partitionKey":"b'","filter":"Name eq 'x'"`, nil, "[]"},
	} {
		if got, err := w.read(`"tableName":"people",`+c.properties, c.values); err != nil || got != c.want {
			t.Errorf("%s of %v:\n%s, %v\nwant\n%s", c.properties, c.values, got, err, c.want)
		}
	}
	for properties, want := range map[string]string{`"filter":"Age gt {age}"`: "must be a number, true or false", `"filter":"Age like 1"`: `filter: `} {
		if _, err := w.read(`"tableName":"people",`+properties, map[string]string{"age": "1 or Age lt 99"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", properties, err)
		}
	}
}

// TestInsert: an entity must be new unless its ETag says otherwise, and those of a
// partition come together or not at all.
func TestInsert(t *testing.T) {
	w := newWorld(t)
	o := w.output("")
	put := func(text string) error { _, err := w.write(o, trigger.JSON(text)); return err }
	if err := put(`{"PartitionKey":"a","RowKey":"1","n":1}`); err != nil {
		t.Fatal(err)
	}
	if err := put(`[{"PartitionKey":"a","RowKey":"0"},{"PartitionKey":"a","RowKey":"1"},{"PartitionKey":"b","RowKey":"1"}]`); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second one: %v", err)
	}
	if got, _ := w.read(`"tableName":"people"`, nil); got != `[{"PartitionKey":"a","RowKey":"1","n":1}]` {
		t.Errorf("after the conflict %s", got)
	}
	if diff := cmp.Diff([]Use{Add, Add}, w.asked); diff != "" {
		t.Error(diff)
	}
	w.asked = nil
	if err := put(`{"PartitionKey":"a","RowKey":"1","n":2,"ETag":"*"}`); err != nil {
		t.Error(err)
	}
	if err := put(`{"PartitionKey":"a","RowKey":"1","n":3,"odata.etag":"W/\"datetime'2021-04-06T21%3A03%3A31.9231271Z'\""}`); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("of another state: %v", err)
	}
	if got, _ := w.read(`"tableName":"people","partitionKey":"a","rowKey":"1"`, nil); got != `{"PartitionKey":"a","RowKey":"1","n":2}` {
		t.Errorf("replaced it is %s", got)
	}
	if diff := cmp.Diff([]Use{Add, Change, Change}, w.asked); diff != "" {
		t.Error(diff)
	}
}

// TestMany: more than a transaction takes, and one entity twice.
func TestMany(t *testing.T) {
	w := newWorld(t)
	var all []string
	for i := range 250 {
		all = append(all, fmt.Sprintf(`{"PartitionKey":"p%d","RowKey":"%03d"}`, i%2, i))
	}
	all = append(all, `{"PartitionKey":"p0","RowKey":"000","again":true,"ETag":"*"}`)
	if n, err := w.write(w.output(""), trigger.JSON("["+strings.Join(all, ",")+"]")); err != nil || n.Documents != 251 {
		t.Fatal(n, err)
	}
	got, err := w.read(`"tableName":"people"`, nil)
	if err != nil || strings.Count(got, "RowKey") != 250 || !strings.Contains(got, `"again":true`) {
		t.Errorf("%d entities, %v", strings.Count(got, "RowKey"), err)
	}
}

// TestValues: every type of a property is JSON that can be read again.
func TestValues(t *testing.T) {
	e := tablestore.Entity{PartitionKey: "p", RowKey: "r"}
	at, _ := tablestore.ParseTicks("2021-04-06T21:03:31.923Z")
	for name, v := range map[string]tablestore.Value{
		"i": tablestore.Int32Value(-1), "l": tablestore.Int64Value(1 << 60), "d": tablestore.DoubleValue(1e300), "nan": tablestore.DoubleValue(math.NaN()),
		"up": tablestore.DoubleValue(math.Inf(1)), "down": tablestore.DoubleValue(math.Inf(-1)), "t": tablestore.DateTimeValue(at),
		"g": tablestore.GUIDValue([16]byte{0xab, 1}), "b": tablestore.BinaryValue("\xff\x00"), "s": tablestore.StringValue("<\n>"),
	} {
		e.Properties = append(e.Properties, tablestore.Property{Name: name, Value: v})
	}
	var got map[string]any
	if err := json.Unmarshal(appendEntity(nil, &e), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"PartitionKey": "p", "RowKey": "r", "i": -1.0, "l": float64(1 << 60), "d": 1e300, "nan": "NaN", "up": "Infinity", "down": "-Infinity",
		"t": "2021-04-06T21:03:31.923+00:00", "g": "ab010000-0000-0000-0000-000000000000", "b": "/wA=", "s": "<\n>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRefusals: what is wrong is said, at the start where it is in the declaration.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	for properties, want := range map[string]string{
		`"x":1`:                          "needs tableName",
		`"tableName":"a_"`:               "tableName",
		`"tableName":"abc","rowKey":"1"`: "rowKey needs a partitionKey",
		`"tableName":"abc","partitionKey":"1","rowKey":"1","take":1`: "filter and take have no meaning",
		`"tableName":"abc","take":-1`:                                "take must not be negative",
		`"tableName":"abc","take":"many"`:                            "take must be a whole number",
		`"tableName":"abc","filter":"x eq {y"`:                       "filter",
		`"tableName":"abc","connection":"Missing"`:                   "no setting Missing",
		`"tableName":"abc","partitionKey":"{unknown}"`:               "{unknown} is not defined",
		`"tableName":"abc","filter":"x eq 'a"`:                       "filter",
	} {
		if _, err := w.read(properties, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", properties, err)
		}
	}
	for value, want := range map[string]string{
		`{"PartitionKey":"a"}`:                                      "needs a PartitionKey and a RowKey",
		`{"PartitionKey":1,"RowKey":"x"}`:                           "PartitionKey of an entity must be a text",
		`{"PartitionKey":"a","RowKey":"x/y"}`:                       "RowKey",
		`{"PartitionKey":"a","RowKey":"x","n":9223372036854775808}`: "too large for a whole number",
		`{"PartitionKey":"a","RowKey":"x","ETag":"5"}`:              "is none of a table",
		`["a"]`: "expected an object",
	} {
		if _, err := w.write(w.output(""), trigger.JSON(value)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

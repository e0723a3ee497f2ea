package kql

import (
	"testing"
	"time"
)

func TestTicks(t *testing.T) {
	for _, moment := range []string{"0001-01-01T00:00:00Z", "1969-12-31T23:59:59.9999999Z", "2026-11-30T06:00:00.1234567Z", "9999-12-31T23:59:59Z"} {
		want, err := time.Parse(time.RFC3339Nano, moment)
		if err != nil {
			t.Fatal(err)
		}
		ticks := Ticks(want)
		if got := Moment(ticks); !got.Equal(want) {
			t.Errorf("%s comes back as %s", want, got)
		}
	}
	if Ticks(time.Time{}) != 0 {
		t.Errorf("the zero time is %d ticks", Ticks(time.Time{}))
	}
}

func TestValuesAsJSON(t *testing.T) {
	bag, ok := parseJSON(`{"a": [1, 2.5, "x\u00e9\n", null, true], "b": {"c": 12345678901234567890}}`)
	if !ok {
		t.Fatal("JSON is not read")
	}
	for _, c := range []struct {
		value      Value
		json, text string
	}{
		{Null(Long), "null", ""},
		{Null(String), `""`, ""},
		{BoolValue(true), "true", "True"},
		{IntValue(Long, -5), "-5", "-5"},
		{RealValue(3), "3.0", "3"},
		{RealValue(0.1), "0.1", "0.1"},
		{IntValue(Timespan, Day+2*Hour+5*Millisecond), `"1.02:00:00.0050000"`, "1.02:00:00.0050000"},
		{IntValue(Timespan, -Second), `"-00:00:01"`, "-00:00:01"},
		{IntValue(Datetime, unixTicks+5*Millisecond), `"1970-01-01T00:00:00.005Z"`, "1970-01-01T00:00:00.0050000Z"},
		{DynamicValue(bag), `"{\"a\":[1,2.5,\"xé\\n\",null,true],\"b\":{\"c\":1.2345678901234567E+19}}"`, "{\"a\":[1,2.5,\"xé\\n\",null,true],\"b\":{\"c\":1.2345678901234567E+19}}"},
		{DynamicValue("s"), `"s"`, "s"},
	} {
		if got := string(c.value.AppendJSON(nil)); got != c.json {
			t.Errorf("JSON %s, want %s", got, c.json)
		}
		if got := c.value.String(); got != c.text {
			t.Errorf("text %s, want %s", got, c.text)
		}
	}
}

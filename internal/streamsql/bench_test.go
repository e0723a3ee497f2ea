package streamsql

import "testing"

// benchEvent is a telemetry event of 130 bytes.
const benchEvent = `{"plantId":"plant-0042","city":"Naju","generationKw":512.25,"irradiance":731.5,"temperature":24.75,"ts":"2026-03-01T12:30:45.5Z"}`

func benchProgram(b *testing.B, text string) (*Program, *Decoder, *Row) {
	b.Helper()
	prog, err := Compile(text, Options{})
	if err != nil {
		b.Fatal(err)
	}
	return prog, prog.Inputs[0].NewDecoder(), &Row{Scratch: &Scratch{}}
}

func BenchmarkDecodeThreeFields(b *testing.B) {
	_, dec, row := benchProgram(b, "SELECT plantId, generationKw, ts INTO o FROM i")
	event := []byte(benchEvent)
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		if err := dec.Decode(event, row); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeNested(b *testing.B) {
	_, dec, row := benchProgram(b, "SELECT device.id, data.temperature INTO o FROM i")
	event := []byte(`{"device":{"id":"d-17","tags":["a","b"],"fw":"1.2.3"},"data":{"humidity":40,"temperature":21.5,"raw":[1,2,3]},"seq":123456}`)
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		if err := dec.Decode(event, row); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeFilterEncode is a whole filter query without the runtime.
func BenchmarkDecodeFilterEncode(b *testing.B) {
	prog, dec, row := benchProgram(b, "SELECT plantId, generationKw / 1000.0 AS mw INTO o FROM i WHERE irradiance > 500 AND temperature < 60")
	project := prog.Steps[0].Root.(*Sink).Input.(*Project)
	filter := project.Input.(*Filter)
	enc := NewEncoder(project.Schema(), false)
	out := Row{Scratch: row.Scratch, Slots: make([]Value, project.Schema().Width)}
	event := []byte(benchEvent)
	var buf []byte
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		if err := dec.Decode(event, row); err != nil {
			b.Fatal(err)
		}
		if !filter.Cond.Test(row) {
			b.Fatal("the event is filtered out")
		}
		for i, e := range project.Exprs {
			out.Slots[i] = e.Eval(row)
		}
		buf = enc.AppendRow(buf[:0], &out)
	}
	if string(buf) != `{"plantId":"plant-0042","mw":0.51225}` {
		b.Fatal(string(buf))
	}
}

func BenchmarkFilterExpr(b *testing.B) {
	prog, dec, row := benchProgram(b, "SELECT plantId INTO o FROM i WHERE irradiance > 500 AND temperature < 60 AND city = 'Naju'")
	if err := dec.Decode([]byte(benchEvent), row); err != nil {
		b.Fatal(err)
	}
	cond := prog.Steps[0].Root.(*Sink).Input.(*Project).Input.(*Filter).Cond
	b.ReportAllocs()
	for b.Loop() {
		if !cond.Test(row) {
			b.Fatal("false")
		}
	}
}

func BenchmarkTimestamp(b *testing.B) {
	prog, dec, row := benchProgram(b, "SELECT plantId INTO o FROM i TIMESTAMP BY CAST(ts AS datetime)")
	if err := dec.Decode([]byte(benchEvent), row); err != nil {
		b.Fatal(err)
	}
	ts := prog.Steps[0].Root.(*Sink).Input.(*Project).Input.(*Source).Timestamp
	b.ReportAllocs()
	for b.Loop() {
		if ts.Eval(row).Kind() != DateTime {
			b.Fatal(row.Err)
		}
	}
}

func BenchmarkKey(b *testing.B) {
	_, dec, row := benchProgram(b, "SELECT plantId, city INTO o FROM i")
	if err := dec.Decode([]byte(benchEvent), row); err != nil {
		b.Fatal(err)
	}
	var key []byte
	b.ReportAllocs()
	for b.Loop() {
		key = row.Slots[1].AppendKey(row.Slots[0].AppendKey(key[:0]))
	}
}

func BenchmarkStringFunctions(b *testing.B) {
	prog, dec, row := benchProgram(b, "SELECT CONCAT(UPPER(city), '-', SUBSTRING(plantId, 7, 4)) AS k INTO o FROM i")
	if err := dec.Decode([]byte(benchEvent), row); err != nil {
		b.Fatal(err)
	}
	e := prog.Steps[0].Root.(*Sink).Input.(*Project).Exprs[0]
	b.ReportAllocs()
	for b.Loop() {
		if e.Eval(row).Text() != "NAJU-0042" {
			b.Fatal(e.Eval(row).Text())
		}
		row.Scratch.Reset()
	}
}

func BenchmarkJavaScript(b *testing.B) {
	prog, err := Compile("SELECT udf.double(generationKw) AS v INTO o FROM i", Options{
		Functions: []Function{{Name: "double", Source: "function main(x) { return x * 2 }"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	row := &Row{Scratch: &Scratch{}}
	if err := prog.Inputs[0].NewDecoder().Decode([]byte(benchEvent), row); err != nil {
		b.Fatal(err)
	}
	e := prog.Steps[0].Root.(*Sink).Input.(*Project).Exprs[0]
	b.ReportAllocs()
	for b.Loop() {
		if e.Eval(row).Kind() == Null {
			b.Fatal(row.Err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	const text = `WITH s AS (SELECT * FROM i TIMESTAMP BY ts WHERE temperature < 60)
SELECT plantId, AVG(generationKw) AS g, COUNT(*) AS n INTO o FROM s GROUP BY plantId, TumblingWindow(second, 10) HAVING g > 3`
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(text, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

package simulate

import (
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

func TestReadCSV(t *testing.T) {
	p, err := ReadCSV("p.csv", strings.NewReader(uneven))
	if err != nil {
		t.Fatal(err)
	}
	if p.Length != 90*time.Second || len(p.Loads) != 3 || p.Loads[1].Function != "orders" || p.Loads[1].Kind != scale.Queue || p.Loads[2].Kind != scale.CosmosDB {
		t.Errorf("%+v", p)
	}
	if s := p.Loads[0].Steps; len(s) != 4 || s[0].Rate != 2500 || s[1] != (Step{20 * time.Second, 40_000}) || s[3].From != p.Length {
		t.Errorf("%+v", s)
	}
}

func TestReadCSVRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "it is empty",
		"time,http\n":                    "two lines of times",
		"time,http\n0,1\n":               "two lines of times",
		"when,http\n0,1\n1,1\n":          "p.csv: line 1: the first column must be time",
		"time\n0\n1\n":                   "1 to 50 columns",
		"time,x\n0,1\n1,1\n":             `column "x": write it as NAME:KIND`,
		"time,x:ftp\n0,1\n1,1\n":         "kinds are http, eventhub",
		"time,a b:http\n0,1\n1,1\n":      "a function's name has letters",
		"time,\x1b[2J:http\n0,1\n1,1\n":  "a function's name has letters",
		"time,http,HTTP\n0,1,1\n1,1,1\n": "two columns are named HTTP",
		"time,http\n1,1\n2,1\n":          "line 2: time 1: the first must be 0",
		"time,http\n0,1\n5,1\n5,1\n":     "line 4: time 5: it must come after",
		"time,http\n0,1\n0:60,1\n":       `line 3: time "0:60"`,
		"time,http\n0,1\n-1,1\n":         `time "-1"`,
		"time,http\n0,1\n1.5s,1\n":       `time "1.5s"`,
		"time,http\n0,1\n1000h,1\n":      "at most 31 days",
		"time,http\n0,-1\n1,1\n":         `column http: "-1" is no rate`,
		"time,http\n0,1.2345\n1,1\n":     "at most three decimals",
		"time,http\n0,20000000\n1,1\n":   "more than 10000000",
		"time,http\n0,1,2\n1,1\n":        "p.csv: record on line 2: wrong number of fields",
	} {
		if _, err := ReadCSV("p.csv", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestSet(t *testing.T) {
	var w Work
	for key, value := range map[string]string{"batch": "50", "concurrency": "3", "partitions": "8", "target": "9", "duration": "2s", "per-event": "5ms", "cpu": "70"} {
		if err := w.Set(key, value); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if w != (Work{50, 3, 8, 9, 2 * time.Second, 5 * time.Millisecond, 70}) {
		t.Errorf("%+v", w)
	}
	for key, value := range map[string]string{"batch": "0", "cpu": "101", "duration": "1us", "per-event": "-1s", "odd": "1"} {
		if err := w.Set(key, value); err == nil {
			t.Errorf("%s=%s was taken", key, value)
		}
	}
}

func TestBuiltin(t *testing.T) {
	for _, name := range BuiltinNames() {
		if p, err := Builtin(name); err != nil || p.Name != name || len(p.Loads) != 3 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if _, err := Builtin("flood"); err == nil || !strings.Contains(err.Error(), "burst, daily, steady") {
		t.Error(err)
	}
}

// FuzzReadCSV: no text makes the reader fail, and what it takes can be played.
func FuzzReadCSV(f *testing.F) {
	f.Add(uneven)
	f.Add("time,http\n0,1\n60,1\n")
	f.Add("time,a:kafka,b:blob\n0,1,.5\n0:10,9,1\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadCSV("p.csv", strings.NewReader(text))
		if err != nil || p.Length > time.Hour {
			return
		}
		plan := scale.Flex()
		r, err := Run(Options{Profile: p, Plan: plan, Size: plan.Sizes[1], Every: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := r.Draw(&b, 40); err != nil {
			t.Fatal(err)
		}
	})
}

package blobpath

import (
	"strings"
	"testing"
	"time"
)

// TestNames: the service's own examples of patterns, and what they give.
func TestNames(t *testing.T) {
	at := time.Date(2018, 1, 2, 10, 6, 8, 0, time.UTC)
	for _, c := range []struct{ pattern, date, time, want string }{
		{"out", "", "", ""},
		{"out/", "", "", ""},
		{"out/cluster1/logs/{date}/{time}", "", "", "cluster1/logs/2018/01/02/10"},
		{"out//logs/{date}", "YYYY-MM-DD", "", "logs/2018-01-02"},
		{"out/{date}/{time}", "DD/MM/YYYY", "HH-mm", "02/01/2018/10-06"},
		{"out/{DATE}", "yyyyMMdd", "", "20180102"},
		{"out/cluster1/{client_id}/{date}/{time}", "", "", "cluster1/x y/2018/01/02/10"},
		{"out/{my field}-{My Field}", "", "", "x y-x y"},
		{"out/year={datetime:yyyy}/month={datetime:MM}/day={datetime:dd}", "", "", "year=2018/month=01/day=02"},
		{"out/{datetime:M}.{datetime:d}.{datetime:HH}.{datetime:H}.{datetime:mm}.{datetime:m}.{datetime:ss}.{datetime:s}", "", "", "1.2.10.10.06.6.08.8"},
	} {
		p, err := Parse(Output, c.pattern, Formats{c.date, c.time})
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := string(p.Append(nil, at, "x y")); got != c.want || p.Container != "out" {
			t.Errorf("%s: %s in %s, want %s", c.pattern, got, p.Container, c.want)
		}
	}
}

// TestMatches: names of reference data are whole, those of inputs go on below
// their folder, and what is no time is no match.
func TestMatches(t *testing.T) {
	for _, c := range []struct {
		use                       Use
		pattern, date, time, name string
		at                        string // "" for no match, "-" for a match without a time
		partition                 int
	}{
		{Reference, "c/plants.csv", "", "", "plants.csv", "-", 0},
		{Reference, "c/plants.csv", "", "", "plants.csv.old", "", 0},
		{Reference, "c/s/{date}/{time}/p.csv", "YYYY-MM-DD", "HH:mm", "s/2015-04-16/17:30/p.csv", "2015-04-16T17:30:00Z", 0},
		{Reference, "c/s/{date}/{time}/p.csv", "", "", "s/2015/04/16/17/p.csv", "2015-04-16T17:00:00Z", 0},
		{Reference, "c/s/{date}/p.csv", "MM/DD/YYYY", "", "s/02/28/2024/p.csv", "2024-02-28T00:00:00Z", 0},
		{Reference, "c/s/{date}/p.csv", "", "", "s/2023/02/29/p.csv", "", 0},
		{Reference, "c/s/{date}/p.csv", "", "", "s/2023/2/29/p.csv", "", 0},
		{Reference, "c/s/{date}/{time}/p.csv", "", "", "s/2023/02/28/24/p.csv", "", 0},
		{Reference, "c/{date}/{date}/p.csv", "", "", "2023/02/28/2023/02/28/p.csv", "2023-02-28T00:00:00Z", 0},
		{Reference, "c/{date}/{date}/p.csv", "", "", "2023/02/28/2023/02/27/p.csv", "", 0},
		{Input, "c", "", "", "any/thing", "-", 0},
		{Input, "c/logs", "", "", "logs/a.json", "-", 0},
		{Input, "c/logs", "", "", "logs", "-", 0},
		{Input, "c/logs/", "", "", "logs/a.json", "-", 0},
		{Input, "c/logs", "", "", "logs2/a.json", "", 0},
		{Input, "c/logs/{date}/{time}/{partition}", "", "", "logs/2024/01/31/05/12/a.json", "2024-01-31T05:00:00Z", 12},
		{Input, "c/logs/{partition}", "", "", "logs/x/a.json", "", 0},
	} {
		p, err := Parse(c.use, c.pattern, Formats{c.date, c.time})
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		m, ok := p.Match(c.name)
		got := ""
		if ok {
			if got = "-"; !m.At.IsZero() {
				got = m.At.Format(time.RFC3339)
			}
		}
		if got != c.at || m.Partition != c.partition {
			t.Errorf("%s of %s: %q partition %d, want %q partition %d", c.name, c.pattern, got, m.Partition, c.at, c.partition)
		}
		if !strings.HasPrefix(c.name, p.Prefix()) && ok {
			t.Errorf("%s does not begin with %s", c.name, p.Prefix())
		}
	}
}

// TestRefused: what a pattern cannot hold is named with its place.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		use                 Use
		pattern, date, time string
		want                string
	}{
		{Output, "/x", "", "", "does not begin with a container"},
		{Output, "{site}/x", "", "", "a container whose name is made of a column is not supported"},
		{Output, "c/a{b", "", "", "character 4"},
		{Output, "c/a}b", "", "", "character 4"},
		{Output, "c/{a}/{b}", "", "", "character 7: {b} is a second column"},
		{Output, "c/{a.b}", "", "", "is no column"},
		{Output, "c/{}", "", "", "is no column"},
		{Output, "c/{datetime:MM/dd}", "", "", "{datetime:MM/dd} is not one of"},
		{Output, "c/{datetime:dd/{a}", "", "", "is not one of"},
		{Output, "c/{date}", "YYYY/MM", "", "the date format \"YYYY/MM\""},
		{Output, "c/{date}", "YYYY/MM-DD", "", "the date format"},
		{Output, "c/{date}", "YYYY.MM.DD", "", "the date format"},
		{Output, "c/{time}", "", "mm", "the time format \"mm\""},
		{Reference, "c", "", "", "names a container alone"},
		{Reference, "c/{time}/p.csv", "", "", "{time} without {date}"},
		{Reference, "c/{site}/p.csv", "", "", "there are {date} and {time}"},
		{Reference, "c/{partition}/p.csv", "", "", "is not known here"},
		{Input, "c/{site}", "", "", "{date}, {time} and {partition}"},
	} {
		_, err := Parse(c.use, c.pattern, Formats{c.date, c.time})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.pattern, err, c.want)
		}
	}
}

// FuzzPattern: whatever a pattern is, it is refused, or the names that it gives
// begin with its prefix.
func FuzzPattern(f *testing.F) {
	f.Add("c/a/{date}/{time}/{x}", "YYYY/MM/DD", "HH", "n")
	f.Add("c/{datetime:yyyy}{partition}", "", "", "2020")
	f.Add("c/{partition}/{date}", "", "", "7")
	f.Fuzz(func(t *testing.T, text, date, clock, name string) {
		for _, use := range []Use{Reference, Input, Output} {
			p, err := Parse(use, text, Formats{date, clock})
			if err != nil {
				continue
			}
			at := time.Date(2024, 2, 29, 23, 59, 7, 0, time.UTC)
			made := string(p.Append(nil, at, name))
			if use == Output && !strings.HasPrefix(made, p.Prefix()) {
				t.Fatalf("%q does not begin with %q", made, p.Prefix())
			}
			p.Match(name)
			if use == Reference {
				if _, ok := p.Match(made); !ok {
					t.Fatalf("%q is not of its own pattern %q", made, text)
				}
			}
		}
	})
}

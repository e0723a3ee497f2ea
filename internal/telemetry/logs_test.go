package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
)

func numbers(lines []Line) (seqs []uint64) {
	for i := range lines {
		seqs = append(seqs, lines[i].Seq)
	}
	return seqs
}

// TestLogsPages: pages from the newest line hold each line once, also those
// that match only now and then.
func TestLogsPages(t *testing.T) {
	l := NewLogs()
	for i := range 1000 {
		l.Append(Line{Source: "broker", Text: fmt.Sprint("line ", i)})
	}
	third := LogQuery{Match: func(l *Line) bool { return l.Seq%3 == 0 }}
	var all []uint64
	for before := uint64(0); ; {
		lines, next := l.Search(third, before, 100)
		all = append(all, numbers(lines)...)
		if before = next; next == 0 {
			break
		}
	}
	if len(all) != 333 || all[0] != 999 || all[332] != 3 || !slices.IsSortedFunc(all, func(a, b uint64) int { return int(b) - int(a) }) {
		t.Errorf("%d lines: %v", len(all), all)
	}
	if got := numbers(l.Around(500, 2)); !slices.Equal(got, []uint64{498, 499, 500, 501, 502}) {
		t.Errorf("around: %v", got)
	}
	if got := numbers(l.Around(1, 2)); !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("around the first: %v", got)
	}
}

// TestLogsKeepSoMuch: the oldest lines give way, by number and by bytes.
func TestLogsKeepSoMuch(t *testing.T) {
	l := NewLogs()
	for i := range KeptLines + 10 {
		l.Append(Line{Text: fmt.Sprint(i)})
	}
	if lines, _ := l.Search(LogQuery{}, 0, 2*KeptLines); len(lines) != KeptLines || lines[0].Text != fmt.Sprint(KeptLines+9) || lines[KeptLines-1].Text != "10" {
		t.Errorf("%d lines, from %q", len(lines), lines[len(lines)-1].Text)
	}
	if len(l.Around(5, 50)) != 0 {
		t.Error("a line that gave way is still there")
	}
	long := strings.Repeat("é", maxLineBytes)
	for range 1000 {
		l.Append(Line{Text: long})
	}
	lines, _ := l.Search(LogQuery{}, 0, KeptLines)
	if n := len(lines); n < 400 || n > 512 || l.bytes > keptLineBytes {
		t.Errorf("%d long lines of %d bytes in all", n, l.bytes)
	}
	if lines[0].Cut != maxLineBytes || len(lines[0].Text) != maxLineBytes {
		t.Errorf("%d bytes, %d cut", len(lines[0].Text), lines[0].Cut)
	}
}

// TestLogHandler: a line knows its source and its run, and what a function's
// code said is kept once, at every level.
func TestLogHandler(t *testing.T) {
	c := New()
	log := slog.New(c.Logs.Handler(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	log.Info("the terminal does not want it")
	log.With("component", "broker").Warn("slow disk", "ms", 5, slog.Group("disk", "name", "a"))
	log.With("component", "stream").With("job", "rollup").Error("failed", "error", errors.New("no room"))
	log.With("component", "functions", "app", "shop").Warn("built", "function", "ingest")
	listen := c.FromHost("shop", func(string) uint64 { return 1 })
	listen(host.LogWritten{Function: "ingest", ID: "i1", Level: slog.LevelDebug, Message: "hi n=1\n", Properties: `{"n":1,"s":"x","o":{"a":[]}}`})
	listen(host.WorkerOutput{Stream: "stdout", Line: "printed"})
	lines, _ := c.Logs.Search(LogQuery{}, 0, 10)
	var got []string
	for i := range lines {
		got = append(got, fmt.Sprint(lines[i].Source, "|", LevelName(lines[i].Level), "|", lines[i].Text, "|", lines[i].Invocation, "|", lines[i].Fields(), "|", lines[i].App()))
	}
	want := []string{
		"app/shop|info|printed||[{stream stdout}]|shop",
		`function/shop/ingest|debug|hi n=1|i1|[{n 1} {s x} {o {"a":[]}}]|shop`,
		"function/shop/ingest|warn|built||[]|shop",
		"job/rollup|error|failed||[{error no room}]|",
		"broker|warn|slow disk||[{ms 5} {disk.name a}]|",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got, _ := c.Logs.Search(LogQuery{Invocation: "i1"}, 0, 10); len(got) != 1 {
		t.Errorf("%d lines of the run", len(got))
	}
}

func TestLogsHideSecrets(t *testing.T) {
	for in, want := range map[string]string{
		"plain: a=b, code=404, sig: x":         "plain: a=b, code=404, sig: x",
		"SharedAccessKey=abc+/=;EntityPath=h":  "SharedAccessKey=***;EntityPath=h",
		"x accountkey=C2y6yDjf5/R+ob==; more":  "x accountkey=***; more",
		"http://h/api/f?code=abc&x=1":          "http://h/api/f?code=***&x=1",
		"/c/b?sv=1&sig=a%2Bb&se=2":             "/c/b?sv=1&sig=***&se=2",
		`{"AccountKey":"abc","password": "x"}`: `{"AccountKey":"***","password": "***"}`,
		"password=":                            "password=",
	} {
		l := NewLogs()
		l.Append(Line{Text: in, Attrs: []Attr{{"v", in}}})
		lines, _ := l.Search(LogQuery{}, 0, 1)
		if lines[0].Text != want || lines[0].Attrs[0].Value != want {
			t.Errorf("%q became %q, want %q", in, lines[0].Text, want)
		}
	}
}

// TestLogsTail: a reader gets each new line once; of a flood it gets the
// newest, and how many were left out.
func TestLogsTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLogs()
		l.Append(Line{Text: "old"})
		ctx, stop := context.WithCancel(t.Context())
		var got []Line
		left := 0
		ended := make(chan error)
		go func() {
			ended <- l.Tail(ctx, LogQuery{}, l.Newest(), func(lines []Line, n int) error {
				got, left = append(got, lines...), left+n
				return nil
			})
		}()
		synctest.Wait()
		l.Append(Line{Text: "new"})
		time.Sleep(time.Second)
		synctest.Wait()
		if len(got) != 1 || got[0].Text != "new" {
			t.Errorf("got %v", got)
		}
		for range 3000 {
			l.Append(Line{Text: "flood"})
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(got)+left != 3001 || len(got) > 1+500 || got[len(got)-1].Seq != 3002 {
			t.Errorf("%d lines, %d left out", len(got), left)
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if len(l.tails) != 0 {
			t.Error("the tail is still registered")
		}
	})
}

func TestLogCounts(t *testing.T) {
	l := NewLogs()
	at := time.UnixMilli(1_000_000)
	for i := range 10 {
		level := slog.LevelInfo
		if i == 9 {
			level = slog.LevelError
		}
		l.Append(Line{Time: at.Add(time.Duration(i) * time.Second), Level: level, Source: fmt.Sprint("s", i%2)})
	}
	c := l.Count(LogQuery{From: at, To: at.Add(10 * time.Second)}, 5)
	if c.Lines != 10 || c.Step != 2*time.Second || fmt.Sprint(c.Levels) != "map[error:[0 0 0 0 1] info:[2 2 2 2 1]]" || c.Sources["s0"] != 5 {
		t.Errorf("%+v", c)
	}
	if c := l.Count(LogQuery{}, 5); c.Lines != 10 || !c.From.Equal(at) {
		t.Errorf("%+v", c)
	}
	if c := NewLogs().Count(LogQuery{}, 5); c.Lines != 0 || c.Step <= 0 {
		t.Errorf("%+v", c)
	}
}

// BenchmarkAppend is a line into a full log while nobody reads.
func BenchmarkAppend(b *testing.B) {
	l := NewLogs()
	line := Line{Time: time.Now(), Source: "function/shop/ingest", Text: "Executed 'Functions.ingest' (Succeeded, Id=0f0e, Duration=2ms)"}
	for range KeptLines {
		l.Append(line)
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Append(line)
	}
}

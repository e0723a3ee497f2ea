package hub

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const wait = 15 * time.Second

// lines keeps a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// lab is a broker with one hub h, of one partition, that keeps little.
type lab struct {
	t   *testing.T
	b   *broker.Broker
	log lines
}

func newLab(t *testing.T) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	b, err := broker.Open(broker.Options{FS: vfs.NewMem(), SegmentBytes: 200})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("broker: %v", err)
		}
	})
	l := &lab{t: t, b: b}
	l.make(1)
	return l
}

func (l *lab) make(partitions int) {
	l.t.Helper()
	if _, err := l.ensure(partitions); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) ensure(partitions int) (*broker.Hub, error) {
	return l.b.Namespace(1).EnsureHub(broker.HubConfig{Name: "h", Partitions: partitions, RetentionBytes: 200})
}

// namespace is where jobs find the hub.
func (l *lab) namespace(string) (Namespace, error) {
	return Namespace{Hubs: l.b.Namespace(1), Find: func(string, string) (*broker.Hub, error) { return l.ensure(0) }, Delivered: func(string, string, int) {}}, nil
}

func (l *lab) source() jobs.Source {
	l.t.Helper()
	kind := SourceKind(l.namespace)
	s, err := kind.Open(l.t.Context(), jobs.Input{Name: "i", Target: "h"}, slog.New(slog.NewTextHandler(&l.log, nil)))
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

func (l *lab) partition(id int) *broker.Partition {
	l.t.Helper()
	h, err := l.b.Namespace(1).Hub("h")
	if err != nil {
		l.t.Fatal(err)
	}
	p, err := h.Partition(id)
	if err != nil {
		l.t.Fatal(err)
	}
	return p
}

func (l *lab) send(m eventdata.Message) {
	l.t.Helper()
	raw, err := m.Append(nil)
	if err != nil {
		l.t.Fatal(err)
	}
	l.append(l.partition(0), broker.Append{Records: [][]byte{raw}})
}

func (l *lab) append(p *broker.Partition, a broker.Append) {
	l.t.Helper()
	done := make(chan broker.AppendResult, 1)
	p.Append(a, func(r broker.AppendResult) { done <- r })
	if r := <-done; r.Err != nil {
		l.t.Fatal(r.Err)
	}
}

func (l *lab) message(body string) []byte { return amqp.AppendDataSection(nil, []byte(body)) }

func (l *lab) sendBody(body string) { l.send(eventdata.Message{Body: []byte(body)}) }

func (l *lab) open(s jobs.Source, at stream.Position) stream.Reader {
	l.t.Helper()
	r, err := s.Open(l.t.Context(), 0, at)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { r.Close() })
	return r
}

// read returns the next batch.
func (l *lab) read(r stream.Reader) []stream.Event {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), wait)
	defer cancel()
	var b stream.Batch
	if err := r.Read(ctx, &b, 100); err != nil {
		l.t.Fatal(err)
	}
	return b.Events
}

// TestRetentionOvertakesAJob: events that were deleted before they were read
// are counted and named, not passed over in silence.
func TestRetentionOvertakesAJob(t *testing.T) {
	l := newLab(t)
	s := l.source()
	for range 4 { // each fills a file
		l.sendBody(`{"x":"` + strings.Repeat("x", 200) + `"}`)
	}
	l.b.Retain()
	begin := l.partition(0).Info().BeginSequence
	if begin == 0 {
		t.Fatal("nothing was deleted")
	}
	if got := l.read(l.open(s, stream.AtOffset(0))); got[0].Offset != begin {
		t.Errorf("read %v, want from %d", got, begin)
	}
	w := s.Warnings()
	if len(w) != 1 || w[0].Kind != "retention" || w[0].Events != begin || w[0].At.IsZero() || !strings.Contains(w[0].Text, "hub h") {
		t.Errorf("warnings %+v", w)
	}
	if text := l.log.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, "input=i hub=h partition=0") {
		t.Errorf("log %s", text)
	}
	l.read(l.open(s, stream.AtArrival(stream.StartOfInput))) // a start that names no event misses none
	if w := s.Warnings(); w[0].Events != begin {
		t.Errorf("warnings %+v", w)
	}
	if n := s.Behind(0, 0); n != 4-begin { // what is deleted is not waited for
		t.Errorf("behind by %d of the %d that are left", n, 4-begin)
	}
}

// TestPositionAtTheEnd: the next event is read also when it comes between the
// look at the end and the reader's start; a position beyond that is the end,
// with a warning.
func TestPositionAtTheEnd(t *testing.T) {
	l := newLab(t)
	s := l.source().(*source)
	l.sendBody(`{"x":0}`)
	p := l.partition(0)
	pos, next := s.position(p.Hub(), p, stream.AtOffset(1))
	l.sendBody(`{"x":1}`)
	r, err := p.NewReader(pos)
	if err != nil || r.Sequence() != 1 || next != 1 {
		t.Fatalf("reads from %d, %d, %v", r.Sequence(), next, err)
	}
	defer r.Close()
	beyond := l.open(s, stream.AtOffset(99))
	l.sendBody(`{"x":2}`)
	if got := l.read(beyond); len(got) != 1 || got[0].Offset != 2 {
		t.Errorf("read %v", got)
	}
	if text := l.log.String(); !strings.Contains(text, "ahead of the hub") || !strings.Contains(text, "checkpoint=99 end=2") {
		t.Errorf("log %s", text)
	}
}

// TestHubMadeAnew: the readers of a hub that is deleted end and say so; the hub
// that takes its name is read from its beginning with the old checkpoint, under
// offsets that go on growing and sequence numbers that begin again.
func TestHubMadeAnew(t *testing.T) {
	l := newLab(t)
	s := l.source()
	l.sendBody(`{"x":0}`)
	l.sendBody(`{"x":1}`)
	r := l.open(s, stream.AtOffset(0))
	l.read(r)
	ended := make(chan error, 1)
	go func() {
		var b stream.Batch
		for {
			if err := r.Read(context.Background(), &b, 10); err != nil {
				ended <- err
				return
			}
		}
	}()
	changed := s.Changed()
	if err := l.b.Namespace(1).DeleteHub("h"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !fault.Is(err, fault.Gone) || !strings.Contains(err.Error(), "hub h") {
		t.Errorf("the reader ended with %v", err)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody was told")
	}
	if _, err := s.Partitions(t.Context()); !fault.Is(err, fault.NotFound) {
		t.Errorf("partitions of no hub: %v", err)
	}
	if _, err := s.Open(t.Context(), 0, stream.AtOffset(2)); !fault.Is(err, fault.NotFound) {
		t.Errorf("open of no hub: %v", err)
	}
	l.make(3)
	l.sendBody(`{"x":2}`)
	if n, err := s.Partitions(t.Context()); n != 3 || err != nil {
		t.Errorf("%d partitions, %v", n, err)
	}
	for _, at := range []int64{0, 1, 2} {
		got := l.read(l.open(s, stream.AtOffset(at)))
		if len(got) != 1 || got[0].Offset != 2 || got[0].Sequence != 0 || string(got[0].Body) != `{"x":2}` {
			t.Errorf("from offset %d: %+v", at, got)
		}
	}
	if len(s.Warnings()) != 0 { // nothing was lost to retention
		t.Errorf("warnings %+v", s.Warnings())
	}
	if n := s.Behind(0, 1); n != 1 {
		t.Errorf("behind by %d, want 1", n)
	}
	if text := l.log.String(); !strings.Contains(text, "made anew") {
		t.Errorf("log %s", text)
	}
}

// TestProperties: what the sender set has the type that it had there.
func TestProperties(t *testing.T) {
	l := newLab(t)
	l.send(eventdata.Message{Body: []byte("{}"), Properties: amqp.Map{
		{Key: "s", Value: "t"},
		{Key: "n", Value: int64(5)},
		{Key: "small", Value: uint8(5)},
		{Key: "huge", Value: uint64(1) << 63},
		{Key: "f", Value: 1.5},
		{Key: "short", Value: float32(0.1)},
		{Key: "b", Value: true},
		{Key: "o", Value: amqp.Map{{Key: "a", Value: int32(1)}}},
		{Key: "z", Value: nil},
		{Key: "at", Value: time.Unix(0, 0).UTC()},
	}})
	e := l.read(l.open(l.source(), stream.AtOffset(0)))[0]
	var got []string
	if err := e.Properties.Each(func(name string, v streamsql.Value) {
		got = append(got, name+":"+v.Kind().String()+"="+string(v.AppendJSON(nil)))
	}); err != nil {
		t.Fatal(err)
	}
	want := `s:nvarchar(max)="t" n:bigint=5 small:bigint=5 huge:float=9.223372036854776e+18 f:float=1.5 short:float=0.1 b:bit=true o:nvarchar(max)="{\"a\":1}" z:null=null at:nvarchar(max)="1970-01-01T00:00:00Z"`
	if text := strings.Join(got, " "); text != want {
		t.Errorf("properties\n%s, want\n%s", text, want)
	}
}

package telemetry

import (
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// KeptLines is how many lines Logs keeps at most.
const KeptLines = 20_000

const (
	keptLineBytes = 16 << 20 // of all lines: reached first by long ones
	maxLineBytes  = 32 << 10 // of one line's text; more is cut
)

// Line is a line of the log. Its texts are as they were written, but for
// secrets: whoever shows them makes control characters harmless.
type Line struct {
	Seq        uint64 // counts from 1, without gaps
	Time       time.Time
	Level      slog.Level
	Source     string // who wrote it: function/APP/NAME, app/APP, job/NAME, hub/NAME, or a part such as broker
	Text       string
	Invocation string // id, when it belongs to a run of a function
	Attrs      []Attr
	Cut        int // bytes that the text had beyond what is kept

	properties string // a JSON object of more attributes: read when somebody looks
}

// Attr is what a line says beside its text.
type Attr struct{ Key, Value string }

// App is the function app that wrote the line, or "".
func (l *Line) App() string {
	kind, rest, _ := strings.Cut(l.Source, "/")
	if kind != "function" && kind != "app" {
		return ""
	}
	app, _, _ := strings.Cut(rest, "/")
	return app
}

// Fields are all attributes. Those of a function's line are the members of the
// object that its worker sent, in their order, and may stand in the text too.
func (l *Line) Fields() []Attr {
	if l.properties == "" {
		return l.Attrs
	}
	attrs := l.Attrs[:len(l.Attrs):len(l.Attrs)]
	whole := append(attrs, Attr{"properties", l.properties})
	dec := json.NewDecoder(strings.NewReader(l.properties))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return whole
	}
	for dec.More() {
		key, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			return whole
		}
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		attrs = append(attrs, Attr{key.(string), text})
	}
	return attrs
}

// size is what the line takes in memory, as far as it depends on the line.
func (l *Line) size() int {
	n := len(l.Source) + len(l.Text) + len(l.Invocation) + len(l.properties)
	for _, a := range l.Attrs {
		n += len(a.Key) + len(a.Value) + 32
	}
	return n
}

// Logs remembers the newest lines of the process's log and of its functions, in
// memory, in a ring: the oldest give way. All methods may be called from any
// goroutine. Append neither waits for readers nor allocates more than a long
// text's copy.
type Logs struct {
	mu    sync.Mutex // guards the fields below
	ring  []Line     // grows to KeptLines, then wraps
	first int        // place of the oldest line
	count int
	seq   uint64 // of the newest line
	bytes int
	tails []chan struct{} // each holds a token once there is something new
}

// NewLogs returns an empty log.
func NewLogs() *Logs { return &Logs{} }

// Append keeps a line. Seq and Cut are set here; a zero Time is now.
func (l *Logs) Append(line Line) {
	if line.Time.IsZero() {
		line.Time = time.Now()
	}
	if len(line.properties) > maxLineBytes {
		line.properties = "" // they stand in the text as well, or are no log any more
	}
	if len(line.Text) > maxLineBytes {
		cut := strings.ToValidUTF8(line.Text[:maxLineBytes], "")
		line.Cut = len(line.Text) - len(cut)
		line.Text = strings.Clone(cut) // the rest is not to stay in memory
	}
	line.Text, line.properties = redact(line.Text), redact(line.properties)
	line.Attrs = redactAttrs(line.Attrs)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	line.Seq = l.seq
	l.bytes += line.size()
	for l.count == KeptLines || l.count > 0 && l.bytes > keptLineBytes {
		l.drop()
	}
	if l.count == len(l.ring) {
		l.grow()
	}
	l.ring[(l.first+l.count)%len(l.ring)] = line
	l.count++
	for _, wake := range l.tails {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// drop forgets the oldest line. mu is held.
func (l *Logs) drop() {
	l.bytes -= l.ring[l.first].size()
	l.ring[l.first] = Line{}
	l.first = (l.first + 1) % len(l.ring)
	l.count--
}

// grow doubles the ring, which is full, up to KeptLines. mu is held.
func (l *Logs) grow() {
	ring := make([]Line, min(max(256, 2*len(l.ring)), KeptLines))
	for i := range l.count {
		ring[i] = l.ring[(l.first+i)%len(l.ring)]
	}
	l.ring, l.first = ring, 0
}

// watch registers for a token at each new line.
func (l *Logs) watch() (wake chan struct{}, done func()) {
	wake = make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tails = append(l.tails, wake)
	return wake, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, w := range l.tails {
			if w == wake {
				l.tails = append(l.tails[:i:i], l.tails[i+1:]...)
				return
			}
		}
	}
}

// chunk is how many lines a reader copies while Append waits for it.
const chunk = 256

// before copies lines that are older than seq, newest first, into dst (at most
// chunk); 0 is behind the newest.
func (l *Logs) before(seq uint64, dst []Line) []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	newest := l.seq
	if seq > 0 {
		newest = min(seq-1, l.seq)
	}
	oldest := l.seq - uint64(l.count) + 1
	for s := newest; s >= oldest && l.count > 0 && len(dst) < chunk; s-- {
		dst = append(dst, l.at(s, oldest))
	}
	return dst
}

// after copies lines that are newer than seq, oldest first, into dst (at most
// chunk). lost counts those that gave way already.
func (l *Logs) after(seq uint64, dst []Line) (lines []Line, lost uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := l.seq - uint64(l.count) + 1
	if seq+1 < oldest {
		lost = oldest - seq - 1
		seq = oldest - 1
	}
	for s := seq + 1; s <= l.seq && len(dst) < chunk; s++ {
		dst = append(dst, l.at(s, oldest))
	}
	return dst, lost
}

func (l *Logs) at(seq, oldest uint64) Line {
	return l.ring[(l.first+int(seq-oldest))%len(l.ring)]
}

// Newest is the number of the newest line, 0 when there is none.
func (l *Logs) Newest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq
}

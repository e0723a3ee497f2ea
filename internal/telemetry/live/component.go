package live

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// How much is remembered, and how long.
const (
	maxInstances = 1000             // of a component; more are not told apart
	maxWatches   = 64               // of a component
	forgotten    = 2 * time.Minute  // since an instance was heard of
	kept         = 4096             // samples that a Watch has not taken yet
	keptBytes    = 16 << 20         // of documents in them
	present      = 10 * time.Second // since its last sample
)

// Instance is who reports.
type Instance struct {
	Stream  string // of this process, made by it
	Name    string // of the machine or container
	Role    string
	Machine string
	Version string // of what it reports with
}

// Sample is what an instance reports of about a second.
type Sample struct {
	Instance  Instance
	At        time.Time
	Values    []Value
	Documents []Document
	Processes []Process
	Errors    []string // of what it was asked to collect
}

// Value is one metric; Weight is how many things it is the average of.
type Value struct {
	Name          string
	Value, Weight float64
}

// Document is one item of telemetry.
type Document struct {
	Type       string // Request, RemoteDependency, Exception, Event or Trace
	Streams    []string
	Fields     []Field // Name, Url, ResponseCode, Duration, Message and so on
	Properties []Field
}

// Field is a name and what it says.
type Field struct{ Name, Value string }

// Process is a process of the machine that works hard.
type Process struct {
	Name string
	CPU  float64 // per cent
}

func (s *Sample) bytes() (n int) {
	for _, d := range s.Documents {
		n += 64
		for _, f := range d.Fields {
			n += len(f.Name) + len(f.Value) + 32
		}
		for _, f := range d.Properties {
			n += len(f.Name) + len(f.Value) + 32
		}
	}
	return n
}

// Component is the live metrics of one component. Its zero value is ready.
type Component struct {
	mu        sync.Mutex // guards the fields below
	instances map[string]*heard
	watches   []*Watch
	config    Config

	looked atomic.Bool // len(watches) > 0
}

// heard is an instance, and when it was heard of.
type heard struct {
	Instance
	ping, post time.Time
}

// Ping notes that an instance is there, and reports whether anybody looks.
func (c *Component) Ping(i Instance, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.hear(i, now); h != nil {
		h.ping = now
	}
	return len(c.watches) > 0
}

// Post hands samples to all who look. It reports whether anybody does, and what is to be
// collected from now on.
func (c *Component) Post(samples []Sample, now time.Time) (bool, Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range samples {
		if h := c.hear(s.Instance, now); h != nil {
			h.post = now
		}
		for _, w := range c.watches {
			w.add(s)
		}
	}
	return len(c.watches) > 0, c.config
}

// hear finds an instance, or makes it; nil where there are too many. mu is held.
func (c *Component) hear(i Instance, now time.Time) *heard {
	h := c.instances[i.Stream]
	if h == nil {
		if c.instances == nil {
			c.instances = map[string]*heard{}
		}
		for stream, other := range c.instances {
			if now.Sub(other.ping) > forgotten && now.Sub(other.post) > forgotten {
				delete(c.instances, stream)
			}
		}
		if len(c.instances) >= maxInstances {
			return nil
		}
		h = &heard{}
		c.instances[i.Stream] = h
	}
	h.Instance = i
	return h
}

// Instances are those that are there, in the order of their roles and names; sending
// reports whether one sends samples.
func (c *Component) Instances(now time.Time) (all []Instance, sending []bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var there []*heard
	for _, h := range c.instances {
		if now.Sub(h.ping) <= forgotten || now.Sub(h.post) <= forgotten {
			there = append(there, h)
		}
	}
	slices.SortFunc(there, func(a, b *heard) int {
		return strings.Compare(a.Role+"\x00"+a.Name+"\x00"+a.Stream, b.Role+"\x00"+b.Name+"\x00"+b.Stream)
	})
	for _, h := range there {
		all, sending = append(all, h.Instance), append(sending, now.Sub(h.post) <= present)
	}
	return all, sending
}

// Looked reports whether anybody looks.
func (c *Component) Looked() bool { return c.looked.Load() }

// Wanted is what is collected now.
func (c *Component) Wanted() Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.config
}

// Watch looks from now on, with what is wanted beyond the metrics that are always there.
// Close must follow.
func (c *Component) Watch(wanted Config) (*Watch, error) {
	w := &Watch{of: c, wake: make(chan struct{}, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.watches) >= maxWatches {
		return nil, fault.New(fault.Throttled, "live metrics", "%d look already", maxWatches)
	}
	if err := c.want(w, wanted); err != nil {
		return nil, err
	}
	return w, nil
}

// want makes what a watch wants part of what is collected. mu is held.
func (c *Component) want(w *Watch, wanted Config) error {
	others := slices.DeleteFunc(slices.Clone(c.watches), func(x *Watch) bool { return x == w })
	old := w.wanted
	w.wanted = wanted
	next := joined(append(others, w))
	if err := next.check(); err != nil {
		w.wanted = old
		return err
	}
	c.watches, c.config = append(others, w), next
	c.looked.Store(true)
	return nil
}

// joined is what all who look want. What has one id is one thing: the newest says what.
func joined(watches []*Watch) Config {
	var all Config
	for _, w := range watches {
		for _, m := range w.wanted.Metrics {
			all.Metrics = slices.DeleteFunc(all.Metrics, func(x Metric) bool { return x.ID == m.ID })
			all.Metrics = append(all.Metrics, m)
		}
		for _, s := range w.wanted.Streams {
			all.Streams = slices.DeleteFunc(all.Streams, func(x DocumentStream) bool { return x.ID == s.ID })
			all.Streams = append(all.Streams, s)
		}
	}
	return all.tagged()
}

// Watch is somebody who looks.
type Watch struct {
	of     *Component
	wake   chan struct{} // holds a token once there is something new
	wanted Config        // guarded by of.mu, as the fields below are
	new    []Sample
	bytes  int
	lost   int
}

// Want changes what is wanted.
func (w *Watch) Want(wanted Config) error {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	return w.of.want(w, wanted)
}

// add keeps a sample; the oldest give way. mu of the component is held.
func (w *Watch) add(s Sample) {
	w.new = append(w.new, s)
	w.bytes += s.bytes()
	for len(w.new) > kept || w.bytes > keptBytes && len(w.new) > 1 {
		w.bytes -= w.new[0].bytes()
		w.new[0] = Sample{}
		w.new = w.new[1:]
		w.lost++
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Wake holds a token when there is something to take.
func (w *Watch) Wake() <-chan struct{} { return w.wake }

// Take returns the samples since the last time, and how many gave way to newer ones.
func (w *Watch) Take() (samples []Sample, lost int) {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	samples, lost = w.new, w.lost
	w.new, w.bytes, w.lost = nil, 0, 0
	return samples, lost
}

// Close looks no longer. Where nobody does, instances are told to be silent.
func (w *Watch) Close() {
	c := w.of
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watches = slices.DeleteFunc(c.watches, func(x *Watch) bool { return x == w })
	c.config = joined(c.watches)
	c.looked.Store(len(c.watches) > 0)
}

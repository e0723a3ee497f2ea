package transfer

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"golang.org/x/time/rate"
)

// Side is a place, and how to get there.
type Side struct {
	Place
	Container *container.Client // of a blob's place; nil elsewhere
	// Realm is where the account is: services of one realm can reach each other. ""
	// is an unknown one.
	Realm string
	// Readable makes the URL of a blob readable to another account of the realm; nil
	// where no key is known to sign it with.
	Readable func(blob string) (string, error)
}

// Options say how to copy.
type Options struct {
	Parallel    int       // requests at a time; also bounds the memory: 4 MiB for each
	Overwrite   Overwrite // "" is Ask
	Ask         func(source, target Known) (bool, error)
	Recursive   bool
	Create      bool              // the target's container where there is none
	ContentType string            // of new blobs; "" is by their names' extensions
	Metadata    map[string]string // of new blobs; nil keeps that of a blob that is copied
	Limit       *rate.Limiter     // bytes in a second; its burst is at least a piece; nil is none
	In          io.Reader         // what "-" reads
	Out         io.Writer         // what "-" writes
	Watch       Progress          // nil: nobody watches
}

// Progress is told how copies get on, from several goroutines.
type Progress interface {
	Found(size int64)                   // one more to copy; -1 is a size that nobody knows
	Begin(name string, size int64) Step // its bytes begin to move
}

// Step is one copy that is under way.
type Step interface {
	Add(bytes int64)
	End()
}

// Result is what a run did.
type Result struct {
	Copied   int64 // files and blobs
	Bytes    int64 // that moved, or were there from an earlier try
	Resumed  int64 // of them, those that were there
	Same     int64 // files and blobs that were there byte by byte
	Kept     int64 // others that were there and stayed
	Failed   int64
	Failures []Failure // the first of them
	Skipped  []Failure // the first of what is neither a file nor a folder
}

// Failure is why something was not copied.
type Failure struct {
	Name string
	Err  error
}

// toldFailures bounds the list of a Result.
const toldFailures = 20

// Copier copies. It is made for one run.
type Copier struct {
	o       Options
	sending *Pool      // of what is stored
	reading *Pool      // of what is fetched; a copy through here needs both, and one must not wait for the other
	asking  sync.Mutex // one question at a time

	copied, bytes, resumed, same, kept, failed atomic.Int64

	mu       sync.Mutex // guards what follows
	failures []Failure
	skipped  []Failure
}

// New returns a copier.
func New(o Options) *Copier {
	o.Parallel = max(1, o.Parallel)
	if o.Overwrite == "" {
		o.Overwrite = Ask
	}
	if o.Watch == nil {
		o.Watch = nobody{}
	}
	buffers := o.Parallel + 2 // one is read and one is written meanwhile
	return &Copier{o: o, sending: NewPool(buffers), reading: NewPool(buffers)}
}

// Result returns what was done, also while it is done.
func (c *Copier) Result() Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Result{
		Copied: c.copied.Load(), Bytes: c.bytes.Load(), Resumed: c.resumed.Load(), Same: c.same.Load(), Kept: c.kept.Load(),
		Failed: c.failed.Load(), Failures: c.failures, Skipped: c.skipped,
	}
}

func (c *Copier) fail(name string, err error) {
	c.failed.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.failures) < toldFailures {
		c.failures = append(c.failures, Failure{name, err})
	}
}

func (c *Copier) skip(name string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.skipped) < toldFailures {
		c.skipped = append(c.skipped, Failure{name, err})
	}
}

// pace waits until n bytes may move.
func (c *Copier) pace(ctx context.Context, n int) error {
	if c.o.Limit == nil {
		return nil
	}
	for n > 0 {
		part := min(n, c.o.Limit.Burst())
		if err := c.o.Limit.WaitN(ctx, part); err != nil {
			return err
		}
		n -= part
	}
	return nil
}

// moved counts bytes that a step has behind it.
func (c *Copier) moved(step Step, n int64, before bool) {
	c.bytes.Add(n)
	if before {
		c.resumed.Add(n)
	}
	step.Add(n)
}

// count notes how one copy ended.
func (c *Copier) count(v verdict) {
	switch v {
	case write:
		c.copied.Add(1)
	case same:
		c.same.Add(1)
	case keep:
		c.kept.Add(1)
	}
}

type nobody struct{}

func (nobody) Found(int64)              {}
func (nobody) Begin(string, int64) Step { return nobody{} }
func (nobody) Add(int64)                {}
func (nobody) End()                     {}

// value is what a pointer of the SDK points to, or its zero.
func value[T any](p *T) (v T) {
	if p != nil {
		return *p
	}
	return v
}

func pointers(m map[string]string) map[string]*string {
	if m == nil {
		return nil
	}
	out := make(map[string]*string, len(m))
	for k, v := range m {
		out[k] = &v
	}
	return out
}

package trigger

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Kind is one kind of trigger: a row of the table that a host is given.
type Kind struct {
	Type  string // of the binding, as Azure writes it; compared without case
	Title string // for people, such as "Event Hub"
	// Retries says that a function's retry policy counts; of other kinds the source
	// itself delivers again what failed.
	Retries bool
	// Check looks at host.json before anything starts; nil: the kind has no
	// part in it.
	Check func(*hostjson.Config) error
	// New checks a declaration and makes the function's trigger. It opens
	// nothing.
	New func(Setup) (Trigger, error)
	// Letters is set when a function of the kind can have a place for what it failed
	// on: its calls have Letters, or its pump Aside. Else NoLetters says why not, as a
	// clause.
	Letters   bool
	NoLetters string
}

// Setup is what a trigger is made of.
type Setup struct {
	Function string
	Binding  *binding.Binding // text properties have their %settings% filled in
	Settings *settings.Settings
	Config   *hostjson.Config
	Dir      string // the app's folder
	Owner    string // stable identity of this host, for positions and leases
	HostID   string // what all hosts of the app share, for timers and locks; see package state
	Invoker  Invoker
	Log      *slog.Logger
	// Checkpointed is told every position that was read or written; never nil.
	Checkpointed func(Checkpoint)
	// Limit returns how many invocations may run at a time where that is found out as
	// the app runs; nil: as many as the kind's own settings say.
	Limit func() Limit
	// Waits is told what has to come to be before the trigger can listen, as a clause
	// for people, and "" when nothing has; never nil.
	Waits func(clause string)
	// Aside and Gate are for pumps that settle message by message; see SettlingPump.
	// They are nil where the function asks for no place for what it failed on, and
	// for no circuit breaker.
	Aside Aside
	Gate  Gate
}

// Aside keeps a message that is set aside, durably: cause is why.
type Aside func(ctx context.Context, item letter.Item, attempts int, cause error) error

// Gate says when something may be taken out of a source: a circuit breaker.
type Gate interface {
	// Await waits while nothing may be. one: a single message, to see how it goes.
	Await(ctx context.Context) (one bool, err error)
	// Open reports whether nothing but such probes is let in.
	Open() bool
}

// Trigger starts one function. Those that listen have Run; the others are
// reached by the HTTP front.
type Trigger interface {
	// Source says what the trigger listens to.
	Source() Source
	// ByHand makes an invocation of a text that somebody typed in, or fails
	// with fault.Invalid when the text is no such data.
	ByHand(input string, now time.Time) (Call, error)
}

// Batcher is a Trigger whose invocations hand over several items.
type Batcher interface {
	Trigger
	// ByHandMany is ByHand with a text to each item; there is at least one.
	ByHandMany(inputs []string, now time.Time) (Call, error)
}

// Redriver is a Trigger that makes an invocation of an item that was set aside.
type Redriver interface {
	Trigger
	// Again makes the invocation. ErrNothing says that there is nothing to run any
	// more.
	Again(ctx context.Context, item letter.Item) (Call, error)
}

// Poisoner is a Trigger whose service has a place of its own for what its function
// failed on.
type Poisoner interface {
	Trigger
	Poison() letter.Place
}

// Listener is a Trigger that listens.
type Listener interface {
	Trigger
	// Run listens until ctx ends and its invocations have ended. It returns an
	// error when it cannot go on; the caller may run it again. It begins no
	// invocation once ctx has ended.
	Run(ctx context.Context) error
}

// Backlogger is a Listener that knows how much waits for its function.
type Backlogger interface {
	Listener
	// Backlog is asked every few seconds, whether or not the trigger runs. It may be
	// called beside Run.
	Backlog(ctx context.Context) (scale.Backlog, error)
}

// Source is what a trigger listens to.
type Source struct {
	Words     string // for people: "event hub readings, group $Default"; "" for HTTP
	Host      string // where it is: of its connection's endpoint, "localhost" for an emulator's; "" where there is none
	Target    string // its bare name: a hub, database/container, a schedule
	Group     string // the consumer group, where there is one
	Positions Place  // where the trigger keeps its own positions, if it does
}

// Place is something in an account, by the host of the connection that leads there.
type Place struct{ Host, Target string }

// Checkpoint is a position that is durable.
type Checkpoint struct {
	Host, Target, Group, Partition string // as in Source
	// Sequence is that of the last event or change that has been processed.
	Sequence int64
	Remote   bool // it is of something outside this process
}

// Table is the kinds that a host knows.
type Table []Kind

// Find returns the row of a binding, or says which there are.
func (t Table) Find(b *binding.Binding) (Kind, error) {
	types := make([]string, len(t))
	for i, k := range t {
		if b.Is(k.Type) {
			return k, nil
		}
		types[i] = k.Type
	}
	return Kind{}, fault.New(fault.Invalid, "binding "+b.Name, "trigger type %s is not supported yet; %s", b.Type, List(types))
}

// List joins the names of what there is into a clause: "a, b and c are".
func List(names []string) string {
	switch n := len(names); n {
	case 0:
		return "there is none"
	case 1:
		return names[0] + " is"
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1] + " are"
	}
}

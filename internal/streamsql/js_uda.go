package streamsql

// UDA is a JavaScript aggregate.
type UDA struct {
	script *jsScript
}

// Name returns the name as in uda.name.
func (u *UDA) Name() string { return u.script.name }

// New makes the state of one group in the runtime of the scratch. It must only
// be used with that scratch's goroutine.
func (u *UDA) New(s *Scratch) (*UDAState, error) { return nil, nil }

// UDAState is the running state of a JavaScript aggregate for one group.
type UDAState struct{}

// Accumulate adds a value of a row with the given time.
func (st *UDAState) Accumulate(v Value, ticks int64) error { return nil }

// Deaccumulate takes a value out again. CanDeaccumulate says whether the
// script has the function.
func (st *UDAState) Deaccumulate(v Value, ticks int64) error { return nil }

// CanDeaccumulate says whether Deaccumulate works.
func (st *UDAState) CanDeaccumulate() bool { return false }

// Result computes the aggregate's value.
func (st *UDAState) Result(s *Scratch) (Value, error) { return Value{}, nil }

// Save returns the state's properties as JSON, for a checkpoint.
func (st *UDAState) Save() ([]byte, error) { return nil, nil }

// Load sets the state from what Save returned.
func (st *UDAState) Load(state []byte) error { return nil }

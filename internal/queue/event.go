package queue

// Event is what happened in the engine, for telemetry. A listener is called on the
// goroutine of whoever did it and must be quick.
type Event interface{ event() }

// Put: a message was put.
type Put struct {
	Account uint64
	Queue   string
	Bytes   int // of its text
}

// Got: messages were given out.
type Got struct {
	Account  uint64
	Queue    string
	Messages int
}

// Removed: messages are gone.
type Removed struct {
	Account  uint64
	Queue    string
	Messages int
	Expired  bool // nobody removed them
}

func (Put) event()     {}
func (Got) event()     {}
func (Removed) event() {}

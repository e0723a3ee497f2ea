package jobs

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// beginning says where a job begins, as Azure's output start mode does: a
// command line, the portal and lazuli.yaml spell it alike.
//
//	last  LastOutputEventTime: go on from the checkpoint
//	now   JobStartTime: output from now on
//	TIME  CustomTime: output from that time on
//	all   everything that the inputs still hold
type beginning struct {
	mode stream.StartMode
	time time.Time // of stream.StartAt
}

// parseBeginning reads a start; "" is last.
func parseBeginning(text string) (beginning, error) {
	switch text {
	case "", "last":
		return beginning{mode: stream.StartLast}, nil
	case "now":
		return beginning{mode: stream.StartNow}, nil
	case "all":
		return beginning{mode: stream.StartAll}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return beginning{}, fault.New(fault.Invalid, "start", "%q is not one of last, now, all and a time such as 2026-01-31T00:00:00Z", text)
	}
	return beginning{stream.StartAt, t}, nil
}

// settled is the start with its time: now, and last for want of a checkpoint,
// are the time of the order. A job that dies before its first checkpoint begins
// there again, so that no event is lost.
func (s beginning) settled(now time.Time) beginning {
	if s.mode == stream.StartNow || s.mode == stream.StartLast {
		return beginning{stream.StartAt, now.Truncate(time.Millisecond)} // as arrivals are
	}
	return s
}

// String is the text of the start, for parseBeginning.
func (s beginning) String() string {
	switch s.mode {
	case stream.StartNow:
		return "now"
	case stream.StartAll:
		return "all"
	case stream.StartAt:
		return s.time.UTC().Format(time.RFC3339Nano)
	case stream.StartLast:
	}
	return "last"
}

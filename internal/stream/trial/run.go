package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Exceeded is the exit code of a child that held too much.
const Exceeded = 3

// Run runs the request in a child: command is a program with its arguments that
// calls Serve. Errors: fault.Invalid when the child had to be ended, saying which
// bound the query passed; those of the engine with their kind.
func Run(ctx context.Context, command []string, r Request) (Result, error) {
	return within(ctx, Longest, command, r)
}

func within(ctx context.Context, longest time.Duration, command []string, r Request) (Result, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return Result{}, err
	}
	limited, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	said, complaint := bounded{most: mostWire}, bounded{most: 4 << 10}
	child := exec.CommandContext(limited, command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr = bytes.NewReader(text), &said, &complaint
	child.Env = append(os.Environ(), "GOMAXPROCS=2")
	child.WaitDelay = time.Second
	if err := child.Run(); err != nil {
		return Result{}, ended(ctx, limited, longest, err, complaint.String())
	}
	var a answer
	if err := json.Unmarshal(said.Bytes(), &a); err != nil {
		return Result{}, fault.Wrap(fault.Internal, "test", err, "its answer cannot be read")
	}
	if a.Error != "" {
		return Result{}, fault.New(a.Kind, "", "%s", a.Error)
	}
	return a.Result, nil
}

// ended says why a child has no answer.
func ended(ctx, limited context.Context, longest time.Duration, err error, complaint string) error {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return fault.New(fault.Invalid, "test", "the query was stopped: it did not come to an end within %v over these events; a join without a narrow condition, a long chain of CROSS APPLY or a function that loops does so", longest)
	case errors.As(err, &exit) && exit.ExitCode() == Exceeded:
		return fault.New(fault.Invalid, "test", "the query was stopped: it held more than %d MB over these events; a join without a narrow condition, COLLECT of much or a function that builds long values does so", MostMemory>>20)
	}
	return fault.Wrap(fault.Internal, "test", err, "the program that runs it ended: %s", complaint)
}

// bounded keeps the first bytes that are written.
type bounded struct {
	bytes.Buffer
	most int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if room := b.most - b.Len(); room < len(p) {
		b.Buffer.Write(p[:max(room, 0)])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

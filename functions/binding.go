package functions

import (
	"context"
	"errors"
	"fmt"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// Binding is something that a function reads from or writes to beside its
// trigger: one of the outputs and inputs of this package, by pointer. A
// function is registered with those that it uses, because hosts want to know
// them before it runs:
//
//	alarms := &functions.EventHubOutput{Hub: "alarms"}
//	app.EventHub("watch", functions.EventHubTrigger{Hub: "readings"}, watch, alarms)
//
// One binding may serve several functions. Its fields must not be changed once
// the app runs.
type Binding interface {
	// binding is the entry in the function's bindings under a name, ready for
	// encoding as JSON.
	binding(name string) any
	// problems says what is missing or wrong.
	problems() []string
	// String names where it leads, for messages.
	String() string
}

// output is a [Binding] that takes values.
type output interface {
	Binding
	// collect is where the values of one invocation gather.
	collect() collection
}

// collection is what a handler has handed to one output so far.
type collection interface {
	mark() mark
	cut(to mark)
	// data is all of it as a host wants it. Nothing may be added afterwards.
	data() *funcrpc.TypedData
}

// mark is how much of a collection there was.
type mark struct{ bytes, count int }

// The app settings that connections are read from where none is named.
const (
	defaultHubs    = "EventHubConnection"
	defaultCosmos  = "CosmosDBConnection"
	defaultStorage = "AzureWebJobsStorage"
)

// or returns the setting, or the one that stands for none.
func or(setting, standard string) string {
	if setting == "" {
		return standard
	}
	return setting
}

// isPath reports whether a path of a property is given, such as /deviceId.
func isPath(s string) bool { return len(s) >= 2 && s[0] == '/' }

// named is a binding of a function under its name.
type named struct {
	Binding
	name string
}

// bind names the bindings of a registration: output, output2 and so on, and in
// the same way input.
func (f *function) bind(bindings []Binding) (problems []string) {
	for i, b := range bindings {
		if isNil(b) {
			problems = append(problems, "a binding is nil")
			continue
		}
		problems = append(problems, b.problems()...)
		if _, marks := b.(*Dedupe); marks && i != len(bindings)-1 {
			problems = append(problems, "Dedupe must be the last of the bindings: its marks are written after the work")
		}
		if out, ok := b.(output); ok {
			f.outputs = append(f.outputs, out)
			f.bound = append(f.bound, named{b, numbered("output", len(f.outputs))})
			continue
		}
		f.inputs = append(f.inputs, b)
		f.bound = append(f.bound, named{b, numbered("input", len(f.inputs))})
	}
	return problems
}

// isNil reports whether a binding is nothing, or a pointer to nothing.
func isNil(b Binding) bool {
	switch b := b.(type) {
	case nil:
		return true
	case *CosmosDBOutput:
		return b == nil
	case *EventHubOutput:
		return b == nil
	case *QueueOutput:
		return b == nil
	case *BlobOutput:
		return b == nil
	case *TableOutput:
		return b == nil
	case *Dedupe:
		return b == nil
	case *CosmosDBInput:
		return b == nil
	case *BlobInput:
		return b == nil
	case *TableInput:
		return b == nil
	}
	return false
}

func numbered(word string, n int) string {
	if n == 1 {
		return word
	}
	return fmt.Sprintf("%s%d", word, n)
}

// collection returns where the values for an output gather, with c.mu held.
// call is the method that was called, for messages.
func (c *call) collection(o output, method string) (collection, error) {
	if c.done {
		return nil, fmt.Errorf("functions: %s after function %s returned", method, c.fn.name)
	}
	for i, own := range c.fn.outputs {
		if own != o {
			continue
		}
		if c.out == nil {
			c.out = make([]collection, len(c.fn.outputs))
		}
		if c.out[i] == nil {
			c.out[i] = o.collect()
		}
		return c.out[i], c.err
	}
	return nil, fmt.Errorf("functions: function %s is not registered with the output %s", c.fn.name, o)
}

// failed remembers the first value that could not be encoded: the invocation
// fails with it even where the handler passes over the error.
func (c *call) failed(o output, err error) error {
	c.err = fmt.Errorf("output %s: %w", o, err)
	return c.err
}

// emit encodes values into the invocation's collection for an output.
func emit(ctx context.Context, o output, method string, values []any) error {
	c := callOf(ctx)
	if c == nil {
		return errOutside(method)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	into, err := c.collection(o, method)
	if err != nil || len(values) == 0 {
		return err
	}
	list := into.(*jsonList)
	list.grow(values)
	for _, v := range values {
		if err := list.add(v); err != nil {
			return c.failed(o, err)
		}
	}
	return nil
}

func errOutside(method string) error {
	return errors.New("functions: " + method + " outside an invocation: pass the handler's context")
}

// input returns what the host sent for an input, nil data for nothing.
func (c *call) input(b Binding, method string) (*funcrpc.TypedData, error) {
	for _, own := range c.fn.bound {
		if own.Binding != b {
			continue
		}
		for _, p := range c.request.InputData {
			if p.Name == own.name {
				return p.GetData(), nil
			}
		}
		return nil, nil
	}
	return nil, fmt.Errorf("functions: %s: function %s is not registered with the input %s", method, c.fn.name, b)
}

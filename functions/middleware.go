package functions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
)

// Handler runs a function once: what the function was registered with, or a
// middleware around it. The context is the invocation's ([FromContext]), and
// in is what the trigger brought. An error fails the invocation.
type Handler func(ctx context.Context, in Input) error

// Input is what a trigger brings to a handler: one of [Events], [Event],
// [Documents], [TimerInfo], [Message], [Blob] and [HTTPExchange].
type Input interface{ input() }

// Events is the [Input] of a function registered with [App.EventHub].
type Events []Event

// Documents is the [Input] of a function registered with [App.CosmosDB].
type Documents []Document

// HTTPExchange is the [Input] of a function registered with [App.HTTP]. The
// handler gets the request with the context that is handed on, and not the one
// that stands in it. It has no error to return: a middleware that wants to know
// how it answered wraps Response, as with net/http.
type HTTPExchange struct {
	Response http.ResponseWriter
	Request  *http.Request
}

func (Events) input()       {}
func (Event) input()        {}
func (Documents) input()    {}
func (TimerInfo) input()    {}
func (Message) input()      {}
func (Blob) input()         {}
func (HTTPExchange) input() {}

// Use puts a middleware around every function of the app, those registered
// before and after. Of several, the first is the outermost. A middleware is
// called once for each function; the handler that it returns runs at each
// invocation, from several goroutines.
//
//	app.Use(func(next functions.Handler) functions.Handler {
//		return func(ctx context.Context, in functions.Input) error {
//			begun := time.Now()
//			err := next(ctx, in)
//			slog.InfoContext(ctx, "ran", "took", time.Since(begun), "error", err)
//			return err
//		}
//	})
//
// It may change the context (it must stay a child of the one given) and the
// input (for another of the same type), call next again, or not at all. A panic
// below comes to it as a [*PanicError]. It may write to the outputs of the
// function. What a handler wrote before it failed is discarded, so that a
// middleware may pass over the error: what it writes itself is then all there
// is.
func (a *App) Use(middleware func(next Handler) Handler) {
	if middleware == nil {
		a.problems = append(a.problems, errors.New("functions: Use was given no middleware"))
		return
	}
	a.middleware = append(a.middleware, middleware)
}

// handler returns the function's handler within the app's middleware.
func (f *function) handler() Handler {
	f.once.Do(func() {
		f.chain = f.innermost
		for i := len(f.app.middleware) - 1; i >= 0; i-- {
			f.chain = f.app.middleware[i](f.chain)
		}
	})
	return f.chain
}

// innermost calls what the function was registered with.
func (f *function) innermost(ctx context.Context, in Input) (err error) {
	c := callOf(ctx)
	if c == nil || c.fn != f {
		return fmt.Errorf("functions: a middleware called function %s with a context that is not its invocation's", f.name)
	}
	before := c.marks()
	defer func() {
		if err == nil {
			err = c.encodeError()
		}
		if err != nil {
			c.discard(before)
		}
	}()
	defer recovered(&err)
	return f.trigger.handle(ctx, in)
}

// marks is how much the invocation has written so far; nil: nothing.
func (c *call) marks() []mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out == nil {
		return nil
	}
	marks := make([]mark, len(c.out))
	for i, values := range c.out {
		if values != nil {
			marks[i] = values.mark()
		}
	}
	return marks
}

// discard forgets what was written since the marks.
func (c *call) discard(since []mark) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = nil
	for i, values := range c.out {
		switch {
		case values == nil:
		case since == nil || since[i] == mark{}:
			c.out[i] = nil
		default:
			values.cut(since[i])
		}
	}
}

func (c *call) encodeError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// wrongInput is about a middleware that hands on another kind of input.
func wrongInput(got, want Input) error {
	return fmt.Errorf("functions: a middleware handed on %T where the function takes %T", got, want)
}

// PanicError is a panic of a handler, as the error of its invocation.
type PanicError struct {
	Value any
	Stack []byte
}

// Error says what the panic's value was.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the panic's value where it is an error, such as
// [http.ErrAbortHandler].
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// recovered makes an error of a panic.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Value: v, Stack: debug.Stack()}
	}
}

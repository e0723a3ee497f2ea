package output

import "context"

type traceKey struct{}

// Traced returns a context for a Write that is the call of a W3C trace context.
func Traced(ctx context.Context, parent string) context.Context {
	return context.WithValue(ctx, traceKey{}, parent)
}

// TraceOf returns the W3C trace context of the call, or "". What it sends or writes is
// to carry it, so that who is caused by that continues the trace.
func TraceOf(ctx context.Context) string {
	parent, _ := ctx.Value(traceKey{}).(string)
	return parent
}

package host

import "context"

// Origin is what a record of the host's log is about. Handlers find it in the
// record's context, so that lines need not repeat what their text says.
type Origin struct {
	App                  string
	Function, Invocation string // "" where it is about none
	// Worker says that the words are the worker's: they came as LogWritten of a
	// function, or as WorkerOutput, too.
	Worker bool
}

type originKey struct{}

// OriginOf returns the origin of a log record with that context.
func OriginOf(ctx context.Context) (Origin, bool) {
	from, ok := ctx.Value(originKey{}).(Origin)
	return from, ok
}

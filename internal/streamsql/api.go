package streamsql

// Limits on what a script may demand.
const (
	MaxTextBytes = 1 << 20         // length of a script
	MaxDepth     = 128             // nesting of expressions and queries
	MaxSlots     = 4096            // columns that one node may carry
	MaxDuration  = 7 * TicksPerDay // windows, DATEDIFF bounds and LIMIT DURATION
)

// Options say what surrounds a script.
type Options struct {
	// Inputs describes the job's inputs. A name in FROM that is neither a step
	// nor here is an error if Strict, else a stream without a schema.
	Inputs []InputOptions
	Strict bool
	// Functions are the JavaScript functions: udf.name(…) and uda.name(…).
	Functions []Function
	// CompatLevel is "1.2" or empty, which is the same; others are refused.
	CompatLevel string
}

// InputOptions describes one input.
type InputOptions struct {
	Name      string
	Reference bool
	// EventHub: SELECT * includes EventProcessedUtcTime, PartitionId and
	// EventEnqueuedUtcTime, and these may be read by name.
	EventHub bool
	// Blob: instead, * includes EventProcessedUtcTime, PartitionId, BlobName and
	// BlobLastModifiedUtcTime.
	Blob bool
}

// Function is a JavaScript function.
type Function struct {
	Name      string // as in udf.name
	Aggregate bool   // uda.name; found out by the script too
	// Source is a script that defines main. main(args…) returns the value; of
	// an aggregate, new main() has init, accumulate(value, timestamp) and
	// computeResult, and may have deaccumulate and deaccumulateState.
	Source string
}

// Compile parses and binds a script. Errors are *SyntaxError, except those of a
// JavaScript function that does not load.
func Compile(text string, opts Options) (*Program, error) {
	script, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return bind(script, opts)
}

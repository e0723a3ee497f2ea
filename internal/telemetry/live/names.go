package live

// The names of the values that are always reported. Rates are per second, durations
// milliseconds, processor time per cent of the machine.
const (
	Requests           = `\ApplicationInsights\Requests/Sec`
	RequestsFailed     = `\ApplicationInsights\Requests Failed/Sec`
	RequestDuration    = `\ApplicationInsights\Request Duration`
	Dependencies       = `\ApplicationInsights\Dependency Calls/Sec`
	DependenciesFailed = `\ApplicationInsights\Dependency Calls Failed/Sec`
	DependencyDuration = `\ApplicationInsights\Dependency Call Duration`
	Exceptions         = `\ApplicationInsights\Exceptions/Sec`
	PhysicalBytes      = `\Process\Physical Bytes`
	ProcessorTime      = `\% Process\Processor Time Normalized`

	// What former clients say instead of the last two: of the machine.
	CommittedBytes = `\Memory\Committed Bytes`
	Processors     = `\Processor(_Total)\% Processor Time`
)

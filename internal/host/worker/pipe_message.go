package worker

// pipeMessage is the header of a message on a pipe, and its parts. Which fields
// a verb has is told by the functions that encode and decode it.
//
//	host to worker                          worker to host
//	                                        start     Token
//	init      HostVersion AppDir WorkerDir  init      Error Capabilities Runtime
//	index     AppDir                        index     Error Functions UseFiles Modules
//	load      Function                      load      ID (the function's) Error
//	invoke    ID FunctionID Inputs          invoke    ID Status Error Outputs Return
//	          Metadata Trace Retry
//	cancel    ID                            log       Log
//	status                                  status
//	reload    AppDir Environment            reload    Error Capabilities
//	terminate Grace (seconds)
//
// Parts come first, so that a frame can be passed over whose header is wrong
// further on.
type pipeMessage struct {
	Parts []int    `json:"parts"` // sizes
	parts [][]byte // themselves

	Verb string `json:"verb"`
	ID   string `json:"id,omitempty"`

	Token string `json:"token,omitempty"`

	HostVersion string            `json:"hostVersion,omitempty"`
	AppDir      string            `json:"appDir,omitempty"`
	WorkerDir   string            `json:"workerDir,omitempty"`
	Environment map[string]string `json:"environment,omitempty"`
	Grace       float64           `json:"grace,omitempty"`

	Capabilities map[string]string `json:"capabilities,omitempty"`
	Runtime      *pipeRuntime      `json:"runtime,omitempty"`
	Functions    []*pipeFunction   `json:"functions,omitempty"`
	UseFiles     bool              `json:"useFiles,omitempty"` // the app declares its functions in function.json files
	Function     *pipeFunction     `json:"function,omitempty"`

	FunctionID string                `json:"functionId,omitempty"`
	Inputs     []pipeBound           `json:"inputs,omitempty"`
	Metadata   map[string]*pipeValue `json:"metadata,omitempty"`
	Trace      *pipeTrace            `json:"trace,omitempty"`
	Retry      *pipeRetry            `json:"retry,omitempty"`

	Status  string      `json:"status,omitempty"` // ok, failed or cancelled
	Error   *pipeError  `json:"error,omitempty"`
	Outputs []pipeBound `json:"outputs,omitempty"`
	Return  *pipeValue  `json:"return,omitempty"`

	Log *pipeLog `json:"log,omitempty"`

	Ending bool `json:"ending,omitempty"` // of any message of the worker: it is the last, the process ends

	// Between the host and a template that workers are forked from; see template.
	PID     int      `json:"pid,omitempty"`
	Code    int      `json:"code,omitempty"`
	Modules []string `json:"modules,omitempty"` // also of an index answer

	unread error // why the header could not be read; Verb and ID are what could
}

type pipeRuntime struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	Worker  string `json:"worker,omitempty"`
}

// pipeFunction is a declared function. Bindings are the texts of their JSON.
type pipeFunction struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Directory  string            `json:"directory,omitempty"`
	ScriptFile string            `json:"scriptFile,omitempty"`
	EntryPoint string            `json:"entryPoint,omitempty"`
	Language   string            `json:"language,omitempty"`
	Bindings   []string          `json:"bindings,omitempty"`
	Retry      *pipeRetryRule    `json:"retry,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
	Error      *pipeError        `json:"error,omitempty"` // it cannot run
}

// pipeRetryRule is a retry policy; times are in seconds, -1 tries is for ever.
type pipeRetryRule struct {
	Strategy string  `json:"strategy"` // fixed or exponential
	Max      int32   `json:"max"`
	Delay    float64 `json:"delay,omitempty"`
	Least    float64 `json:"least,omitempty"`
	Most     float64 `json:"most,omitempty"`
}

type pipeTrace struct {
	Parent     string            `json:"parent,omitempty"`
	State      string            `json:"state,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

type pipeRetry struct {
	Count     int32      `json:"count"`
	Max       int32      `json:"max"`
	Exception *pipeError `json:"exception,omitempty"`
}

type pipeError struct {
	Message string `json:"message"`
	Type    string `json:"type,omitempty"`
	Stack   string `json:"stack,omitempty"`
	Source  string `json:"source,omitempty"`
	User    bool   `json:"user,omitempty"`
}

type pipeLog struct {
	Invocation string     `json:"invocation,omitempty"`
	Category   string     `json:"category,omitempty"`
	Level      string     `json:"level"` // trace, debug, information, warning, error, critical or none
	Message    string     `json:"message"`
	System     bool       `json:"system,omitempty"` // the worker's own, not the user's
	Exception  *pipeError `json:"exception,omitempty"`
	Properties string     `json:"properties,omitempty"` // a JSON object
}

// pipeBound is a value under its binding's name.
type pipeBound struct {
	Name  string     `json:"name"`
	Value *pipeValue `json:"value,omitempty"`
}

package host

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/concurrency"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// processCount, a setting, is how many worker processes an instance of an app has;
// Azure takes 1 to 10.
const (
	processCount = "FUNCTIONS_WORKER_PROCESS_COUNT"
	maxProcesses = 10
)

// readProcesses is what the setting says; 1 when it is not set.
func (s *setup) readProcesses() (int, error) {
	text := s.settings.Get(processCount)
	if text == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxProcesses {
		return 0, fault.New(fault.Invalid, processCount, "%q is not a number of worker processes: it can be 1 to %d", text, maxProcesses)
	}
	if n > 1 && s.fixedPort() {
		return 0, fault.New(fault.Invalid, processCount, "it is %d, but a custom handler with a port of its own (customHandler.port in host.json) can run only once; take one of the two away", n)
	}
	return n, nil
}

// fixedPort reports a custom handler of which there can be but one: it has a port
// of its own.
func (s *setup) fixedPort() bool {
	return s.config.CustomHandler != nil && s.config.CustomHandler.FixedPort != 0
}

// ProcessCount is how many worker processes one instance of the app has, by the
// setting FUNCTIONS_WORKER_PROCESS_COUNT.
func (h *Host) ProcessCount() int { return h.setup().processes }

// SetWorkers says how many worker processes the app, each of its groups where they scale
// apart, is to have from now on, at most worker.MaxCount, and returns at once. Those that are too many get nothing new, go
// on with what they run, and end. With 0 none runs until something is invoked, which
// starts one and waits for it. See worker.Pool.
func (h *Host) SetWorkers(n int) {
	if n > 1 && h.setup().fixedPort() {
		n = 1
	}
	h.crews.setCount(n)
}

// Workers is how much of the app's worker processes is in use now.
func (h *Host) Workers() worker.Counts { return h.crews.counts() }

// WorkerProcess is a worker process of an app at one moment.
type WorkerProcess struct {
	Number      int    // among those of the app, from 1
	Group       string // whose functions it runs, where functions scale apart; else ""
	Language    string
	State       worker.State
	Since       time.Time // when State was entered
	PID         int       // 0: none runs
	Invocations int       // in flight
	Memory      int64     // bytes; 0 where it cannot be told
	Starts      int       // so far
	Trouble     string    // why the last one ended or did not start
}

// Processes are the app's worker processes, one by one, by their numbers.
func (h *Host) Processes() []WorkerProcess {
	language := string(h.setup().kind)
	all := []WorkerProcess{}
	for _, s := range h.crews.statuses() {
		p := WorkerProcess{
			Number: s.Number, Group: s.Group, Language: language, State: s.State, Since: s.Since,
			Invocations: s.Held, Starts: s.Starts, Trouble: s.LastError,
		}
		if s.State == worker.Running && s.Info.PID != 0 {
			p.PID = s.Info.PID
			p.Memory, _ = concurrency.ProcessMemory(p.PID) // it may have ended, or the system does not tell
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b WorkerProcess) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

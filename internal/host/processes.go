package host

import (
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/fault"
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

// SetWorkers says how many worker processes the app is to have from now on, at most
// worker.MaxCount, and returns at once. Those that are too many get nothing new, go
// on with what they run, and end. With 0 none runs until something is invoked, which
// starts one and waits for it. See worker.Pool.
func (h *Host) SetWorkers(n int) {
	if n > 1 && h.setup().fixedPort() {
		n = 1
	}
	h.pool.SetCount(n)
}

// Workers is how much of the app's worker processes is in use now.
func (h *Host) Workers() worker.Counts { return h.pool.Counts() }

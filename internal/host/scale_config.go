package host

import (
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/concurrency"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// workerDynamic, a setting of Azure's, lets the number of worker processes change with
// what there is to do.
const workerDynamic = "FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED"

// scaling is lazuli.scale of host.json: by which plan instances are counted, and how many
// worker processes there are.
type scaling struct {
	plan   *scale.Plan
	size   scale.Size
	limits scale.Limits

	apart       bool          // each group of functions has worker processes of its own
	least, most int           // worker processes, of each group where they are apart; where they are the same nothing scales
	idle        time.Duration // without work, until the last process ends, where least is 0
}

// readScaling reads
//
//	"lazuli": {"scale": {
//	  "plan": "flex", "size": "2048", "maxInstances": 100, "alwaysReady": {"http": 1},
//	  "workers": {"min": 0, "max": 4, "idle": "00:05:00", "apart": true}}}
//
// A plan that is named and scales per function has the worker processes of each group
// apart, unless the file says otherwise; none does because it is the default.
//
// Without workers their number is FUNCTIONS_WORKER_PROCESS_COUNT, and may grow up to the
// number of cores with FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED.
func (s *setup) readScaling() (out scaling, err error) {
	c := s.config.Section(hostjson.Own).Section("scale")
	c.Only("plan", "size", "maxInstances", "alwaysReady", "workers")
	if out.plan, err = scale.FindPlan(c.Text("plan", "flex")); err != nil {
		c.Fail("plan", "%v", err)
		return out, c.Err()
	}
	if out.size, err = out.plan.Size(c.Text("size", "")); err != nil {
		c.Fail("size", "%v", err)
	}
	out.limits.Most = c.Integer("maxInstances", out.plan.Default.Value, 1, out.plan.Most.Value)
	ready := c.Section("alwaysReady")
	out.limits.AlwaysReady = map[string]int{}
	for _, group := range ready.Keys() {
		if !slices.Contains([]string{scale.GroupHTTP, scale.GroupBlob, scale.GroupDurable}, group) && !strings.HasPrefix(group, scale.GroupFunction) {
			ready.Fail(group, "there is no such group; there are http, blob, durable and function:NAME")
		}
		out.limits.AlwaysReady[group] = ready.Integer(group, 0, 0, out.plan.Most.Value)
	}
	s.readWorkers(c, &out)
	return out, c.Err()
}

// readWorkers reads how many worker processes there are.
func (s *setup) readWorkers(c *hostjson.Section, out *scaling) {
	out.least, out.most = s.processes, s.processes
	if on := strings.ToLower(s.settings.Get(workerDynamic)); on == "true" || on == "1" {
		out.most = max(s.processes, runtime.GOMAXPROCS(0))
	}
	w := c.Section("workers")
	w.Only("min", "max", "idle", "apart")
	out.apart = w.Boolean("apart", c.Has("plan") && out.plan.PerFunction && !s.fixedPort())
	if c.Has("workers") && !slices.Equal(w.Keys(), []string{"apart"}) {
		out.least = w.Integer("min", min(s.processes, 1), 0, worker.MaxCount)
		out.most = w.Integer("max", max(out.least, s.processes, runtime.GOMAXPROCS(0)), 1, worker.MaxCount)
		out.idle = w.Duration("idle", 5*time.Minute)
	}
	switch {
	case out.least > out.most:
		w.Fail("min", "%d is more than max (%d)", out.least, out.most)
	case out.idle < 0:
		w.Fail("idle", "must not be negative")
	case out.apart && !out.plan.PerFunction:
		w.Fail("apart", "the plan %s scales an app as a whole; flex is the one that scales functions apart", out.plan.Name)
	case out.apart && s.fixedPort():
		w.Fail("apart", "a custom handler with a port of its own (customHandler.port) can run only once")
	case out.most > 1 && s.fixedPort():
		w.Fail("max", "it is %d, but a custom handler with a port of its own (customHandler.port) can run only once", out.most)
	}
}

// between is how few and how many worker processes a group has, at least as many as are
// always ready.
func (s *scaling) between(group string) (least, most int) {
	return min(s.most, max(s.least, s.limits.AlwaysReady[group])), s.most
}

// changes reports whether the number of worker processes changes with what there is to
// do.
func (s *scaling) changes() bool { return s.least != s.most }

// readDynamic reads the section concurrency, and says so when it is on.
func (s *setup) readDynamic() (concurrency.Config, error) { return concurrency.ReadConfig(s.config) }

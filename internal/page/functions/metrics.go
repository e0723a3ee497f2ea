package functions

import (
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// metrics are the runs of each function that has run.
func (p page) metrics(emit func(portal.Metric)) {
	p.Counts.Functions(func(app, name string, f *telemetry.Function) {
		labels := []string{"app", app, "function", name}
		failed, runs := f.Failures.Load(), f.Runs.Load()
		const executions = "lazuli_functions_executions_total"
		emit(portal.Metric{Name: executions, Help: "Runs that ended.", Labels: append(labels[:4:4], "outcome", "succeeded"), Value: float64(max(runs-failed, 0))})
		emit(portal.Metric{Name: executions, Help: "Runs that ended.", Labels: append(labels[:4:4], "outcome", "failed"), Value: float64(failed)})
		emit(portal.Metric{Name: "lazuli_functions_execution_seconds_total", Help: "How long runs took together.", Labels: labels, Value: float64(f.Micros.Load()) / 1e6})
		emit(portal.Metric{Name: "lazuli_functions_items_total", Help: "Events, documents and messages that runs were given.", Labels: labels, Value: float64(f.Items.Load())})
		emit(portal.Metric{Name: "lazuli_functions_dead_letters_total", Help: "What runs failed on and was set aside.", Labels: labels, Value: float64(f.Letters.Load())})
	})
}

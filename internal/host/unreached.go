package host

import "log/slog"

// changed is called when the functions, or which of them are on, are others than before.
func (h *Host) changed() {
	h.generation.Add(1)
	h.lookForUnreached()
}

// lookForUnreached marks the HTTP functions that no request would reach, and tells of
// those that were reached before.
func (h *Host) lookForUnreached() {
	if h.o.Unreached == nil {
		return
	}
	h.reaching.Lock()
	defer h.reaching.Unlock()
	bad := h.o.Unreached(h.Config().HTTP.RoutePrefix, h.Functions())
	for _, f := range h.markUnreached(bad) {
		h.log.Error("function has no usable route", slog.String("function", f), slog.Any("error", bad[f]))
	}
}

// markUnreached returns the functions that were not marked with the same reason.
func (h *Host) markUnreached(bad map[string]error) (fresh []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.functions {
		err := bad[f.decl.Name]
		if err != nil && (f.unreached == nil || f.unreached.Error() != err.Error()) {
			fresh = append(fresh, f.decl.Name)
		}
		f.unreached = err
	}
	return fresh
}

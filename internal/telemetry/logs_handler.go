package telemetry

import (
	"context"
	"log/slog"

	"github.com/lazuli-dev/lazuli/internal/host"
)

// Handler returns a log handler that keeps what next lets through, and hands it
// on. What the workers of function apps say comes by FromHost, at every level.
func (l *Logs) Handler(next slog.Handler) slog.Handler { return &logHandler{logs: l, next: next} }

type logHandler struct {
	logs  *Logs
	next  slog.Handler
	from  names  // who writes, of the attributes below
	attrs []Attr // of all records
	group string // before the keys of what comes
}

// names are the attributes that say who writes.
type names struct{ component, app, function, job, hub, process string }

func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	origin, known := host.OriginOf(ctx)
	if !origin.Worker {
		line := Line{Time: r.Time, Level: r.Level, Text: r.Message, Attrs: h.attrs[:len(h.attrs):len(h.attrs)]}
		from := h.from
		r.Attrs(func(a slog.Attr) bool {
			line.Attrs = from.take(line.Attrs, h.group, a)
			return true
		})
		if known {
			from.app, from.function, line.Invocation = origin.App, origin.Function, origin.Invocation
		}
		line.Source = from.source()
		h.logs.Append(line)
	}
	return h.next.Handle(ctx, r)
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *h
	out.next = h.next.WithAttrs(attrs)
	out.attrs = append([]Attr{}, h.attrs...)
	for _, a := range attrs {
		out.attrs = out.from.take(out.attrs, h.group, a)
	}
	return &out
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	out := *h
	out.next = h.next.WithGroup(name)
	if name != "" {
		out.group += name + "."
	}
	return &out
}

// take notes who writes, and appends what else there is to say.
func (n *names) take(attrs []Attr, group string, a slog.Attr) []Attr {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, inner := range value.Group() {
			attrs = n.take(attrs, group, inner)
		}
		return attrs
	}
	if name := n.field(a.Key); name != nil && group == "" {
		*name = value.String()
		if name != &n.hub { // which is also what a line is about
			return attrs
		}
	}
	if a.Key == "" {
		return attrs
	}
	return append(attrs, Attr{group + a.Key, value.String()})
}

// field is where the attribute of a key says who writes, or nil.
func (n *names) field(key string) *string {
	switch key {
	case "component":
		return &n.component
	case "app":
		return &n.app
	case "function":
		return &n.function
	case "job":
		return &n.job
	case "process":
		return &n.process
	case "hub":
		return &n.hub
	}
	return nil
}

// source is who wrote, the nearest first.
func (n *names) source() string {
	switch {
	case n.app != "" && n.function != "":
		return "function/" + n.app + "/" + n.function
	case n.app != "":
		return "app/" + n.app
	case n.job != "":
		return "job/" + n.job
	case n.process != "":
		return "process/" + n.process
	case n.hub != "":
		return "hub/" + n.hub
	case n.component != "":
		return n.component
	}
	return "lazuli"
}

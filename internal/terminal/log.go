package terminal

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// Handler cleans the texts of log records before the next handler lays them
// out, so that one record is one line whoever wrote its words. An error of several
// lines, a compiler's, stands on one with bars between them.
type Handler struct{ next slog.Handler }

// NewHandler returns a Handler before next.
func NewHandler(next slog.Handler) Handler { return Handler{next} }

// Enabled asks the next handler.
func (h Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle hands a clean record on: nearly always the one that came.
func (h Handler) Handle(ctx context.Context, r slog.Record) error {
	clean := Clean(r.Message) == r.Message
	r.Attrs(func(a slog.Attr) bool {
		clean = clean && cleanAttr(a).Equal(a)
		return clean
	})
	if clean {
		return h.next.Handle(ctx, r)
	}
	out := slog.NewRecord(r.Time, r.Level, Clean(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(cleanAttr(a))
		return true
	})
	return h.next.Handle(ctx, out)
}

// WithAttrs cleans attributes once.
func (h Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = cleanAttr(a)
	}
	return Handler{h.next.WithAttrs(clean)}
}

// WithGroup opens a group.
func (h Handler) WithGroup(name string) slog.Handler { return Handler{h.next.WithGroup(Clean(name))} }

func cleanAttr(a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	switch value.Kind() {
	case slog.KindString:
		value = slog.StringValue(Clean(value.String()))
	case slog.KindGroup:
		group := make([]slog.Attr, len(value.Group()))
		for i, inner := range value.Group() {
			group[i] = cleanAttr(inner)
		}
		value = slog.GroupValue(group...)
	case slog.KindAny:
		text := fmt.Sprint(value.Any())
		if _, failed := value.Any().(error); failed && strings.Contains(text, "\n") {
			value = slog.StringValue(Clean(strings.Join(strings.Split(strings.TrimSpace(text), "\n"), " | ")))
			break
		}
		if clean := Clean(text); clean != text {
			value = slog.StringValue(clean)
		}
	}
	return slog.Attr{Key: Clean(a.Key), Value: value}
}

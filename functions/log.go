package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// Logger returns a logger whose records belong to the invocation of ctx even
// when they are logged without a context. Outside an invocation it is
// [slog.Default].
func Logger(ctx context.Context) *slog.Logger {
	c := callOf(ctx)
	if c == nil {
		return slog.Default()
	}
	return slog.New(&logHandler{call: c})
}

// NewLogHandler returns a handler that sends every record whose context is an
// invocation's to the host, and gives all others to next. [App.Main] installs
// one as slog's default; a program that sets its own default wraps it with
// this.
//
// The message reaches the host with its attributes appended as key=value, and
// again as a JSON object for hosts that keep structured logs. The host's log
// levels decide what is kept.
func NewLogHandler(next slog.Handler) slog.Handler { return &logHandler{next: next} }

// logSink takes one log record of an invocation. It must not block for long
// and may be called from any goroutine.
type logSink func(*funcrpc.RpcLog)

// logHandler belongs to one invocation when call is set, and otherwise looks
// for one in each record's context.
type logHandler struct {
	call  *call
	next  slog.Handler // never nil when call is
	steps []logStep    // WithAttrs and WithGroup calls, oldest first
}

type logStep struct {
	group string
	attrs []slog.Attr
}

func (h *logHandler) callOf(ctx context.Context) *call {
	if c := callOf(ctx); c != nil {
		return c
	}
	return h.call
}

func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	if h.callOf(ctx) != nil {
		return level >= slog.LevelDebug
	}
	return h.next.Enabled(ctx, level)
}

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	c := h.callOf(ctx)
	if c == nil {
		return h.next.Handle(ctx, r)
	}
	record := &funcrpc.RpcLog{
		InvocationId: c.ID,
		Category:     c.logName,
		Level:        rpcLevel(r.Level),
		LogCategory:  funcrpc.RpcLog_User,
		Message:      strings.ToValidUTF8(r.Message, "\uFFFD"),
	}
	if len(h.steps) > 0 || r.NumAttrs() > 0 {
		text, object := h.attributes(ctx, r)
		record.Message += text
		record.Properties = object
	}
	c.log(record)
	return nil
}

// attributes formats the record's attributes twice, through slog's own two
// handlers.
func (h *logHandler) attributes(ctx context.Context, r slog.Record) (text, object string) {
	bare := slog.NewRecord(time.Time{}, r.Level, "", 0)
	r.Attrs(func(a slog.Attr) bool { bare.AddAttrs(a); return true })
	opts := &slog.HandlerOptions{Level: slog.LevelDebug - 100, ReplaceAttr: dropBuiltin}
	var asText, asJSON bytes.Buffer
	for _, out := range []slog.Handler{slog.NewTextHandler(&asText, opts), slog.NewJSONHandler(&asJSON, opts)} {
		for _, s := range h.steps {
			if s.group != "" {
				out = out.WithGroup(s.group)
			} else {
				out = out.WithAttrs(s.attrs)
			}
		}
		if out.Handle(ctx, bare) != nil { // a buffer takes everything
			return "", ""
		}
	}
	if s := strings.TrimSpace(asText.String()); s != "" {
		text = " " + strings.ToValidUTF8(s, "\uFFFD")
	}
	if s := bytes.TrimSpace(asJSON.Bytes()); json.Valid(s) {
		object = string(s)
	}
	return text, object
}

// dropBuiltin removes the level and the empty message that every record has;
// attributes of the same name stay.
func dropBuiltin(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	if _, isLevel := a.Value.Any().(slog.Level); isLevel && a.Key == slog.LevelKey {
		return slog.Attr{}
	}
	if a.Key == slog.MessageKey && a.Value.Kind() == slog.KindString && a.Value.String() == "" {
		return slog.Attr{}
	}
	return a
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.with(logStep{attrs: attrs}, func(n slog.Handler) slog.Handler { return n.WithAttrs(attrs) })
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(logStep{group: name}, func(n slog.Handler) slog.Handler { return n.WithGroup(name) })
}

func (h *logHandler) with(s logStep, apply func(slog.Handler) slog.Handler) slog.Handler {
	out := &logHandler{call: h.call, steps: append(h.steps[:len(h.steps):len(h.steps)], s)}
	if h.next != nil {
		out.next = apply(h.next)
	}
	return out
}

func rpcLevel(l slog.Level) funcrpc.RpcLog_Level {
	switch {
	case l < slog.LevelDebug:
		return funcrpc.RpcLog_Trace
	case l < slog.LevelInfo:
		return funcrpc.RpcLog_Debug
	case l < slog.LevelWarn:
		return funcrpc.RpcLog_Information
	case l < slog.LevelError:
		return funcrpc.RpcLog_Warning
	case l < slog.LevelError+4:
		return funcrpc.RpcLog_Error
	default:
		return funcrpc.RpcLog_Critical
	}
}

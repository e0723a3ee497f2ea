package functions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// around notes when it is entered and left.
func around(name string, notes *[]string) func(Handler) Handler {
	return func(next Handler) Handler {
		return func(ctx context.Context, in Input) error {
			*notes = append(*notes, name)
			err := next(ctx, in)
			*notes = append(*notes, "/"+name)
			return err
		}
	}
}

func TestMiddlewareOrder(t *testing.T) {
	var notes []string
	app := New()
	app.Use(around("a", &notes))
	app.EventHub("f", testTrigger, func(context.Context, []Event) error { notes = append(notes, "f"); return nil })
	app.Use(around("b", &notes))
	h := startWorker(t, app)
	for _, id := range []string{"1", "2"} {
		if resp := h.invoke("f", batchRequest(id, "{}")); resp.Result.Status != funcrpc.StatusResult_Success {
			t.Fatal(resp)
		}
	}
	if got := strings.Join(notes, " "); got != "a b f /b /a a b f /b /a" {
		t.Errorf("order %s", got)
	}
}

type ctxKey struct{}

// TestMiddleware: what one may do to an invocation.
func TestMiddleware(t *testing.T) {
	out, dead := testOutput(), &CosmosDBOutput{Database: "d", Container: "dead"}
	store := func(ctx context.Context, events []Event) error {
		for _, e := range events {
			if string(e.Body) == "panic" {
				panic("boom")
			}
			if err := out.Upsert(ctx, map[string]any{"body": string(e.Body), "by": ctx.Value(ctxKey{})}); err != nil {
				return err
			}
			if string(e.Body) == "fail" {
				return errors.New("failed")
			}
		}
		return nil
	}
	for _, tc := range []struct {
		name string
		mw   func(Handler) Handler
		body string
		want string // documents of both outputs, or the error
	}{
		{"context", func(next Handler) Handler {
			return func(ctx context.Context, in Input) error { return next(context.WithValue(ctx, ctxKey{}, "me"), in) }
		}, "x", `[{"body":"x","by":"me"}] []`},
		{"input", func(next Handler) Handler {
			return func(ctx context.Context, in Input) error { return next(ctx, append(Events{}, in.(Events)[1:]...)) }
		}, "x", `[] []`},
		{"not called", func(Handler) Handler {
			return func(context.Context, Input) error { return errors.New("not today") }
		}, "x", `not today`},
		{"called twice", func(next Handler) Handler {
			return func(ctx context.Context, in Input) error { return errors.Join(next(ctx, in), next(ctx, in)) }
		}, "x", `[{"body":"x","by":null},{"body":"x","by":null}] []`},
		{"error passed over", func(next Handler) Handler {
			return func(ctx context.Context, in Input) error {
				if err := errors.Join(out.Upsert(ctx, map[string]int{"before": 1}), dead.Upsert(ctx, map[string]int{"n": 1})); err != nil {
					return err
				}
				err := next(ctx, in)
				return dead.Upsert(ctx, map[string]string{"error": err.Error()})
			}
		}, "fail", `[{"before":1}] [{"n":1},{"error":"failed"}]`},
		{"panic passed over", func(next Handler) Handler {
			return func(ctx context.Context, in Input) error {
				var p *PanicError
				if err := next(ctx, in); !errors.As(err, &p) || p.Value != "boom" || len(p.Stack) == 0 {
					return fmt.Errorf("no panic but %w", err)
				}
				return nil
			}
		}, "panic", `[] []`},
		{"own panic", func(Handler) Handler { return func(context.Context, Input) error { panic("mine") } }, "x", "panic: mine"},
		{"another context", func(next Handler) Handler {
			return func(_ context.Context, in Input) error { return next(context.Background(), in) }
		}, "x", "functions: a middleware called function f with a context that is not its invocation's"},
		{"another input", func(next Handler) Handler {
			return func(ctx context.Context, _ Input) error { return next(ctx, TimerInfo{}) }
		}, "x", "functions: a middleware handed on functions.TimerInfo where the function takes functions.Events"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			app := New()
			app.Use(tc.mw)
			app.EventHub("f", testTrigger, store, out, dead)
			resp := startWorker(t, app).invoke("f", batchRequest("1", tc.body))
			got := resp.Result.GetException().GetMessage()
			if resp.Result.Status == funcrpc.StatusResult_Success {
				values := map[string]string{"output": "[]", "output2": "[]"}
				for _, o := range resp.OutputData {
					values[o.Name] = strings.ReplaceAll(o.GetData().GetJson(), "\n", "")
				}
				got = values["output"] + " " + values["output2"]
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestMiddlewareOfHTTP: it may refuse, change the request and watch the
// response, whether the host forwards the request or sends it whole.
func TestMiddlewareOfHTTP(t *testing.T) {
	app := New()
	app.Use(func(next Handler) Handler {
		return func(ctx context.Context, in Input) error {
			x := in.(HTTPExchange)
			if x.Request.Header.Get("X-Refuse") != "" {
				return errors.New("refused")
			}
			x.Response.Header().Set("X-Seen", "yes")
			return next(context.WithValue(ctx, ctxKey{}, "me"), x)
		}
	})
	app.HTTP("hello", HTTPTrigger{}, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %v", r.Context().Value(ctxKey{}))
	})
	h := startWorker(t, app)
	whole := h.invoke("hello", httpRequest("whole", &funcrpc.RpcHttp{Method: "GET", Url: "/api/hello"})).ReturnValue.GetHttp()
	if string(whole.Body.GetBytes()) != "hello me" || whole.Headers["X-Seen"] != "yes" {
		t.Errorf("whole: %v", whole)
	}
	for id, want := range map[string]string{"forwarded": "200 yes hello me", "refused": "500  "} {
		r := httptest.NewRequest("GET", h.init.Capabilities["HttpUri"]+"/api/hello", nil)
		r.RequestURI = ""
		r.Header.Set(forwardedHeader, id)
		if id == "refused" {
			r.Header.Set("X-Refuse", "1")
		}
		reply := h.start("hello", httpRequest(id, &funcrpc.RpcHttp{}))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if got := fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("X-Seen"), " ", string(content)); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
		failed := h.await(reply).GetInvocationResponse().Result.Status == funcrpc.StatusResult_Failure
		if failed != (id == "refused") {
			t.Errorf("%s: failed %v", id, failed)
		}
		w := httptest.NewRecorder()
		direct := httptest.NewRequest("GET", "/api/hello", nil)
		direct.Header = r.Header
		app.Handler("api").ServeHTTP(w, direct)
		if w.Code != resp.StatusCode {
			t.Errorf("%s as a custom handler: %d %s", id, w.Code, w.Body)
		}
	}
}

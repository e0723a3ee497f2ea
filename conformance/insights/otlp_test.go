package insights

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// exporters are those of a protocol.
type exporters func(context.Context) (sdktrace.SpanExporter, sdkmetric.Exporter, sdklog.Exporter, error)

func overHTTP(ctx context.Context) (sdktrace.SpanExporter, sdkmetric.Exporter, sdklog.Exporter, error) {
	spans, err1 := otlptracehttp.New(ctx)
	points, err2 := otlpmetrichttp.New(ctx)
	lines, err3 := otlploghttp.New(ctx)
	return spans, points, lines, errors.Join(err1, err2, err3)
}

func overGRPC(ctx context.Context) (sdktrace.SpanExporter, sdkmetric.Exporter, sdklog.Exporter, error) {
	spans, err1 := otlptracegrpc.New(ctx)
	points, err2 := otlpmetricgrpc.New(ctx)
	lines, err3 := otlploggrpc.New(ctx)
	return spans, points, lines, errors.Join(err1, err2, err3)
}

// TestOpenTelemetryGo sends traces, logs and metrics by OpenTelemetry's own SDK and
// exporters for Go, told by nothing but their variables, and asks for what came.
func TestOpenTelemetryGo(t *testing.T) {
	for name, of := range map[string]exporters{"http": overHTTP, "grpc": overGRPC} {
		t.Run(name, func(t *testing.T) { sendsAll(t, of) })
	}
}

func sendsAll(t *testing.T, of exporters) {
	t.Helper()
	l := lab.Up(t, project)
	at := "http://" + l.LocalHost(t, "insights")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", at)
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	ctx := t.Context()
	about := resource.NewSchemaless(attribute.String("service.name", "shop"), attribute.String("service.version", "7"))
	spans, points, lines, err := of(ctx)
	if err != nil {
		t.Fatal(err)
	}
	traces := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans), sdktrace.WithResource(about))
	metrics := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(points)), sdkmetric.WithResource(about))
	logs := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(lines)), sdklog.WithResource(about))

	inner, server := traces.Tracer("lib").Start(ctx, "GET", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", "GET"), attribute.String("http.route", "/things/{id}"), attribute.Int("http.response.status_code", 500)))
	_, client := traces.Tracer("lib").Start(inner, "SELECT", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("db.system.name", "postgresql")))
	client.RecordError(errors.New("<b>no</b> connection"))
	client.SetStatus(codes.Error, "no connection")
	client.End()
	slog.New(otelslog.NewHandler("shop", otelslog.WithLoggerProvider(logs))).WarnContext(inner, "stock is low", "sku", "A1")
	server.End()
	taken, err := metrics.Meter("lib").Float64Histogram("took")
	if err != nil {
		t.Fatal(err)
	}
	taken.Record(ctx, 2, metric.WithAttributes(attribute.String("room", "lab")))
	taken.Record(ctx, 4, metric.WithAttributes(attribute.String("room", "lab")))
	if err := errors.Join(traces.Shutdown(ctx), metrics.Shutdown(ctx), logs.Shutdown(ctx)); err != nil {
		t.Fatal(err)
	}

	operation := server.SpanContext().TraceID().String()
	for query, want := range map[string]string{
		"requests | project operation_Id, id, name, success, resultCode, cloud_RoleName, application_Version":        fmt.Sprintf(`[["%s","%s","GET /things/{id}","False","500","shop","7"]]`, operation, server.SpanContext().SpanID()),
		"dependencies | project operation_Id, operation_ParentId, name, type, success":                               fmt.Sprintf(`[["%s","%s","SELECT","postgresql","False"]]`, operation, server.SpanContext().SpanID()),
		"exceptions | project operation_ParentId, type, outerMessage":                                                fmt.Sprintf(`[["%s","*errors.errorString","\u003cb\u003eno\u003c/b\u003e connection"]]`, client.SpanContext().SpanID()),
		"traces | project message, severityLevel, operation_Id, tostring(customDimensions.sku)":                      fmt.Sprintf(`[["stock is low",2,"%s","A1"]]`, operation),
		"customMetrics | project name, valueCount, valueSum, valueMin, valueMax, tostring(customDimensions['room'])": `[["took",2,6,2,4,"lab"]]`,
	} {
		if got := asked(t, at, query); got != want {
			t.Errorf("%s gives\n%s, want\n%s", query, got, want)
		}
	}
}

// asked is the rows of an answer, which may take a second to come.
func asked(t *testing.T, at, query string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, at+"/v1/apps/default/query", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Tables []struct{ Rows json.RawMessage }
		}
		err = json.NewDecoder(reply.Body).Decode(&answer)
		reply.Body.Close()
		cancel()
		if err != nil || reply.StatusCode != http.StatusOK || len(answer.Tables) == 0 {
			t.Fatal(query, ": ", reply.Status, err)
		}
		if rows := string(answer.Tables[0].Rows); rows != "[]" || time.Since(begun) > 30*time.Second {
			return rows
		}
	}
}

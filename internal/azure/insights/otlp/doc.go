// Package otlp is telemetry of OpenTelemetry as Application Insights has it: spans become
// requests and dependencies, their events traces and exceptions, lines of logs traces,
// exceptions and events, points of metrics metrics.
//
//	span  SERVER, CONSUMER             ─▶ request       trace.go
//	      CLIENT, PRODUCER, INTERNAL   ─▶ dependency    dependency.go
//	      its events                   ─▶ exception, trace
//	log record                         ─▶ exception, customEvent, availability, trace
//	point of a metric                  ─▶ customMetric
//
// Which attribute becomes which column is as the vendor's exporters have it; both
// generations of OpenTelemetry's names are read. All attributes are kept as custom
// dimensions beside that, those of the resource too.
//
// https://opentelemetry.io/docs/specs/otlp/ has the messages,
// https://opentelemetry.io/docs/specs/semconv/ the names of attributes.
package otlp

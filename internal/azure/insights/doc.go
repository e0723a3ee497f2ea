// Package insights is Application Insights as its clients see it: telemetry comes in
// (the SDKs' own protocol, live metrics, OTLP), and queries are answered. What is kept,
// and how it is queried, is the store's and the language's; here are wires.
//
//	POST /v2.1/track, /v2/track                  envelopes        track.go, envelope*.go
//	POST /QuickPulseService.svc/ping, /post      live metrics     quickpulse*.go
//	POST /v1/traces, /v1/metrics, /v1/logs       OTLP over HTTP   otlp.go
//	     opentelemetry.proto.collector.*         OTLP over gRPC   otlp_grpc.go
//	     /v1/apps/ID/query, /v1/workspaces/ID/query, /v1/RESOURCE/query, /v1/$batch
//	                                             queries          query*.go
//
// Which component telemetry is for stands in it: one port takes it for all. Clients must
// not wait, so nothing here does: what finds no room in a component's queue is refused
// with 429, and they send it again.
//
// Left out on purpose: adaptive sampling by the server, the daily cap (439), redirects,
// snapshots, profiles, and events and metadata of the query API.
package insights

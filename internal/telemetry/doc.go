// Package telemetry counts what the engines report and remembers the latest
// runs of each function.
//
// The one idea: engines know nothing of who listens. Each has typed events of
// its own, and here is one file per engine, from_ENGINE.go, that turns them into
// counters: a few atomic additions per batch, from any goroutine, never waiting.
// Whoever shows the counters (the portal's pages) reads them when somebody looks.
//
//	broker, eventhubs, cosmos, storage, host ──events──▶ from_X.go ──▶ Counts ◀── pages
//
// Logs is the process's log as well, and what functions say, in a ring: the log
// handler and the hosts' events fill it, and readers page back or follow.
//
// It keeps nothing on disk and computes no rates: a counter only grows.
package telemetry

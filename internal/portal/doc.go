// Package portal is the web portal's server: the pages, a JSON interface that
// they read, and one stream of server-sent events per open page.
//
// The one idea: the pipeline never waits for somebody who watches. Engines
// count what they do in a Meter (a few atomic additions per batch); once a
// second Run turns the counters into one snapshot, encodes it once, and every
// open page gets those same bytes. A page that reads slowly misses snapshots,
// never delays them. What nobody looks at is not computed.
//
//	engines ──events──▶ Meter ──1 Hz──▶ snapshot ──▶ topic ──▶ page, page, page
//	container ──change feed──▶ dashboard.Dataset ──1 Hz──▶ tiles ──▶ topic ──▶ page
//
// The portal mostly reads. What changes something (send a test event, edit an
// item, run a function) is refused for other origins than its own; see guard.go.
// It keeps nothing on disk and has no accounts: it listens where the project
// says, which is loopback unless somebody decided otherwise.
package portal

// Package portal is the web portal's server: the pages, a JSON interface that
// they read, and a stream of server-sent events for each open browser.
//
// The one idea: the pipeline never waits for somebody who watches, and what
// nobody watches costs nothing. A topic is something that can be watched: the
// summary, a list (hubs), one thing of it (hub:orders), a dashboard. Once a
// second Run reads the topics that somebody watches, encodes each once, and every
// stream gets those same bytes: of a list only the rows that changed. A stream
// that is read slowly misses messages, never delays them.
//
//	engines ◀──1 Hz, while watched── Page ──▶ topic ──▶ stream, stream, stream
//	container ──change feed──▶ dashboard.Dataset ──1 Hz──▶ tiles ──▶ topic
//
// It knows no engine: what there is to see and to do comes as Pages, from the
// rooms of internal/page. What always runs is the history of the rates of the
// last five minutes, from a few counters.
//
// The portal mostly reads. What changes something (send a test event, edit an
// item, run a function) is refused for other origins than its own by the door.
// It keeps nothing on disk.
package portal

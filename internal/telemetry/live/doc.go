// Package live is live metrics: what the instances of applications report each second,
// while somebody looks and only then.
//
// The one idea: nothing is kept. An instance asks now and then whether anybody looks
// (Ping); from the first Watch on the answer is yes, it sends a Sample each second
// (Post), and each Watch has the latest of them until it is closed. What to collect is
// said once for all who look: the Config of a component, whose tag changes with it.
//
//	instance ── Ping ──▶ Component ◀── Watch ── page
//	         ── Post ──▶           ── Sample ─▶
//
// It knows no wire and no clock but those of its callers, and starts no goroutine.
package live

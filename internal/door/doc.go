// Package door is where the outside comes in: the one place that listens.
//
// A Set opens ports and serves them; services give it routes, not listeners.
// A route says who answers for the accounts of a resource type, over HTTP or
// AMQP. The name by which a client calls (the Host header, the host name of an
// AMQP open) is resolved to an account first, and the account's type says
// which route answers, because two services may share one port and one DNS
// suffix.
//
//	net.Listen ── accept (back-off) ── gate (how many, how many silent)
//	    │
//	    ├─ plain / TLS / either: the first byte decides
//	    │
//	    ├─ HTTP: header deadline ── Host rule ── Origin rule ── body deadline ── Route.HTTP(account)
//	    └─ AMQP: SASL ── Open ── account ─────────────────────────────────────── Route.AMQP(account, conn)
//
// Plain requests of quick ports are read and answered without net/http's server, which
// takes whatever is not plain; see quick.go.
//
// The rules of who may call are here, once for every service: a name that is
// not ours is refused (DNS rebinding), and so is a browser request that would
// change something and comes from a page of another origin. Keys, tokens and
// roles are the services' own.
package door

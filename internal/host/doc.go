// Package host runs a function app: it starts the app's worker process, asks
// it which functions there are, listens to their triggers, and turns every
// trigger into an invocation and its outputs.
//
// The one idea: a function is data that flows one way.
//
//	trigger ── Call ──▶ retry policy ── attempt ──▶ worker ── response ──▶ outputs
//	   ▲                                                                    │
//	   └──────────── position moves when all of it has ended ◀──────────────┘
//
// What triggers listen to and outputs write to are the small interfaces of
// package trigger; the host imports no engine and no wire contract. HTTP
// requests come in through ServeFunction; routes, keys and the admin API are
// the HTTP front end's. Parts: settings and hostjson (configuration), binding
// and expr (declarations), project (what kind of app a folder holds), worker
// (processes), trigger (pumps).
package host

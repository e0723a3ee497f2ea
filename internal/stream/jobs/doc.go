// Package jobs keeps stream jobs: it compiles their queries, binds their inputs
// and outputs, starts and stops them by itself and on command, keeps what was
// ordered and how far they are, and goes on when what they read was away.
//
//	stopped ─start─▶ starting ─▶ running ─stop─▶ stopping ─▶ stopped
//	                    └────────────┴──error──▶ failed ─start or by itself─▶ starting
//
// The one idea: a job holds names, not things. Which kinds of thing there are is
// a table that it is given (Kinds); a row finds its thing by name whenever it is
// opened, so that a hub that is deleted, made anew or given more partitions under
// a running job ends or restarts its run, and nothing else.
//
// It runs no operator (package stream does) and knows no engine.
package jobs

// Package trigger says what a kind of trigger is, so that the host needs to
// know none: a row of a table makes a function's trigger from its declaration,
// and everything that anybody wants to know about it (what it listens to, how
// it is run by hand) is asked of that trigger.
//
// The kinds themselves live with their services, in internal/end/NAME. What
// they have in common is here: the call that they ask for, what counts as
// finished, where positions and statuses are kept, and the contract of sources
// whose messages are settled one by one (settle.go).
//
// A pump that keeps a position is sequential: it takes the next batch only
// after the invocation of the last one, with all its retries, has ended, and it
// moves its durable position only then. So every event is delivered at least
// once. Every pump looks at its context before it reads.
package trigger

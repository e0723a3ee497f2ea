// Package queues is where functions meet storage queues: the queueTrigger, and the
// queue output.
//
// The one idea: a message stays in its queue, hidden for a while that is prolonged
// as long as its function runs, and leaves it only when the function has succeeded,
// or when it is in the poison queue. So a host that is killed loses none, and what
// it had in hand comes again by itself when that while is over.
package queues

// Package queue is the engine of queues with visibility time-outs: who gets a message
// has it alone for a while, and deletes it when the work is done; otherwise it comes
// again.
//
// The one idea: the states of all messages (when visible, when expired, which receipt
// is the last) are in memory, in the order in which they become visible, and every
// change of one is in the key-value store before anybody is told. Texts are in the
// store alone. A start reads the states and not the texts.
//
// What it promises:
//
//   - A message is put when Put returns, and stays until it is removed with a good
//     receipt, expires, or is cleared; a kill at any moment changes nothing of this.
//   - No message is given out before its time, nor to two who ask, as long as the time
//     that the first has it runs; also over a kill, because nobody gets a message
//     before the store has kept that he has it.
//   - Order is about that of becoming visible, then of being put.
//
// Changes of one queue enter the store's log in the order in which they happened in
// memory (Queue.mu is held until then); waiting for the disk is outside of the lock, so
// that all who wait share its syncs.
//
// The clock is the system's: when it is set back, messages come later.
package queue

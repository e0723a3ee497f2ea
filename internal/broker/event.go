package broker

import "time"

// Event is something that happened in the broker, for logs, metrics and the
// portal: one of Appended, AppendFailed, Retained, Recovered.
type Event interface{ event() }

// Appended: one append is stored.
type Appended struct {
	Namespace     uint64 // the account's id
	Hub           string
	Partition     int
	FirstSequence int64
	Count         int
	Bytes         int // of the bodies
	EnqueuedAt    time.Time
}

// AppendFailed: one append was refused or could not be stored.
type AppendFailed struct {
	Namespace uint64
	Hub       string
	Partition int
	Err       error
}

// Retained: retention removed the oldest records.
type Retained struct {
	Namespace     uint64 // the account's id
	Hub           string
	Partition     int
	BeginSequence int64 // the oldest record that is left
	Bytes         int64 // freed on disk
}

// Recovered: a partition was opened.
type Recovered struct {
	Namespace    uint64
	Hub          string
	Partition    int
	LastSequence int64
	TornBytes    int64 // dropped after the last complete append: a crash cut it off
	Took         time.Duration
}

func (Appended) event()     {}
func (AppendFailed) event() {}
func (Retained) event()     {}
func (Recovered) event()    {}

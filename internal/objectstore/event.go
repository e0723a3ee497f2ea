package objectstore

// Event is something that happened in the store, for logs, metrics and the
// portal: one of Damaged, Reclaimed.
type Event interface{ event() }

// Damaged: bytes of a blob could not be read.
type Damaged struct {
	Blob   string // "blob CONTAINER/NAME"
	Offset int64  // byte of the blob
	File   string
	Err    error
}

// Reclaimed: a file in which nothing was alive is gone.
type Reclaimed struct {
	File  string
	Bytes int64
}

func (Damaged) event()   {}
func (Reclaimed) event() {}

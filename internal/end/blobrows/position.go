package blobrows

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// An offset is a place in the feed of the container, in ticks since 2025, and the
// number of the piece in the blob that is there:
//
//	63        62 … 10             9 … 0
//	0         ticks, until 2053   piece
const pieceBits = 10

func firstPlace() objectstore.Position {
	return objectstore.Position(stream.Ticks(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// offsetOf is the offset of a piece. ok is false for what has none: a blob of
// before 2025, or the piece of one that is too long.
func offsetOf(at objectstore.Position, piece int) (offset int64, ok bool) {
	if at < firstPlace() || at-firstPlace() >= 1<<(63-pieceBits) || piece >= 1<<pieceBits {
		return 0, false
	}
	return int64(at-firstPlace())<<pieceBits | int64(piece), true
}

// placeOf is the inverse of offsetOf.
func placeOf(offset int64) (at objectstore.Position, piece int) {
	return firstPlace() + objectstore.Position(offset>>pieceBits), int(offset & (1<<pieceBits - 1))
}

package transfer

import (
	"crypto/md5" // Azure's checksum of blobs; nobody is kept out by it
	"encoding/base64"
	"encoding/binary"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
)

// pieceSize is how much is sent or asked for at a time: the service gives checksums
// of ranges up to 4 MiB.
const pieceSize = 4 << 20

// mostBlocks is how many blocks a blob may have.
const mostBlocks = 50_000

// blockSize is the size of the blocks of a blob of that size; -1 is one that is not
// known.
func blockSize(size int64) int {
	switch {
	case size < 0:
		return 2 * pieceSize
	case size <= mostBlocks*pieceSize:
		return pieceSize
	}
	const mib = 1 << 20
	return int((size/mostBlocks + mib) / mib * mib)
}

// A block's id, before base64. The padding makes it as long as those that are there:
// a blob's ids have one length.
//
//	0        4                   20
//	┌────────┬───────────────────┬───────────┐
//	│ number │ MD5 of its bytes  │ 0 … 0     │
//	└────────┴───────────────────┴───────────┘
const (
	blockIDBytes   = 4 + md5.Size
	longestBlockID = 64
)

func blockID(number int, sum [md5.Size]byte, length int) string {
	var raw [longestBlockID]byte
	binary.BigEndian.PutUint32(raw[:], uint32(number))
	copy(raw[4:], sum[:])
	return base64.StdEncoding.EncodeToString(raw[:min(max(length, blockIDBytes), longestBlockID)])
}

// present are the blocks that a blob has, committed or not: sizes by id.
type present struct {
	sizes  map[string]int64
	length int // of an id, decoded; 0 when there is none
}

func presentBlocks(list blockblob.GetBlockListResponse) present {
	p := present{sizes: map[string]int64{}}
	for _, blocks := range [][]*blockblob.Block{list.CommittedBlocks, list.UncommittedBlocks} {
		for _, b := range blocks {
			if b.Name == nil || b.Size == nil {
				continue
			}
			p.sizes[*b.Name] = *b.Size
			if raw, err := base64.StdEncoding.DecodeString(*b.Name); err == nil {
				p.length = len(raw)
			}
		}
	}
	return p
}

func (p present) has(id string, size int) bool {
	n, ok := p.sizes[id]
	return ok && n == int64(size)
}

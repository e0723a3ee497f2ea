package objectstore

import "encoding/binary"

const (
	// pieceData is how many bytes of content one checksum covers.
	pieceData = 64 << 10
	// sumSize is the size of a checksum, CRC-64/NVME, after the bytes it covers.
	sumSize = 8
	// pieceSize is the size of a whole piece in an extent.
	pieceSize = pieceData + sumSize
)

// run is bytes of content that lie together in an extent, cut into pieces. All
// but the last are whole.
//
//	at                 at+pieceSize
//	┌───────────┬─────┬───────────┬─────┬───────┬─────┐
//	│ pieceData │ crc │ pieceData │ crc │ rest  │ crc │
//	└───────────┴─────┴───────────┴─────┴───────┴─────┘
type run struct {
	extent uint64
	at     int64 // byte of the extent
	size   int64 // bytes of content
}

// diskSize returns the bytes that a run of n bytes takes.
func diskSize(n int64) int64 { return n + (n+pieceData-1)/pieceData*sumSize }

// end returns the byte of the extent after the run.
func (r run) end() int64 { return r.at + diskSize(r.size) }

// ref is a part of a run that belongs to a blob.
type ref struct {
	run
	skip int64 // bytes of the run before the part
	n    int64
}

func whole(r run) ref { return ref{r, 0, r.size} }

// cost is what the part keeps alive of its extent, in bytes: its own and the
// checksums of the pieces it touches. A whole run costs what it takes.
func (r ref) cost() int64 {
	if r.n == 0 {
		return 0
	}
	first, last := r.skip/pieceData, (r.skip+r.n-1)/pieceData
	return r.n + (last-first+1)*sumSize
}

// slice returns the part of the part from off to off+n.
func (r ref) slice(off, n int64) ref { return ref{r.run, r.skip + off, n} }

// append encodes the ref. The low bit of the first number says that the whole
// run is meant.
//
//	uvarint extent<<1|whole, at, size [, skip, n]
func (r ref) append(dst []byte) []byte {
	all := r.skip == 0 && r.n == r.size
	first := r.extent << 1
	if all {
		first |= 1
	}
	dst = binary.AppendUvarint(dst, first)
	dst = binary.AppendUvarint(dst, uint64(r.at))
	dst = binary.AppendUvarint(dst, uint64(r.size))
	if !all {
		dst = binary.AppendUvarint(dst, uint64(r.skip))
		dst = binary.AppendUvarint(dst, uint64(r.n))
	}
	return dst
}

func (d *decoder) ref() ref {
	first := d.uint()
	r := ref{run: run{extent: first >> 1, at: d.int(), size: d.int()}}
	if r.n = r.size; first&1 == 0 {
		r.skip, r.n = d.int(), d.int()
	}
	if r.skip > r.size || r.n > r.size-r.skip || r.at > maxExtentBytes || r.size > maxExtentBytes {
		d.bad, d.b = true, nil
		return ref{}
	}
	return r
}

func appendRefs(dst []byte, refs []ref) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(refs)))
	for _, r := range refs {
		dst = r.append(dst)
	}
	return dst
}

func (d *decoder) refs() []ref {
	n := d.count()
	if n == 0 {
		return nil
	}
	refs := make([]ref, n)
	for i := range refs {
		refs[i] = d.ref()
	}
	return refs
}

// totalOf returns how many bytes of content the parts are.
func totalOf(refs []ref) (n int64) {
	for _, r := range refs {
		n += r.n
	}
	return n
}

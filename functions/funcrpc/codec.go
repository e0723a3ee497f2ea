package funcrpc

import (
	"fmt"
	"math/bits"
	"sync"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// Codec is gRPC's protobuf codec on buffers of a Pool, for both ends of the
// worker stream. The library's own pool has no size between 32 KiB and 1 MiB,
// and clears what it hands out: an invocation of 70 KB would clear a megabyte
// on its way out and another on its way in.
type Codec struct{ pool *Pool }

// NewCodec returns a codec that takes its buffers from the pool.
func NewCodec(p *Pool) *Codec { return &Codec{p} }

// Name is that of the codec it stands in for, as the content type demands.
func (*Codec) Name() string { return "proto" }

// Marshal encodes a proto.Message into one buffer of the pool.
func (c *Codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("encode %T: not a protobuf message", v)
	}
	size := proto.Size(m)
	buf := c.pool.Get(size)
	out, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend((*buf)[:0], m)
	if err != nil {
		c.pool.Put(buf)
		return nil, err
	}
	*buf = out
	return mem.BufferSlice{mem.NewBuffer(buf, c.pool)}, nil
}

// Unmarshal decodes into a proto.Message, which keeps nothing of data.
func (c *Codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(proto.Message)
	if !ok {
		return fmt.Errorf("decode into %T: not a protobuf message", v)
	}
	whole := data.MaterializeToBuffer(c.pool)
	defer whole.Free()
	return proto.Unmarshal(whole.ReadOnlyData(), m)
}

// Sizes of pooled buffers: powers of two from 256 B to 4 MiB. Larger ones are
// made and left to the garbage collector.
const (
	minPooledBits = 8
	maxPooledBits = 22
)

// Pool is a mem.BufferPool with a size for every power of two. Its buffers hold
// what their last user left, so a user must fill what it asked for, as the codec
// and the transport do.
type Pool struct {
	sizes [maxPooledBits - minPooledBits + 1]sync.Pool
}

// Get returns a buffer of the length.
func (p *Pool) Get(length int) *[]byte {
	class := max(bits.Len(uint(max(length, 1)-1)), minPooledBits)
	if class > maxPooledBits {
		b := make([]byte, length)
		return &b
	}
	b, ok := p.sizes[class-minPooledBits].Get().(*[]byte)
	if !ok {
		made := make([]byte, 1<<class)
		b = &made
	}
	*b = (*b)[:length]
	return b
}

// Put takes a buffer back.
func (p *Pool) Put(b *[]byte) {
	class := bits.Len(uint(cap(*b))) - 1
	if cap(*b) != 1<<class || class < minPooledBits || class > maxPooledBits {
		return // not one of ours
	}
	p.sizes[class-minPooledBits].Put(b)
}

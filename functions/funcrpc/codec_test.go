package funcrpc_test

import (
	"bytes"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

func TestCodecRoundTrip(t *testing.T) {
	pool := &funcrpc.Pool{}
	c := funcrpc.NewCodec(pool)
	for _, size := range []int{0, 1, 255, 256, 257, 70_000, 1 << 20, 5 << 20} {
		in := &funcrpc.StreamingMessage{
			RequestId: "r",
			Content: &funcrpc.StreamingMessage_InvocationRequest{InvocationRequest: &funcrpc.InvocationRequest{
				InvocationId: string(bytes.Repeat([]byte("x"), size)),
			}},
		}
		data, err := c.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		text := data.Materialize()
		data.Free()
		half := len(text) / 2
		out := &funcrpc.StreamingMessage{}
		if err := c.Unmarshal(mem.BufferSlice{mem.SliceBuffer(text[:half]), mem.SliceBuffer(text[half:])}, out); err != nil {
			t.Fatal(err)
		}
		// What was decoded must not change when the buffers are used again.
		for range 3 {
			b := pool.Get(len(text))
			for i := range *b {
				(*b)[i] = 'z'
			}
			defer pool.Put(b)
		}
		if !proto.Equal(in, out) {
			t.Errorf("%d bytes came back as another message", size)
		}
	}
	if _, err := c.Marshal("text"); err == nil {
		t.Error("encoded a string")
	}
	if err := c.Unmarshal(nil, new(string)); err == nil {
		t.Error("decoded into a string")
	}
}

func TestPoolSizes(t *testing.T) {
	pool := &funcrpc.Pool{}
	for _, tc := range []struct{ length, capacity int }{
		{0, 256}, {1, 256}, {256, 256}, {257, 512}, {70_000, 131_072}, {4 << 20, 4 << 20}, {4<<20 + 1, 4<<20 + 1},
	} {
		b := pool.Get(tc.length)
		if len(*b) != tc.length || cap(*b) < tc.capacity || tc.capacity <= 4<<20 && cap(*b) != tc.capacity {
			t.Errorf("Get(%d) has length %d, capacity %d, want capacity %d", tc.length, len(*b), cap(*b), tc.capacity)
		}
		pool.Put(b)
	}
	odd := make([]byte, 300)
	pool.Put(&odd) // is dropped: a Get of 300 would be promised 512
	if b := pool.Get(300); cap(*b) != 512 {
		t.Errorf("a foreign buffer of %d bytes was handed out", cap(*b))
	}
}

func BenchmarkCodec(b *testing.B) {
	c := funcrpc.NewCodec(&funcrpc.Pool{})
	bodies := make([][]byte, 100)
	for i := range bodies {
		bodies[i] = make([]byte, 700)
	}
	in := &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationRequest{InvocationRequest: &funcrpc.InvocationRequest{
		TriggerMetadata: map[string]*funcrpc.TypedData{"x": {Data: &funcrpc.TypedData_CollectionBytes{CollectionBytes: &funcrpc.CollectionBytes{Bytes: bodies}}}},
	}}}
	b.ReportAllocs()
	for b.Loop() {
		data, err := c.Marshal(in)
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Unmarshal(data, &funcrpc.StreamingMessage{}); err != nil {
			b.Fatal(err)
		}
		data.Free()
	}
}

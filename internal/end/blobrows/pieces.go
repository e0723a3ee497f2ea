package blobrows

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/stream/rows"
)

// A blob is read in pieces of whole rows, which are the same each time: 128 of at
// least 256 KiB of rows, 128 of twice as much, and so on, so that their number says
// where a reader stands, in blobs of up to 63 GiB of rows.
const (
	firstPiece = 256 << 10
	alikePiece = 128
)

func pieceSize(n int) int { return firstPiece << (n / alikePiece) }

// unpacker makes a text of a blob's bytes.
type unpacker func(io.Reader) (io.Reader, error)

func unpackerOf(compression string) (unpacker, error) {
	switch compression {
	case "", "none":
		return nil, nil
	case "gzip":
		return func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }, nil
	case "deflate":
		return func(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil }, nil
	}
	return nil, fault.New(fault.Invalid, "compression "+compression, "is not one of none, gzip and deflate")
}

// pieces reads the rows of a blob.
type pieces struct {
	content *objectstore.Content
	in      *contentReader
	rows    *rows.Reader
	begun   []byte // of it, when the context ended
	number  int    // of the next piece
	read    int    // rows
	before  int    // rows of the pieces that were returned
}

func open(c *objectstore.Content) *pieces {
	return &pieces{content: c, in: &contentReader{c: c, left: c.Info().Size}}
}

// begin reads what stands before the rows.
func (p *pieces) begin(form rows.Form, unpack unpacker) (err error) {
	var text io.Reader = p.in
	name := p.content.Info().Blob
	if unpack != nil {
		if text, err = unpack(text); err != nil {
			return p.fault(err)
		}
		name = strings.TrimSuffix(name, ".gz")
	}
	if p.rows, err = form.Reader(text, name); err != nil {
		return p.fault(err)
	}
	return nil
}

// fault is what was wrong: with the content, or else with its text.
func (p *pieces) fault(err error) error {
	if p.in.err != nil {
		return p.in.err
	}
	if fault.Is(err, fault.TooLarge) || fault.Is(err, fault.Invalid) {
		return err
	}
	return fault.Wrap(fault.Invalid, p.content.Info().Blob, err, "its text cannot be read")
}

// next appends the rows of the next piece, a line each. At the end there is none,
// and io.EOF. What is wrong with a row, and so with all behind it, is told when the
// rows before it were returned, wherever it stands. Only behind an error of the
// context it goes on, unless that ended within a row: then, as behind an error of
// the content, the piece is no piece and the blob is begun anew. Other errors are
// fault.Invalid or fault.TooLarge, for a text that cannot be read.
func (p *pieces) next(ctx context.Context, dst []byte) ([]byte, error) {
	start := len(dst)
	dst, p.begun = append(dst, p.begun...), p.begun[:0]
	for len(dst)-start < pieceSize(p.number) {
		if err := ctx.Err(); err != nil {
			p.begun = append(p.begun, dst[start:]...)
			return dst[:start], err
		}
		row, err := p.rows.Next()
		if p.in.err != nil { // a shorter piece would be another one each time
			return dst[:start], p.in.err
		}
		if errors.Is(err, io.EOF) {
			if len(dst) > start {
				break
			}
			if err := p.rows.Whole(p.read); err != nil {
				return dst, err
			}
			return dst, io.EOF
		}
		if err != nil {
			if len(dst) > start { // what is whole first
				break
			}
			return dst, p.fault(err)
		}
		p.read++
		dst = appendRow(dst, row)
	}
	p.number, p.before = p.number+1, p.read
	return dst, nil
}

// appendRow appends a row so that a broken one is one, whatever stands beside it.
func appendRow(dst, row []byte) []byte {
	if len(row) == 0 || row[0] != '{' {
		dst = append(dst, "{! "...) // no object, and in no need of being one
	}
	return append(append(dst, row...), '\n')
}

// contentReader reads a blob's bytes in order. It sees that the context of who reads
// has ended only where it needs more: mostly that is seen between rows.
type contentReader struct {
	ctx       context.Context
	c         *objectstore.Content
	off, left int64
	buf       bytes.Buffer
	err       error // of the content, or of ctx
}

// readAhead is how many bytes are read at once.
const readAhead = 1 << 20

// Read implements io.Reader.
func (r *contentReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.buf.Len() == 0 {
		n := min(r.left, readAhead)
		if n == 0 {
			return 0, io.EOF
		}
		if r.err = r.ctx.Err(); r.err != nil {
			return 0, r.err
		}
		r.buf.Reset()
		if r.err = r.c.WriteRange(&r.buf, r.off, n); r.err != nil {
			return 0, r.err
		}
		r.off, r.left = r.off+n, r.left-n
	}
	return r.buf.Read(p)
}

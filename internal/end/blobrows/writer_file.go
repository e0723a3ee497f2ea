package blobrows

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// nextRow is the metadata of a file that holds the number of the row which comes
// next in it.
const nextRow = "lazuli_next_row"

const (
	maxLineBlocks = 50_000 // of an append blob
	// maxArrayBlocks bounds a file that is an array: each write lists all blocks.
	maxArrayBlocks = 2_000
)

// file is what is known of a place: the file that takes rows, and those before.
type file struct {
	w            *writer
	path, schema string
	part         *portion // of the batch that is being written
	used         uint64   // the last batch that had rows for it

	found  bool   // next and number are known
	next   uint64 // number of the row that comes next
	number int    // of the newest file
	open   bool   // it takes rows, and what follows is known of it
	size   int64
	etag   string
	blocks []objectstore.BlockRef // of an array; of lines only how many
}

// name is the newest file's.
func (f *file) name() string {
	return f.prefix() + strconv.Itoa(f.number) + f.w.s.extension()
}

// put writes a portion.
func (f *file) put(ctx context.Context, p *portion) error {
	blobs, err := f.w.s.blobs()
	if err != nil {
		return err
	}
	if !f.found {
		if err := f.find(ctx, blobs); err != nil {
			return err
		}
	}
	rest := p.rows
	for len(rest) > 0 && rest[0].number < f.next {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return nil
	}
	for range 3 {
		if err = f.add(ctx, blobs, p.header, rest); !othersChanged(err) {
			break
		}
		f.open = false
	}
	if err != nil { // it may have been done all the same
		f.found, f.open = false, false
		return err
	}
	f.next = rest[len(rest)-1].number + 1
	return nil
}

// othersChanged reports whether a file is not as it was left, so that rows need
// another.
func othersChanged(err error) bool {
	return isCode(err, objectstore.BlobNotFound, objectstore.BlobAlreadyExists, objectstore.ConditionNotMet, objectstore.AppendPositionConditionNotMet,
		objectstore.InvalidBlobType, objectstore.InvalidBlockList, objectstore.InvalidBlobOrBlock, objectstore.BlobIsSealed, objectstore.BlockCountExceedsLimit,
		objectstore.BlobArchived, objectstore.LeaseIDMissing, objectstore.BlobUsesCustomerSpecifiedEncryption)
}

// find looks for files that the writer has left at the place.
func (f *file) find(ctx context.Context, blobs objectstore.Account) error {
	prefix := f.prefix()
	for marker := ""; ; {
		page, next, err := blobs.List(ctx, f.w.s.pattern.Container, objectstore.ListOptions{Prefix: prefix, Marker: marker})
		if err != nil {
			return err
		}
		for _, e := range page {
			text, ok := strings.CutSuffix(strings.TrimPrefix(e.Blob.Blob, prefix), f.w.s.extension())
			number, err := strconv.Atoi(text)
			if !ok || err != nil {
				continue
			}
			f.number = max(f.number, number)
			for _, m := range e.Blob.Metadata {
				if n, err := strconv.ParseUint(m.Value, 10, 64); err == nil && strings.EqualFold(m.Name, nextRow) {
					f.next = max(f.next, n)
				}
			}
		}
		if marker = next; marker == "" {
			f.found = true
			return nil
		}
	}
}

// add puts rows into the file, or into another where it takes none.
func (f *file) add(ctx context.Context, blobs objectstore.Account, header []byte, rest []numbered) error {
	most, blocks := f.w.s.most, maxLineBlocks
	if f.w.s.array {
		blocks = maxArrayBlocks
	}
	if f.open && (most > 0 && f.size >= most || len(f.blocks) >= blocks) {
		f.open = false
	}
	begins := !f.open
	if begins {
		f.number++
		f.size, f.etag, f.blocks = 0, "", f.blocks[:0]
	}
	metadata := objectstore.Metadata{{Name: nextRow, Value: strconv.FormatUint(rest[len(rest)-1].number+1, 10)}}
	at := objectstore.Address{Container: f.w.s.pattern.Container, Blob: f.name()}
	var err error
	if f.w.s.array {
		err = f.addArray(ctx, blobs, at, metadata, rest)
	} else {
		err = f.addLines(ctx, blobs, at, metadata, begins, header, rest)
	}
	f.open = err == nil
	return err
}

func (f *file) properties() objectstore.Properties {
	return objectstore.Properties{ContentType: f.w.s.contentType()}
}

// addLines appends rows to an append blob, as one block.
func (f *file) addLines(ctx context.Context, blobs objectstore.Account, at objectstore.Address, metadata objectstore.Metadata, begins bool, header []byte, rest []numbered) error {
	if begins {
		_, err := blobs.PutBlob(ctx, at, nil, objectstore.Put{
			Type: objectstore.AppendBlob, Properties: f.properties(), Conditions: objectstore.Conditions{IfNoneMatch: []string{"*"}},
		})
		if err != nil {
			return err
		}
	}
	u, err := blobs.NewUpload(ctx, sizeOf(header, rest))
	if err != nil {
		return err
	}
	defer u.Discard()
	if err := f.lines(u, begins, header, rest); err != nil {
		return err
	}
	info, _, err := blobs.Append(ctx, at, u, objectstore.AppendConditions{MaxSize: -1, Position: f.size, Metadata: metadata})
	if err != nil {
		return err
	}
	f.size, f.etag = info.Size, info.ETag
	f.blocks = append(f.blocks, objectstore.BlockRef{})
	return nil
}

func sizeOf(header []byte, rest []numbered) int64 {
	n := len(header)
	for _, r := range rest {
		n += len(r.text) + 2
	}
	return int64(n)
}

func (f *file) lines(u *objectstore.Upload, begins bool, header []byte, rest []numbered) error {
	if begins {
		if _, err := u.Write(header); err != nil {
			return err
		}
	}
	for _, r := range rest {
		if _, err := u.Write(r.text); err != nil {
			return err
		}
		if header == nil {
			if _, err := u.Write([]byte{'\n'}); err != nil {
				return err
			}
		}
	}
	return nil
}

// The id of the block that closes an array, as long as those of the others.
const closing = "closing."

// addArray commits the blocks that there are, one with the rows, and the one that
// closes the array.
func (f *file) addArray(ctx context.Context, blobs objectstore.Account, at objectstore.Address, metadata objectstore.Metadata, rest []numbered) error {
	id, before := fmt.Sprintf("%08d", len(f.blocks)), ",\n"
	put := objectstore.Put{Properties: f.properties(), Metadata: metadata, Conditions: objectstore.Conditions{IfMatch: []string{f.etag}}}
	if f.etag == "" {
		before, put.Conditions = "[\n", objectstore.Conditions{IfNoneMatch: []string{"*"}}
		if err := putBlock(ctx, blobs, at, closing, "", nil, "\n]\n"); err != nil {
			return err
		}
	}
	if err := putBlock(ctx, blobs, at, id, before, rest, ""); err != nil {
		return err
	}
	list := append(f.blocks[:len(f.blocks):len(f.blocks)], objectstore.BlockRef{Kind: objectstore.Uncommitted, ID: id}, objectstore.BlockRef{ID: closing})
	info, err := blobs.CommitBlocks(ctx, at, list, put)
	if err != nil {
		return err
	}
	f.size, f.etag = info.Size, info.ETag
	f.blocks = append(f.blocks, objectstore.BlockRef{Kind: objectstore.Committed, ID: id})
	return nil
}

func putBlock(ctx context.Context, blobs objectstore.Account, at objectstore.Address, id, before string, rest []numbered, after string) error {
	u, err := blobs.NewUpload(ctx, int64(len(before)+len(after))+sizeOf(nil, rest))
	if err != nil {
		return err
	}
	defer u.Discard()
	for i, r := range rest {
		if i > 0 {
			before = ",\n"
		}
		if _, err := u.Write([]byte(before)); err != nil {
			return err
		}
		if _, err := u.Write(r.text); err != nil {
			return err
		}
	}
	if _, err := u.Write([]byte(after)); err != nil {
		return err
	}
	return blobs.PutBlock(ctx, at, id, u, objectstore.BlockPut{})
}

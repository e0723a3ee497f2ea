package blobs

import (
	"crypto/md5"
	"io"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// maxPiece is how much one request brings. A longer file comes in blocks, so that an
// upload that broke off can go on.
const maxPiece = 32 << 20

// putBlob serves PUT …/blob?name=…&type=…&overwrite=1 with a file. Without overwrite
// a blob of the name is fault.Conflict.
func (p *page) putBlob(w http.ResponseWriter, r *http.Request) error {
	t, err := p.blob(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	put, err := putOf(q.Get("type"), q.Get("overwrite") != "")
	if err == nil {
		err = t.Stored.CheckPut(r.Context(), t.Address, put.Conditions) // before much is sent for nothing
	}
	if err != nil {
		return worded(err)
	}
	sum := md5.New()
	u, err := t.receive(r, sum)
	if err != nil {
		return err
	}
	defer u.Discard()
	put.Properties.ContentMD5 = sum.Sum(nil)
	info, err := t.Stored.PutBlob(r.Context(), t.Address, u, put)
	return told(w, http.StatusCreated, rowOf(&info), err)
}

// putOf is what a file becomes.
func putOf(contentType string, overwrite bool) (put objectstore.Put, err error) {
	put.Type = objectstore.BlockBlob
	put.Properties.ContentType = contentType
	if !overwrite {
		put.Conditions.IfNoneMatch = []string{"*"}
	}
	return put, checkHeader("type", contentType)
}

// receive streams a request's body into the store. It must come as bytes: a form of a
// foreign page cannot say so.
func (t target) receive(r *http.Request, also io.Writer) (*objectstore.Upload, error) {
	if r.Header.Get("Content-Type") != "application/octet-stream" {
		return nil, fault.New(fault.Invalid, "Content-Type", "the file must be sent as application/octet-stream")
	}
	if r.ContentLength > maxPiece {
		return nil, fault.New(fault.TooLarge, t.Blob, "more than %d bytes at once; send it in blocks", maxPiece)
	}
	u, err := t.Stored.NewUpload(r.Context(), r.ContentLength)
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(u, io.TeeReader(io.LimitReader(r.Body, maxPiece+1), also))
	switch {
	case err != nil:
		err = fault.Wrap(fault.Invalid, t.Blob, err, "the file did not arrive whole")
	case n > maxPiece:
		err = fault.New(fault.TooLarge, t.Blob, "more than %d bytes at once; send it in blocks", maxPiece)
	}
	if err != nil {
		u.Discard()
		return nil, err
	}
	return u, nil
}

// putBlock serves PUT …/block?name=…&id=… with a piece of a file, which nobody sees
// until commitBlocks. Ids of a file's blocks have one length.
func (p *page) putBlock(w http.ResponseWriter, r *http.Request) error {
	t, err := p.blob(r)
	if err != nil {
		return err
	}
	u, err := t.receive(r, io.Discard)
	if err != nil {
		return err
	}
	defer u.Discard()
	return done(w, http.StatusCreated, t.Stored.PutBlock(r.Context(), t.Address, r.URL.Query().Get("id"), u, objectstore.BlockPut{}))
}

// Uncommitted are the blocks of a blob that wait for their commit.
type Uncommitted struct {
	Blocks []BlockRow `json:"blocks"`
}

// BlockRow is one of them.
type BlockRow struct {
	ID   string `json:"id"`
	Size int64  `json:"size"`
}

// listBlocks serves GET …/blocks?name=…: what is there already of an upload that broke
// off.
func (p *page) listBlocks(w http.ResponseWriter, r *http.Request) error {
	t, err := p.blob(r)
	if err != nil {
		return err
	}
	out := Uncommitted{Blocks: []BlockRow{}}
	list, err := t.Stored.Blocks(r.Context(), t.Address, objectstore.Conditions{})
	if fault.Is(err, fault.NotFound) {
		err = nil // nothing has come yet
	}
	for _, b := range list.Uncommitted {
		out.Blocks = append(out.Blocks, BlockRow{b.ID, b.Size})
	}
	return told(w, http.StatusOK, out, err)
}

// Commit makes blocks that were put a blob.
type Commit struct {
	Blocks    []string `json:"blocks"` // their ids, in the order of the file
	Type      string   `json:"type"`   // Content-Type
	Overwrite bool     `json:"overwrite"`
}

// maxCommit bounds a list of 50,000 ids.
const maxCommit = 8 << 20

// commitBlocks serves POST …/commit?name=….
func (p *page) commitBlocks(w http.ResponseWriter, r *http.Request) error {
	t, err := p.blob(r)
	var c Commit
	if err == nil {
		err = portal.ReadJSON(w, r, maxCommit, &c)
	}
	if err != nil {
		return err
	}
	put, err := putOf(c.Type, c.Overwrite)
	if err != nil {
		return err
	}
	list := make([]objectstore.BlockRef, len(c.Blocks))
	for i, id := range c.Blocks {
		list[i] = objectstore.BlockRef{Kind: objectstore.Uncommitted, ID: id}
	}
	info, err := t.Stored.CommitBlocks(r.Context(), t.Address, list, put)
	return told(w, http.StatusCreated, rowOf(&info), err)
}

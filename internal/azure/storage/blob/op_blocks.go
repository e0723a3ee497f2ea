package blob

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Put Block, Put Block List and Get Block List: blocks to 4,000 MiB, ids of 1 to 64
// bytes that all have one length, 50,000 blocks in a list.

// maxBlockID is the length of a decoded block id.
const maxBlockID = 64

// blockID reads the parameter blockid. The engine knows the decoded bytes.
func (x *exchange) blockID() (string, error) {
	if !x.req.Query.Has("blockid") {
		return "", storage.Fail("MissingRequiredQueryParameter").With("QueryParameterName", "blockid")
	}
	return decodeBlockID(x.req.Query.Base64("blockid"))
}

func decodeBlockID(text string) (string, error) {
	id, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(id) == 0 || len(id) > maxBlockID {
		return "", storage.InvalidQuery("blockid", clip(text, 200), "Not a valid base64 string of 1 to 64 bytes.")
	}
	return string(id), nil
}

func (x *exchange) putBlock() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	b, err := x.readBlock()
	if err != nil {
		return err
	}
	if err := x.mayAddBlock(addr); err != nil {
		return err
	}
	if x.isLarge() {
		if err := x.svc.store.CheckPut(x.ctx(), addr, objectstore.Conditions{Lease: b.Lease}); err != nil {
			return err
		}
	}
	c, err := x.receive(maxPutBlock, false)
	if err != nil {
		return err
	}
	defer c.discard()
	return x.finishBlock(addr, b, c)
}

// newBlock is what a block is put with besides its content.
type newBlock struct {
	id string
	objectstore.BlockPut
}

func (x *exchange) readBlock() (b newBlock, err error) {
	if b.id, err = x.blockID(); err != nil {
		return b, err
	}
	b.Lease = x.req.Header("X-Ms-Lease-Id")
	b.Encryption, err = x.encryption()
	return b, err
}

// mayAddBlock holds a caller who may only create to blobs that are not there.
func (x *exchange) mayAddBlock(addr objectstore.Address) error {
	if !x.onlyCreates() {
		return nil
	}
	_, err := x.svc.store.Properties(x.ctx(), addr, objectstore.Conditions{})
	switch {
	case err == nil:
		return storage.Fail("UnauthorizedBlobOverwrite")
	case fault.CodeOf(err) == objectstore.BlobNotFound:
		return nil
	}
	return err
}

func (x *exchange) finishBlock(addr objectstore.Address, b newBlock, c *content) error {
	if err := x.svc.store.PutBlock(x.ctx(), addr, b.id, c.up, b.BlockPut); err != nil {
		return err
	}
	x.setSums(c)
	x.setEncrypted(b.Encryption, "x-ms-request-server-encrypted")
	return x.reply(http.StatusCreated)
}

// blockList is the body of Put Block List, in the order of the content.
type blockList struct {
	XMLName xml.Name `xml:"BlockList"`
	Blocks  []struct {
		XMLName xml.Name
		ID      string `xml:",chardata"`
	} `xml:",any"`
}

// maxCommitted is the longest block list.
const maxCommitted = 50_000

func parseBlockList(body []byte) ([]objectstore.BlockRef, error) {
	var list blockList
	if err := storage.ParseXML(body, &list); err != nil {
		return nil, err
	}
	if len(list.Blocks) > maxCommitted {
		return nil, storage.Fail("BlockListTooLong")
	}
	refs := make([]objectstore.BlockRef, len(list.Blocks))
	for i, b := range list.Blocks {
		id, err := base64.StdEncoding.DecodeString(strings.TrimSpace(b.ID))
		if err != nil || len(id) == 0 || len(id) > maxBlockID {
			return nil, storage.Fail("InvalidXmlNodeValue").With("XmlNodeName", b.XMLName.Local).With("XmlNodeValue", clip(b.ID, 200))
		}
		refs[i].ID = string(id)
		switch b.XMLName.Local {
		case "Latest":
			refs[i].Kind = objectstore.Latest
		case "Committed":
			refs[i].Kind = objectstore.Committed
		case "Uncommitted":
			refs[i].Kind = objectstore.Uncommitted
		default:
			return nil, storage.Fail("InvalidXmlDocument").With("Reason", "There is an element "+clip(b.XMLName.Local, 50)+" in the block list.")
		}
	}
	return refs, nil
}

func (x *exchange) commitBlocks() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	p, err := x.readPut(objectstore.BlockBlob)
	if err != nil {
		return err
	}
	if x.onlyCreates() {
		p.Conditions.IfNoneMatch = []string{"*"}
	}
	body, err := x.readDocument()
	if err != nil {
		return err
	}
	refs, err := parseBlockList(body)
	if err != nil {
		return err
	}
	info, err := x.svc.store.CommitBlocks(x.ctx(), addr, refs, p)
	if err != nil {
		return x.written(err)
	}
	x.setWritten(&info)
	return x.reply(http.StatusCreated)
}

func (x *exchange) listBlocks() error {
	kind := strings.ToLower(x.req.Query.Get("blocklisttype"))
	if kind == "" {
		kind = "committed"
	}
	if kind != "committed" && kind != "uncommitted" && kind != "all" {
		return storage.InvalidQuery("blocklisttype", clip(kind, 50), "")
	}
	cond := objectstore.Conditions{Lease: x.req.Header("X-Ms-Lease-Id")}
	tags, err := readConditions(x.req, targetConditions)
	if err != nil {
		return err
	}
	cond.Tags = tags.Tags
	list, err := x.svc.store.Blocks(x.ctx(), x.address(), cond)
	if err != nil {
		return x.absent(err)
	}
	if info := &list.Info; !info.Uncommitted {
		x.setState(info.ETag, info.Modified)
	}
	x.set("x-ms-blob-content-length", strconv.FormatInt(list.Info.Size, 10))
	d := document{b: []byte(storage.XMLHeader)}
	d.begin("BlockList")
	if kind != "uncommitted" {
		d.blocks("CommittedBlocks", list.Committed)
	}
	if kind != "committed" {
		d.blocks("UncommittedBlocks", list.Uncommitted)
	}
	d.end("BlockList")
	return x.replyXML(http.StatusOK, d.b)
}

func (d *document) blocks(name string, all []objectstore.Block) {
	if len(all) == 0 {
		d.text(name, "")
		return
	}
	d.begin(name)
	for _, b := range all {
		d.begin("Block")
		d.text("Name", base64.StdEncoding.EncodeToString([]byte(b.ID)))
		d.number("Size", b.Size)
		d.end("Block")
	}
	d.end(name)
}

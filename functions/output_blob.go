package functions

import (
	"context"
	"errors"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// BlobOutput is a blob that a function writes, with [BlobOutput.Write].
type BlobOutput struct {
	// Path is container/blob. It may have settings in percent signs and
	// {placeholders}: of the trigger, as "thumbnails/{name}", or of the host,
	// as "reports/{datetime}-{rand-guid}.json".
	Path string

	// Connection names the app setting that says how to reach the account:
	// "AzureWebJobsStorage" when empty.
	Connection string
}

// Write hands the blob's content over on behalf of the invocation that ctx
// belongs to. It replaces a blob that exists. The content is not copied: it
// must not be changed before the handler has returned. A second Write of one
// invocation is an error, because an invocation writes a blob once.
//
// See the package's section on outputs for when the blob is written, and which
// errors there are.
func (o *BlobOutput) Write(ctx context.Context, content []byte) error {
	c := callOf(ctx)
	if c == nil {
		return errOutside("BlobOutput.Write")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	into, err := c.collection(o, "BlobOutput.Write")
	if err != nil {
		return err
	}
	blob := into.(*blobContent)
	if blob.written {
		return c.failed(o, errors.New("written twice"))
	}
	blob.content, blob.written = content, true
	return nil
}

// String is "blob PATH".
func (o *BlobOutput) String() string { return "blob " + o.Path }

func (o *BlobOutput) collect() collection { return &blobContent{} }

// blobContent is the one value of a blob output.
type blobContent struct {
	content []byte
	written bool
}

func (b *blobContent) mark() mark {
	if b.written {
		return mark{count: 1}
	}
	return mark{}
}

func (b *blobContent) cut(to mark) {
	if to.count == 0 {
		*b = blobContent{}
	}
}

func (b *blobContent) data() *funcrpc.TypedData {
	if !b.written {
		return nil
	}
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: b.content}}
}

func (o *BlobOutput) problems() []string { return pathProblems("BlobOutput", o.Path) }

type blobBinding struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Direction  string `json:"direction"`
	Path       string `json:"path"`
	Connection string `json:"connection"`
	Source     string `json:"source,omitempty"`
	DataType   string `json:"dataType,omitempty"`
}

func (o *BlobOutput) binding(name string) any {
	return blobBinding{Name: name, Type: "blob", Direction: "out", Path: o.Path, Connection: or(o.Connection, defaultStorage), DataType: "binary"}
}

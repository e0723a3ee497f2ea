package blobs

import (
	"context"
	"log/slog"
	"sync"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// blobOutput is a blob output binding: a text, bytes or JSON becomes the blob's
// content, null leaves it as it is. A container that is missing comes to be.
//
// Supported properties: path, which may have {placeholders}, and connection. The
// content type is application/octet-stream, as Azure's host has it.
type blobOutput struct {
	end End
	place
	own  *pattern // what the function is triggered by, in the same account; or nil
	log  *slog.Logger
	once sync.Once
}

func newOutput(e End, s output.Setup) (*blobOutput, error) {
	p, err := readPlace(s.Settings, s.Binding)
	if err != nil {
		return nil, err
	}
	o := &blobOutput{end: e, place: p, log: s.Log}
	if s.Trigger != nil && s.Trigger.Is(triggerType) && s.Trigger.Text("connection") == s.Binding.Text("connection") {
		if own, err := readPattern(s.Trigger); err == nil {
			o.own = &own
		}
	}
	return o, nil
}

// Place is the container, named as declared.
func (o *blobOutput) Place() trigger.Place { return o.at() }

// Write writes the blob.
func (o *blobOutput) Write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (output.Written, error) {
	content, some, err := contentOf(v)
	if err != nil || !some {
		return output.Written{}, err
	}
	container, blob, err := o.expand(values)
	if err != nil {
		return output.Written{}, err
	}
	if o.own != nil && o.own.container == container {
		if _, loops := o.own.match(blob); loops {
			o.once.Do(func() {
				o.log.Warn("the function writes a blob that it is triggered by, so that it runs again, as it would on Azure; write to another container, or let the trigger's path leave such names out",
					"blob", container+"/"+blob)
			})
		}
	}
	c, err := o.end.Blobs.Need(ctx, o.conn, container, Write)
	if err == nil {
		err = c.Write(ctx, blob, content)
	}
	if err != nil {
		return output.Written{}, err
	}
	return output.Written{Documents: 1}, nil
}

// contentOf is a value as bytes; some is false for null.
func contentOf(v *funcrpc.TypedData) (content []byte, some bool, err error) {
	switch d := v.GetData().(type) {
	case nil:
		return nil, false, nil
	case *funcrpc.TypedData_Json:
		return []byte(d.Json), d.Json != "null", nil
	case *funcrpc.TypedData_String_:
		return []byte(d.String_), true, nil
	case *funcrpc.TypedData_Bytes:
		return d.Bytes, true, nil
	case *funcrpc.TypedData_Stream:
		return d.Stream, true, nil
	}
	return nil, false, fault.New(fault.Invalid, "output", "a blob is text, bytes or JSON, not %T", v.GetData())
}

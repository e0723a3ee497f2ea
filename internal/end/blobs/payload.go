package blobs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// isDeferred reports whether the function takes a client of the blob and no content:
// Python's SDK types say it one way, Node's another.
func isDeferred(b *binding.Binding) bool {
	b.Heeds("properties", "sdkBinding", "dataType")
	var raw struct {
		Properties map[string]any
		SDKBinding any `json:"sdkBinding"`
	}
	if json.Unmarshal(b.Raw, &raw) != nil {
		return false
	}
	if strings.EqualFold(fmt.Sprint(raw.SDKBinding), "true") {
		return true
	}
	for name, v := range raw.Properties {
		if strings.EqualFold(name, "SupportsDeferredBinding") && strings.EqualFold(fmt.Sprint(v), "true") {
			return true
		}
	}
	return false
}

// settingOf is the setting of a binding's connection.
func settingOf(b *binding.Binding) string { return cmp.Or(b.Text("connection"), "AzureWebJobsStorage") }

// reference is the blob as what the worker makes a client of: it reads the connection
// from its environment.
func reference(connection, container, blob string) *funcrpc.TypedData {
	content, err := json.Marshal(map[string]string{"Connection": connection, "ContainerName": container, "BlobName": blob})
	if err != nil {
		panic(err) // texts always encode
	}
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_ModelBindingData{ModelBindingData: &funcrpc.ModelBindingData{
		Version: "1.0", Source: "AzureStorageBlobs", ContentType: "application/json", Content: content,
	}}}
}

// value is content in the form that a binding asks for: text unless it says otherwise.
func value(content []byte, as binding.DataType) *funcrpc.TypedData {
	if as == binding.Binary || as == binding.Stream {
		return trigger.Bytes(content)
	}
	return trigger.Text(strings.ToValidUTF8(string(content), "\uFFFD")) // protobuf refuses any other
}

// contentType is the form in which a trigger hands its blob over: Azure's host gives
// bytes where the function says nothing (azure-functions-host issues 3203, 642 of its
// Node worker), so that a picture arrives whole.
func contentType(b *binding.Binding) binding.DataType {
	if b.DataType == binding.Undefined {
		return binding.Binary
	}
	return b.DataType
}

// call makes the invocation for a blob, of the state with the ETag unless that is "".
func (t *Trigger) call(ctx context.Context, c Container, blob, etag string) (trigger.Call, error) {
	var (
		content []byte
		info    objectstore.Info
		err     error
	)
	b := t.o.Binding
	data := reference(t.setting, t.pattern.container, blob)
	if t.deferred {
		if info, err = c.Info(ctx, blob); err == nil && etag != "" && info.ETag != etag {
			err = fault.New(fault.PreconditionFailed, "blob "+blob, "it was changed meanwhile")
		}
	} else if content, info, err = c.Read(ctx, blob, etag); err == nil {
		data = value(content, contentType(b))
	}
	if err != nil {
		return trigger.Call{}, err
	}
	found, _ := t.pattern.match(blob)
	values := valuesOf(c, &info)
	metadata := map[string]*funcrpc.TypedData{"BlobTrigger": trigger.Text(values["BlobTrigger"])}
	for _, name := range []string{"Uri", "Properties", "Metadata"} {
		metadata[name] = trigger.JSON(values[name])
	}
	for name, v := range found {
		metadata[name] = trigger.Text(v)
	}
	if b.DataType == binding.Undefined || b.DataType == binding.String {
		trigger.ExpandPayload(metadata, content)
	}
	return trigger.Call{
		Reason: "New blob detected(" + sourceName(t.eventGrid) + "): " + values["BlobTrigger"], Items: 1, Metadata: metadata,
		Details: fmt.Sprintf("BlobCreated: %s, BlobLastModified: %s", info.Created.UTC().Format(detailTime), info.Modified.UTC().Format(detailTime)),
		Data:    func(worker.Capabilities) *funcrpc.TypedData { return data },
		Values:  func(name string) (string, bool) { return lookUp(name, content, found, values) },
	}, nil
}

func sourceName(eventGrid bool) string {
	if eventGrid {
		return sourceEventGrid
	}
	return sourceScan
}

// lookUp finds what a placeholder of another binding stands for: what the path holds,
// what is known of the blob, and the properties of content that is a JSON object.
func lookUp(name string, content []byte, found, values map[string]string) (string, bool) {
	for n, v := range found {
		if strings.EqualFold(n, name) {
			return v, true
		}
	}
	if len(content) > 0 && content[0] == '{' {
		if v, ok := trigger.LookupJSON(content, name); ok {
			return v, true
		}
	}
	first, rest, deeper := strings.Cut(name, ".")
	for n, v := range values {
		switch {
		case !strings.EqualFold(n, first):
		case deeper:
			return trigger.LookupJSON([]byte(v), rest)
		case n == "Uri":
			return strings.Trim(v, `"`), true
		default:
			return v, true
		}
	}
	return "", false
}

// valuesOf are what a trigger tells of a blob: the path as text, the others as JSON.
func valuesOf(c Container, i *objectstore.Info) map[string]string {
	metadata := make(map[string]string, len(i.Metadata))
	for _, p := range i.Metadata {
		metadata[p.Name] = p.Value
	}
	return map[string]string{
		"BlobTrigger": i.Container + "/" + i.Blob, "Uri": asJSON(c.URL(i.Blob)),
		"Metadata": asJSON(metadata), "Properties": asJSON(propertiesOf(i, metadata)),
	}
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers always encode
	}
	return string(text)
}

// blobProperties are the properties of a blob by the names of the vendor's class.
// Workers read ContentLength.
type blobProperties struct {
	LastModified, CreatedOn                string
	Metadata                               map[string]string
	BlobType                               int
	LeaseDuration, LeaseState, LeaseStatus int
	ContentLength                          int64
	ContentType                            string
	ETag                                   string
	ContentHash                            []byte
	ContentEncoding, ContentDisposition    *string
	ContentLanguage, CacheControl          *string
	BlobSequenceNumber                     int64
	AcceptRanges                           string
	BlobCommittedBlockCount                int
	IsServerEncrypted                      bool
	AccessTier                             string
	AccessTierInferred                     bool
	TagCount                               int
	IsSealed                               bool
}

func propertiesOf(i *objectstore.Info, metadata map[string]string) blobProperties {
	p := blobProperties{
		LastModified: stamp(i.Modified), CreatedOn: stamp(i.Created), Metadata: metadata, BlobType: blobTypes[i.Type],
		LeaseState: int(i.Lease.State), ContentLength: i.Size, ContentType: i.Properties.ContentType, ETag: `"` + i.ETag + `"`,
		ContentHash: i.Properties.ContentMD5, ContentEncoding: orNull(i.Properties.ContentEncoding), ContentDisposition: orNull(i.Properties.ContentDisposition),
		ContentLanguage: orNull(i.Properties.ContentLanguage), CacheControl: orNull(i.Properties.CacheControl),
		BlobSequenceNumber: i.Sequence, AcceptRanges: "bytes", BlobCommittedBlockCount: i.BlockCount, IsServerEncrypted: true,
		AccessTier: i.Tier, AccessTierInferred: i.TierInferred, TagCount: len(i.Tags), IsSealed: i.Sealed,
	}
	if !i.Lease.Locked() {
		p.LeaseStatus = 1 // unlocked
	}
	return p
}

// blobTypes are the numbers of the vendor's enumeration.
var blobTypes = [...]int{objectstore.BlockBlob: 0, objectstore.PageBlob: 1, objectstore.AppendBlob: 2}

func stamp(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05+00:00")
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

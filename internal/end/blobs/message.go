package blobs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// PoisonQueue is the queue of blobs that were set aside, in the account of the blobs.
const PoisonQueue = "webjobs-blobtrigger-poison"

// workItem is a blob that a function is to run for, and then also what is set aside:
// Azure's message, which is in base64 in the queue.
type workItem struct {
	Type          string // BlobTrigger
	FunctionID    string `json:"FunctionId"`
	BlobType      string // BlockBlob, …
	ContainerName string
	BlobName      string
	ETag          string // without quotes
}

func itemOf(function string, i *objectstore.Info) workItem {
	return workItem{"BlobTrigger", function, i.Type.String(), i.Container, i.Blob, i.ETag}
}

func (w workItem) json() []byte {
	text, err := json.Marshal(w)
	if err != nil {
		panic(err) // texts always encode
	}
	return text
}

func (w workItem) text() []byte { return base64.StdEncoding.AppendEncode(nil, w.json()) }

// readItem reads a message: in base64, or as letters have it, without.
func readItem(text []byte) (w workItem, err error) {
	plain := text
	if !bytes.HasPrefix(text, []byte("{")) {
		plain, err = base64.StdEncoding.AppendDecode(nil, text)
	}
	if err == nil {
		err = json.Unmarshal(plain, &w)
	}
	if err != nil || w.BlobName == "" {
		return w, &trigger.UnfitError{Reason: "it is no message of a blob trigger"}
	}
	return w, nil
}

package blob

import (
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Get and Set Blob Tags, of blobs, snapshots and versions, and Set Blob Tier. Neither
// changes the ETag. Rehydration from Archive is at once, whatever its priority.

func (x *exchange) getTags() error {
	cond, err := x.conditions()
	if err != nil {
		return err
	}
	info, err := x.svc.store.Properties(x.ctx(), x.address(), cond)
	if err != nil {
		return err
	}
	d := document{b: []byte(storage.XMLHeader)}
	d.tags(info.Tags)
	return x.replyXML(http.StatusOK, d.b)
}

// tags writes <Tags>.
func (d *document) tags(tags []objectstore.Pair) {
	d.raw("<Tags><TagSet>")
	for _, t := range tags {
		d.begin("Tag")
		d.text("Key", t.Name)
		d.text("Value", t.Value)
		d.end("Tag")
	}
	d.raw("</TagSet></Tags>")
}

func (x *exchange) setTags() error {
	cond, err := x.conditions()
	if err != nil {
		return err
	}
	body, err := x.readDocument()
	if err != nil {
		return err
	}
	tags, err := parseTagsXML(body)
	if err != nil {
		return err
	}
	if err := x.svc.store.SetTags(x.ctx(), x.address(), tags, cond); err != nil {
		return err
	}
	return x.reply(http.StatusNoContent)
}

func (x *exchange) setBlobTier() error {
	if err := x.demand("X-Ms-Access-Tier"); err != nil {
		return err
	}
	cond, err := x.conditions()
	if err != nil {
		return err
	}
	switch text := x.req.Header("X-Ms-Rehydrate-Priority"); strings.ToLower(text) {
	case "", "standard", "high":
	default:
		return storage.InvalidHeader("x-ms-rehydrate-priority", clip(text, 50))
	}
	info, err := x.svc.store.Properties(x.ctx(), x.address(), objectstore.Conditions{})
	if err != nil {
		return err
	}
	tier, err := x.tierHeader(info.Type)
	if err != nil {
		return err
	}
	rehydrated, err := x.svc.store.SetTier(x.ctx(), x.address(), tier, cond)
	if err != nil {
		return err
	}
	if rehydrated {
		return x.reply(http.StatusAccepted)
	}
	return x.reply(http.StatusOK)
}

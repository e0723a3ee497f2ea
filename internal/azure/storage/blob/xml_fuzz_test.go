package blob

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Bodies that clients send as XML: whatever they are, they are a document of ours or
// a refusal of the service.
func FuzzXML(f *testing.F) {
	for _, s := range []string{
		"<BlockList><Latest>AAAA</Latest><Committed>AAAB</Committed><Uncommitted>AAAC</Uncommitted></BlockList>",
		"<Tags><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tags>",
		`<?xml version="1.0" encoding="utf-8"?><BlockList/>`, "<a><b></a></b>", `<!DOCTYPE a [<!ENTITY x "y">]><BlockList>&x;</BlockList>`, "\xef\xbb\xbf<Tags/>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if refs, err := parseBlockList(body); err == nil {
			for _, r := range refs {
				if len(r.ID) == 0 || len(r.ID) > maxBlockID {
					t.Fatalf("%q", r.ID)
				}
			}
		} else if asError(err).Status != 400 {
			t.Fatal(err)
		}
		if tags, err := parseTagsXML(body); err == nil {
			if err := checkTags(tags); err != nil {
				t.Fatal(err)
			}
		} else if asError(err).Status != 400 {
			t.Fatal(err)
		}
	})
}

// Whatever a blob is called, the list that names it is XML.
func FuzzListedName(f *testing.F) {
	for _, s := range []string{"plain", "a&b<c>", "\x01", "\xff", "zé\u2028", "]]>", "\ufffe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		d := document{b: []byte(storage.XMLHeader)}
		d.begin("X")
		d.name(name)
		d.metadata(objectstore.Metadata{{Name: "a", Value: name}})
		d.tags([]objectstore.Pair{{Name: name, Value: name}})
		d.end("X")
		var v struct {
			Name struct {
				Encoded bool   `xml:",attr"`
				Text    string `xml:",chardata"`
			}
		}
		if err := xml.Unmarshal(d.b, &v); err != nil {
			t.Fatalf("%q: %v", d.b, err)
		}
		if !v.Name.Encoded && v.Name.Text != name {
			t.Fatalf("%q is told as %q", name, v.Name.Text)
		}
		if v.Name.Encoded && strings.ContainsAny(v.Name.Text, "<>& \x00") {
			t.Fatalf("%q is not encoded: %q", name, v.Name.Text)
		}
	})
}

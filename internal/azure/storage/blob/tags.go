package blob

import (
	"encoding/xml"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Limits of a blob's tags (Azure: "Set Blob Tags").
const (
	maxTags     = 10
	maxTagKey   = 128 // characters
	maxTagValue = 256
)

// parseTagsHeader reads x-ms-tags: key=value joined by &, each form-encoded.
func parseTagsHeader(text string) ([]objectstore.Pair, error) {
	if text == "" {
		return nil, nil
	}
	var tags []objectstore.Pair
	for pair := range strings.SplitSeq(text, "&") {
		k, v, ok := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(k)
		value, err2 := url.QueryUnescape(v)
		if !ok || err1 != nil || err2 != nil {
			return nil, storage.InvalidHeader("x-ms-tags", clip(text, 200))
		}
		tags = append(tags, objectstore.Pair{Name: key, Value: value})
	}
	return tags, checkTags(tags)
}

// parseTagsXML reads the body of Set Blob Tags:
//
//	<Tags><TagSet><Tag><Key>k</Key><Value>v</Value></Tag>…</TagSet></Tags>
func parseTagsXML(body []byte) ([]objectstore.Pair, error) {
	var doc struct {
		XMLName xml.Name `xml:"Tags"`
		Set     *struct {
			Tags []struct {
				Key   *string
				Value *string
			} `xml:"Tag"`
		} `xml:"TagSet"`
	}
	if err := storage.ParseXML(body, &doc); err != nil {
		return nil, err
	}
	if doc.Set == nil {
		return nil, storage.Fail("InvalidXmlDocument")
	}
	tags := make([]objectstore.Pair, 0, len(doc.Set.Tags))
	for _, t := range doc.Set.Tags {
		if t.Key == nil || t.Value == nil {
			return nil, storage.Fail("InvalidXmlDocument")
		}
		tags = append(tags, objectstore.Pair{Name: *t.Key, Value: *t.Value})
	}
	return tags, checkTags(tags)
}

// checkTags holds tags to the service's rules.
func checkTags(tags []objectstore.Pair) error {
	if len(tags) > maxTags {
		return storage.Fail("TagsTooLarge")
	}
	seen := make(map[string]bool, len(tags))
	for _, t := range tags {
		switch {
		case t.Name == "":
			return storage.Fail("EmptyTagName")
		case seen[t.Name]:
			return storage.Fail("DuplicateTagNames")
		case utf8.RuneCountInString(t.Name) > maxTagKey, utf8.RuneCountInString(t.Value) > maxTagValue:
			return storage.Fail("TagsTooLarge")
		case !isTagText(t.Name), !isTagText(t.Value):
			return storage.Fail("InvalidTag")
		}
		seen[t.Name] = true
	}
	return nil
}

// isTagText takes letters, digits, blanks and + - . / : = _.
func isTagText(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(" +-./:=_", c) >= 0) {
			return false
		}
	}
	return true
}

package blobs

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Limits of what a blob or a container has besides its content (Azure: "Set Blob
// Metadata", "Set Blob Tags").
const (
	maxMetadata = 8 << 10 // bytes of names and values together
	maxHeader   = 1 << 10
	maxTags     = 10
	maxTagName  = 128 // characters
	maxTagValue = 256
)

// HeadersChange replaces what a blob is served with, if it still has the ETag.
type HeadersChange struct {
	ETag    string  `json:"etag"`
	Headers Headers `json:"headers"`
}

// PairsChange replaces metadata or tags. ETag may be empty, and is of no use for tags.
type PairsChange struct {
	ETag  string `json:"etag"`
	Pairs []Pair `json:"pairs"`
}

// TierChange moves a blob to a tier.
type TierChange struct {
	Tier string `json:"tier"` // Hot, Cool, Cold or Archive
}

// Changed is how a blob is after a change.
type Changed struct {
	ETag string `json:"etag"`
}

func ifMatch(etag string) (c objectstore.Conditions) {
	if etag != "" {
		c.IfMatch = []string{etag}
	}
	return c
}

// setProperties serves PUT …/properties?name=….
func (p *page) setProperties(w http.ResponseWriter, r *http.Request) error {
	t, c, err := ordered[HeadersChange](w, r, p.blob)
	h := c.Headers
	for _, f := range [][2]string{
		{"contentType", h.ContentType},
		{"contentEncoding", h.ContentEncoding},
		{"contentLanguage", h.ContentLanguage},
		{"contentDisposition", h.ContentDisposition},
		{"cacheControl", h.CacheControl},
	} {
		if err == nil {
			err = checkHeader(f[0], f[1])
		}
	}
	if err != nil {
		return err
	}
	cond := ifMatch(c.ETag)
	now, err := t.Stored.Properties(r.Context(), t.Address, cond)
	if err != nil {
		return worded(err)
	}
	if c.ETag == "" {
		cond.IfMatch = []string{now.ETag} // whose MD5 it stays
	}
	info, err := t.Stored.SetProperties(r.Context(), t.Address, objectstore.PropertiesChange{Conditions: cond, Properties: &objectstore.Properties{
		ContentType: h.ContentType, ContentEncoding: h.ContentEncoding, ContentLanguage: h.ContentLanguage,
		ContentDisposition: h.ContentDisposition, CacheControl: h.CacheControl, ContentMD5: now.Properties.ContentMD5,
	}})
	return told(w, http.StatusOK, Changed{info.ETag}, err)
}

// setMetadata serves PUT …/metadata?name=….
func (p *page) setMetadata(w http.ResponseWriter, r *http.Request) error {
	t, c, err := ordered[PairsChange](w, r, p.blob)
	if err == nil {
		err = checkMetadata(c.Pairs)
	}
	if err != nil {
		return err
	}
	info, err := t.Stored.SetMetadata(r.Context(), t.Address, storedPairs(c.Pairs), ifMatch(c.ETag))
	return told(w, http.StatusOK, Changed{info.ETag}, err)
}

// setTags serves PUT …/tags?name=….
func (p *page) setTags(w http.ResponseWriter, r *http.Request) error {
	t, c, err := ordered[PairsChange](w, r, p.blob)
	if err == nil {
		err = checkTags(c.Pairs)
	}
	if err == nil {
		err = t.Stored.SetTags(r.Context(), t.Address, storedPairs(c.Pairs), objectstore.Conditions{})
	}
	return done(w, http.StatusNoContent, err)
}

// setTier serves PUT …/tier?name=….
func (p *page) setTier(w http.ResponseWriter, r *http.Request) error {
	t, c, err := ordered[TierChange](w, r, p.blob)
	if err != nil {
		return err
	}
	info, err := t.Stored.Properties(r.Context(), t.Address, objectstore.Conditions{})
	switch {
	case err != nil:
	case info.Type != objectstore.BlockBlob:
		err = fault.New(fault.Invalid, "tier", "only a block blob has a tier that can be chosen")
	case c.Tier != "Hot" && c.Tier != "Cool" && c.Tier != "Cold" && c.Tier != "Archive":
		err = fault.New(fault.Invalid, "tier", "%q is none of Hot, Cool, Cold, Archive", c.Tier)
	default:
		_, err = t.Stored.SetTier(r.Context(), t.Address, c.Tier, objectstore.Conditions{})
	}
	return done(w, http.StatusNoContent, err)
}

func storedPairs(all []Pair) []objectstore.Pair {
	out := make([]objectstore.Pair, len(all))
	for i, p := range all {
		out[i] = objectstore.Pair{Name: p.Name, Value: p.Value}
	}
	return out
}

// checkHeader holds a value to what a client can be sent as a header.
func checkHeader(name, value string) error {
	if len(value) > maxHeader {
		return fault.New(fault.Invalid, name, "more than %d characters", maxHeader)
	}
	return checkSigns(name, value)
}

func checkSigns(name, value string) error {
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' {
			return fault.New(fault.Invalid, name, "a value goes into a header, which holds letters, digits and signs of ASCII only")
		}
	}
	return nil
}

func checkMetadata(all []Pair) error {
	seen, size := map[string]bool{}, 0
	for _, p := range all {
		folded := strings.ToLower(p.Name)
		switch {
		case !isIdentifier(p.Name):
			return fault.New(fault.Invalid, "metadata", "%q is no name: letters, digits and _, a digit not first", p.Name)
		case seen[folded]:
			return fault.New(fault.Invalid, "metadata", "%s comes twice", p.Name)
		}
		seen[folded], size = true, size+len(p.Name)+len(p.Value)
		if err := checkSigns(p.Name, p.Value); err != nil {
			return err
		}
	}
	if size > maxMetadata {
		return fault.New(fault.TooLarge, "metadata", "more than %d bytes together", maxMetadata)
	}
	return nil
}

func isIdentifier(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if !('a' <= c && c <= 'z' || s[i] == '_' || i > 0 && '0' <= s[i] && s[i] <= '9') {
			return false
		}
	}
	return s != ""
}

func checkTags(all []Pair) error {
	seen := map[string]bool{}
	if len(all) > maxTags {
		return fault.New(fault.Invalid, "tags", "a blob has at most %d", maxTags)
	}
	for _, p := range all {
		switch n := utf8.RuneCountInString(p.Name); {
		case n == 0 || n > maxTagName:
			return fault.New(fault.Invalid, "tags", "a tag's name has 1 to %d characters", maxTagName)
		case utf8.RuneCountInString(p.Value) > maxTagValue:
			return fault.New(fault.Invalid, "tags", "the value of %s has more than %d characters", p.Name, maxTagValue)
		case seen[p.Name]:
			return fault.New(fault.Invalid, "tags", "%s comes twice", p.Name)
		case strings.ContainsFunc(p.Name+p.Value, notOfTags):
			return fault.New(fault.Invalid, "tags", "%s: a tag has letters and digits of ASCII, blanks and + - . / : = _ only", p.Name)
		}
		seen[p.Name] = true
	}
	return nil
}

func notOfTags(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune(" +-./:=_", c))
}

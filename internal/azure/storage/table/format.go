package table

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// metadata is how much of OData's metadata a reply has.
type metadata uint8

const (
	minimalMetadata metadata = iota
	noMetadata
	fullMetadata
)

var mediaTypes = [...]string{
	minimalMetadata: "application/json;odata=minimalmetadata;streaming=true;charset=utf-8",
	noMetadata:      "application/json;odata=nometadata;streaming=true;charset=utf-8",
	fullMetadata:    "application/json;odata=fullmetadata;streaming=true;charset=utf-8",
}

func (m metadata) mediaType() string { return mediaTypes[m] }

// format is what the client wants: by $format, or else by the first type of Accept
// that there is.
func (x *exchange) format() (metadata, error) {
	if f, ok := x.r.Query.Lookup("$format"); ok && f != "" {
		if f == "json" {
			return minimalMetadata, nil
		}
		level, err := parseFormat(f)
		if err != nil {
			return 0, err
		}
		return level, nil
	}
	accept := x.r.Header("Accept")
	if strings.TrimSpace(accept) == "" {
		return minimalMetadata, nil
	}
	var refused *storage.Error
	for media := range strings.SplitSeq(accept, ",") {
		level, err := parseFormat(media)
		if err == nil {
			return level, nil
		}
		if refused == nil {
			refused = err
		}
	}
	return 0, refused
}

// parseFormat reads one media type.
func parseFormat(text string) (metadata, *storage.Error) {
	media, parameters, _ := strings.Cut(strings.ToLower(text), ";")
	switch strings.TrimSpace(media) {
	case "application/json", "text/json", "application/*", "*/*":
	case "application/atom+xml", "application/xml", "atom":
		return 0, storage.Fail("AtomFormatNotSupported")
	default:
		return 0, storage.Fail("MediaTypeNotSupported").With("Reason", "There are application/json;odata=nometadata, minimalmetadata and fullmetadata, not "+clip(text)+".")
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if name != "odata" {
			continue
		}
		switch value {
		case "nometadata":
			return noMetadata, nil
		case "minimalmetadata":
			return minimalMetadata, nil
		case "fullmetadata":
			return fullMetadata, nil
		case "verbose":
			return 0, storage.Fail("JsonVerboseFormatNotSupported")
		}
		return 0, storage.Fail("MediaTypeNotSupported").With("Reason", "odata is nometadata, minimalmetadata or fullmetadata.")
	}
	return minimalMetadata, nil
}

// preference is what the client wants back of a write.
type preference uint8

const (
	noPreference preference = iota
	returnNoContent
	returnContent
)

// prefer reads the header Prefer, and tells in the reply that it counts.
func (x *exchange) prefer() preference {
	for p := range strings.SplitSeq(x.r.Header("Prefer"), ",") {
		switch strings.ToLower(strings.TrimSpace(p)) {
		case "return-no-content", "return=minimal":
			x.set("Preference-Applied", "return-no-content")
			return returnNoContent
		case "return-content", "return=representation":
			x.set("Preference-Applied", "return-content")
			return returnContent
		}
	}
	return noPreference
}

package cosmos

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// Throughput is stored and given back; nothing is throttled by it. A container
// made without throughput in a database without its own gets the service's
// default of 400 RU/s, as scripts expect to find an offer there.
const (
	defaultThroughput = `{"offerThroughput":400}`
	minThroughput     = 400
	maxThroughput     = 1_000_000
	minAutoscale      = 1000
	idleShare         = 10 // an autoscaled resource at rest has a tenth of its maximum
)

// offerBody is a throughput offer as the service shows it.
type offerBody struct {
	Resource   string          `json:"resource"`
	Type       string          `json:"offerType"`
	ResourceID string          `json:"offerResourceId"`
	Version    string          `json:"offerVersion"`
	Content    json.RawMessage `json:"content"`
	ID         string          `json:"id"`
	RID        string          `json:"_rid"`
	Self       string          `json:"_self"`
	ETag       string          `json:"_etag"`
	Timestamp  int64           `json:"_ts"`
}

// offerContent is an offer's content. With autopilot settings the throughput
// is the current one: shown, never set.
type offerContent struct {
	Throughput *int            `json:"offerThroughput,omitempty"`
	Autopilot  json.RawMessage `json:"offerAutopilotSettings,omitempty"`
}

// maximum is the maxThroughput of the autopilot settings.
func (c *offerContent) maximum() (int, error) {
	var settings struct {
		MaxThroughput int `json:"maxThroughput"`
	}
	err := json.Unmarshal(c.Autopilot, &settings)
	return settings.MaxThroughput, err
}

// scaled is a database or container: what an offer can belong to.
type scaled interface {
	Resource() docstore.Resource
	SetThroughput(ctx context.Context, content json.RawMessage) error
}

func offerJSON(r docstore.Resource) offerBody {
	return offerBody{
		Resource: r.Self, Type: "Invalid", ResourceID: r.RID, Version: "V2", Content: shownOffer(r.Throughput),
		ID: r.OfferRID, RID: r.OfferRID, Self: "offers/" + r.OfferRID + "/", ETag: r.ETag, Timestamp: r.Timestamp,
	}
}

// readOfferHeaders returns the content of the offer that a creation asks for,
// or nil.
func readOfferHeaders(h http.Header) (json.RawMessage, error) {
	manual, auto := first(h, hdrOfferThroughput), first(h, hdrAutopilot)
	switch {
	case manual != "" && auto != "":
		return nil, badRequest(subNone, "Manual and autoscale throughput cannot both be given.")
	case manual != "":
		n, err := strconv.Atoi(manual)
		if err != nil {
			return nil, badHeader(hdrOfferThroughput, manual, "expected a number of request units")
		}
		return checkOffer([]byte(`{"offerThroughput":` + strconv.Itoa(n) + `}`))
	case auto != "":
		if !json.Valid([]byte(auto)) {
			return nil, badHeader(hdrAutopilot, auto, "expected a JSON object with maxThroughput")
		}
		return checkOffer([]byte(`{"offerAutopilotSettings":` + auto + `}`))
	}
	return nil, nil
}

// shownOffer is a kept content as clients read it: SDKs look for the current
// throughput beside autopilot settings too.
func shownOffer(kept json.RawMessage) json.RawMessage {
	var c offerContent
	if json.Unmarshal(kept, &c) != nil || !present(c.Autopilot) {
		return kept
	}
	most, err := c.maximum()
	if err != nil {
		return kept
	}
	current := most / idleShare
	c.Throughput = &current
	shown, err := json.Marshal(c)
	if err != nil {
		return kept
	}
	return shown
}

// checkOffer refuses contents that the service would not take, and returns what
// to keep. A client that changes autopilot settings sends the throughput that
// it read back with them.
func checkOffer(content json.RawMessage) (json.RawMessage, error) {
	var c offerContent
	if err := json.Unmarshal(content, &c); err != nil {
		return nil, jsonError(err, "offer")
	}
	switch {
	case present(c.Autopilot):
		most, err := c.maximum()
		if err != nil {
			return nil, jsonError(err, "offer")
		}
		if most < minAutoscale || most > maxThroughput || most%minAutoscale != 0 {
			return nil, badRequest(subNone, "The autoscale offer should have a maxThroughput between %d and %d inclusive in increments of %d.", minAutoscale, maxThroughput, minAutoscale)
		}
		return json.Marshal(offerContent{Autopilot: c.Autopilot})
	case c.Throughput != nil:
		if n := *c.Throughput; n < minThroughput || n > maxThroughput || n%100 != 0 {
			return nil, badRequest(subNone, "The offer should have valid throughput values between %d and %d inclusive in increments of 100.", minThroughput, maxThroughput)
		}
		return json.Marshal(offerContent{Throughput: c.Throughput})
	}
	return nil, badRequest(subNone, "The offer's content must have either offerThroughput or offerAutopilotSettings.")
}

// offers returns everything that has throughput, in the order of creation.
func (x *exchange) offers() []scaled {
	var all []scaled
	for _, db := range x.svc.store.Databases() {
		all = append(all, db)
		for _, c := range db.Containers() {
			all = append(all, c)
		}
	}
	kept := all[:0]
	for _, s := range all {
		if s.Resource().Throughput != nil {
			kept = append(kept, s)
		}
	}
	return kept
}

func (x *exchange) offerList() (listSource, error) {
	var items listSource
	for _, s := range x.offers() {
		item, err := json.Marshal(offerJSON(s.Resource()))
		if err != nil {
			return nil, err
		}
		items = append(items, listed{placeOf(s.Resource()), item})
	}
	return items, nil
}

func (x *exchange) listOffers() error {
	items, err := x.offerList()
	if err != nil {
		return err
	}
	return x.replyList("", "Offers", items)
}

func (x *exchange) queryOffers() error {
	items, err := x.offerList()
	if err != nil {
		return err
	}
	return x.queryList("", "Offers", items)
}

// offer finds the addressed offer by its _rid.
func (x *exchange) offer() (scaled, error) {
	for _, s := range x.offers() {
		if s.Resource().OfferRID == x.addr.id {
			return s, nil
		}
	}
	return nil, notFound("offer " + x.addr.id)
}

func (x *exchange) readOffer() error {
	s, err := x.offer()
	if err != nil {
		return err
	}
	x.charge = chargeMetadataRead
	return x.replyOffer(s)
}

func (x *exchange) replaceOffer() error {
	s, err := x.offer()
	if err != nil {
		return err
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	var in struct {
		Content json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Content == nil {
		return badRequest(subNone, "The request body is not the JSON object of an offer with a content.")
	}
	content, err := checkOffer(in.Content)
	if err != nil {
		return err
	}
	if err := s.SetThroughput(x.r.Context(), content); err != nil {
		return err
	}
	x.charge = chargeMetadataWrite
	return x.replyOffer(s)
}

func (x *exchange) replyOffer(s scaled) error {
	r := s.Resource()
	x.set(hdrETag, r.ETag)
	x.set(hdrMinThroughput, strconv.Itoa(minThroughput))
	x.w.Header()[hdrOfferPending] = valFalse
	return x.replyJSON(http.StatusOK, offerJSON(r))
}

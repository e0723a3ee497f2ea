package insights

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// Limits of an envelope. Lengths are of characters: what is longer is cut, as the
// service does; what has more members than that is refused.
const (
	maxItem       = 1 << 20 // bytes
	maxMembers    = 1000    // properties, measurements, tags, exceptions, frames
	propertyName  = 150
	propertyValue = 8192

	shortText   = 512
	mediumText  = 1024
	longText    = 2048
	dataText    = 8192
	messageText = 32768
)

// From when to when an item may be, seen from now.
const (
	oldest = 48 * time.Hour
	newest = 2 * time.Hour
)

// envelope is an item on its way from the wire.
type envelope struct {
	key  string // instrumentation key
	item *item.Item
	more []*item.Item // further metrics of the same envelope
	rate float64
	why  string // why it is refused; "": it is not
}

func (e *envelope) refuse(format string, args ...any) {
	if e.why == "" {
		e.why = fmt.Sprintf(format, args...)
	}
}

// readEnvelope reads one envelope. The texts of the item are parts of text.
func readEnvelope(text string, now time.Time) envelope {
	e := envelope{item: &item.Item{Client: item.Client{Type: "PC", IP: "0.0.0.0"}}, rate: 100}
	r := &reader{text: text}
	at, timed := time.Time{}, false
	r.object(func(name string) {
		switch name {
		case "time":
			at, timed = moment(r.string())
		case "iKey":
			e.key = r.string()
		case "sampleRate":
			e.rate, _ = r.number()
		case "tags":
			e.tags(r)
		case "data":
			e.data(r)
		default:
			r.skip()
		}
	})
	if r.next() != 0 {
		r.fail("text behind the envelope")
	}
	switch early, late := now.Sub(at), at.Sub(now); {
	case r.why != "":
		e.refuse("100: the envelope is no JSON: %s", r.why)
	case e.item.Body == nil:
		e.refuse("101: Field 'data' on type 'Envelope' is required but missing or empty. Expected: string, Actual: undefined")
	case !timed:
		e.refuse("102: Field 'time' on type 'Envelope' is not a valid ISO date. Expected: date, Actual: undefined")
	case early > oldest:
		e.refuse("103: Field 'time' on type 'Envelope' is older than the allowed min date. Expected: now - %dms, Actual: now - %dms", oldest.Milliseconds(), early.Milliseconds())
	case late > newest:
		e.refuse("103: Field 'time' on type 'Envelope' is later than the allowed max date. Expected: now + %dms, Actual: now + %dms", newest.Milliseconds(), late.Milliseconds())
	}
	e.item.Time, e.item.Count = at, count(e.rate)
	for _, also := range e.more {
		body := also.Body
		*also = *e.item
		also.Body = body
	}
	return e
}

// tags reads who and where.
func (e *envelope) tags(r *reader) {
	if r.next() != '{' {
		r.skip()
		return
	}
	i, n := e.item, 0
	r.object(func(name string) {
		if n++; n > maxMembers {
			e.refuse("104: Field 'tags' on type 'Envelope' has more than %d members", maxMembers)
		}
		v := r.string()
		switch name {
		case "ai.application.ver":
			i.AppVersion = cut(v, mediumText)
		case "ai.cloud.role":
			i.Role = cut(v, mediumText)
		case "ai.cloud.roleInstance":
			i.RoleInstance = cut(v, mediumText)
		case "ai.operation.id":
			i.Operation.ID = ID(cut(v, 128))
		case "ai.operation.parentId":
			i.Operation.ParentID = ID(cut(v, shortText))
		case "ai.operation.name":
			i.Operation.Name = cut(v, mediumText)
		case "ai.operation.syntheticSource":
			i.Operation.SyntheticSource = cut(v, mediumText)
		case "ai.internal.sdkVersion":
			i.SDKVersion = cut(v, 64)
		case "ai.session.id":
			i.Session = cut(v, 64)
		case "ai.user.id":
			i.User.ID = cut(v, 128)
		case "ai.user.accountId":
			i.User.AccountID = cut(v, mediumText)
		case "ai.user.authUserId":
			i.User.AuthenticatedID = cut(v, mediumText)
		case "ai.device.type":
			i.Client.Type = cut(v, 64)
		case "ai.device.model":
			i.Client.Model = cut(v, 256)
		case "ai.device.osVersion":
			i.Client.OS = cut(v, 256)
		case "ai.location.ip":
			i.Client.IP = cut(v, 46)
		case "ai.location.city":
			i.Client.City = cut(v, 256)
		case "ai.location.province":
			i.Client.StateOrProvince = cut(v, 256)
		case "ai.location.country":
			i.Client.CountryOrRegion = cut(v, 256)
		case "ai.user.userAgent":
			i.Client.Browser = cut(v, longText)
		}
	})
}

// data reads what the item is about. Its type may stand behind it.
func (e *envelope) data(r *reader) {
	if r.next() != '{' {
		r.skip()
		return
	}
	kind, before := "", reader{}
	r.object(func(name string) {
		switch {
		case name == "baseType":
			kind = r.string()
		case name == "baseData" && kind == "":
			before = *r
			r.skip()
		case name == "baseData":
			e.body(kind, r)
		default:
			r.skip()
		}
	})
	if before.text != "" && kind != "" && r.why == "" {
		e.body(kind, &before)
	}
	if kind == "" {
		e.refuse("101: Field 'baseType' on type 'Data' is required but missing or empty. Expected: string, Actual: undefined")
	}
}

// member takes the value of a member of baseData; false: it does not know it.
type member func(name string) bool

// body reads baseData.
func (e *envelope) body(kind string, r *reader) {
	if r.next() != '{' {
		r.skip()
		e.refuse("101: Field 'baseData' on type 'Data' is no object")
		return
	}
	read := e.reading(kind, r)
	if read == nil {
		r.skip()
		e.refuse("105: Field 'baseType' on type 'Data' is %q, which is no type of telemetry", cut(kind, 64))
		return
	}
	r.object(func(name string) {
		switch {
		case name == "properties":
			e.properties(r)
		case name == "measurements":
			e.measurements(r)
		case !read(name):
			r.skip()
		}
	})
}

// reading makes the item's body, and what reads it; nil where there is no such type.
func (e *envelope) reading(kind string, r *reader) member {
	switch kind {
	case "RequestData":
		return e.request(r)
	case "RemoteDependencyData":
		return e.dependency(r)
	case "MessageData":
		return e.message(r)
	case "ExceptionData":
		return e.exception(r)
	case "EventData":
		return e.event(r)
	case "MetricData":
		return e.metrics(r)
	case "PerformanceCounterData":
		return e.counter(r)
	case "AvailabilityData":
		return e.availability(r)
	case "PageViewData", "PageviewData":
		return e.pageView(r)
	case "PageViewPerfData", "PageViewPerformanceData", "PageviewPerformanceData":
		return e.timing(r)
	}
	return nil
}

func (e *envelope) properties(r *reader) {
	if r.next() != '{' {
		r.skip()
		return
	}
	if e.item.Properties == nil {
		e.item.Properties = make([]item.Property, 0, 4)
	}
	r.object(func(name string) {
		v := r.string()
		if len(e.item.Properties) >= maxMembers {
			e.refuse("106: Field 'properties' has more than %d members", maxMembers)
			return
		}
		e.item.Properties = append(e.item.Properties, item.Property{Name: cut(name, propertyName), Value: cut(v, propertyValue)})
	})
}

func (e *envelope) measurements(r *reader) {
	if r.next() != '{' {
		r.skip()
		return
	}
	r.object(func(name string) {
		v, ok := r.number()
		switch {
		case len(e.item.Measurements) >= maxMembers:
			e.refuse("106: Field 'measurements' has more than %d members", maxMembers)
		case ok:
			e.item.Measurements = append(e.item.Measurements, item.Measurement{Name: cut(name, propertyName), Value: v})
		}
	})
}

// duration reads one that must be there for the item to mean anything.
func (e *envelope) duration(r *reader, field string) time.Duration {
	text := r.string()
	if text == "" {
		return 0
	}
	if d, ok := span(text); ok {
		return d
	}
	if ms, ok := (&reader{text: text}).number(); ok && ms >= 0 && ms < float64(maxDuration.Milliseconds()) && !math.IsNaN(ms) {
		return time.Duration(ms * float64(time.Millisecond)) // browsers' way
	}
	e.refuse("107: Field '%s' is no duration of the form DD.HH:MM:SS.MMMMMM, or is 1000 days or longer: %q", field, cut(text, 64))
	return 0
}

func (e *envelope) request(r *reader) member {
	b := &item.Request{Success: true}
	e.item.Body = b
	return func(name string) bool {
		switch name {
		case "id":
			b.ID = ID(cut(r.string(), shortText))
		case "name":
			b.Name = cut(r.string(), mediumText)
		case "duration":
			b.Duration = e.duration(r, name)
		case "success":
			if v, ok := r.truth(); ok {
				b.Success = v
			}
		case "responseCode":
			b.ResultCode = cut(r.string(), mediumText)
		case "source":
			b.Source = cut(r.string(), mediumText)
		case "url":
			b.URL = cut(r.string(), longText)
		default:
			return false
		}
		return true
	}
}

func (e *envelope) dependency(r *reader) member {
	b := &item.Dependency{Success: true}
	e.item.Body = b
	return func(name string) bool {
		switch name {
		case "id":
			b.ID = ID(cut(r.string(), shortText))
		case "name":
			b.Name = cut(r.string(), mediumText)
		case "duration":
			b.Duration = e.duration(r, name)
		case "success":
			if v, ok := r.truth(); ok {
				b.Success = v
			}
		case "resultCode":
			b.ResultCode = cut(r.string(), mediumText)
		case "data":
			b.Data = cut(r.string(), dataText)
		case "type":
			b.Kind = cut(r.string(), mediumText)
		case "target":
			b.Target = cut(r.string(), mediumText)
		default:
			return false
		}
		return true
	}
}

func (e *envelope) message(r *reader) member {
	b := &item.Trace{}
	e.item.Body = b
	return func(name string) bool {
		switch name {
		case "message":
			b.Message = cut(r.string(), messageText)
		case "severityLevel":
			b.Severity = severity(r.string())
		default:
			return false
		}
		return true
	}
}

func (e *envelope) event(r *reader) member {
	b := &item.Event{}
	e.item.Body = b
	return func(name string) bool {
		if name != "name" {
			return false
		}
		b.Name = cut(r.string(), shortText)
		return true
	}
}

func (e *envelope) availability(r *reader) member {
	b := &item.Availability{}
	e.item.Body = b
	return func(name string) bool {
		switch name {
		case "id":
			b.ID = cut(r.string(), shortText)
		case "name":
			b.Name = cut(r.string(), mediumText)
		case "duration":
			b.Duration = e.duration(r, name)
		case "success":
			b.Success, _ = r.truth()
		case "runLocation":
			b.Location = cut(r.string(), mediumText)
		case "message":
			b.Message = cut(r.string(), dataText)
		default:
			return false
		}
		return true
	}
}

func (e *envelope) pageView(r *reader) member {
	b := &item.PageView{}
	e.item.Body = b
	return func(name string) bool {
		switch name {
		case "id":
			b.ID = ID(cut(r.string(), shortText))
		case "name":
			b.Name = cut(r.string(), shortText)
		case "url":
			b.URL = cut(r.string(), longText)
		case "duration":
			b.Duration = e.duration(r, name)
		case "referrerUri":
			if v := cut(r.string(), longText); v != "" {
				e.item.Properties = append(e.item.Properties, item.Property{Name: "refUri", Value: v})
			}
		default:
			return false
		}
		return true
	}
}

func (e *envelope) timing(r *reader) member {
	b := &item.BrowserTiming{}
	e.item.Body = b
	return func(name string) bool {
		switch name {
		case "name":
			b.Name = cut(r.string(), shortText)
		case "url":
			b.URL = cut(r.string(), longText)
		case "perfTotal":
			b.Total = e.duration(r, name)
		case "networkConnect":
			b.Network = e.duration(r, name)
		case "sentRequest":
			b.Send = e.duration(r, name)
		case "receivedResponse":
			b.Receive = e.duration(r, name)
		case "domProcessing":
			b.Processing = e.duration(r, name)
		default:
			return false
		}
		return true
	}
}

// key is an instrumentation key as it is compared.
func normalKey(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

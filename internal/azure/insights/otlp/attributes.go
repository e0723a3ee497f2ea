package otlp

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// Limits, in characters but for maxAttributes, as those of the other wire: what is longer
// is cut.
const (
	maxAttributes = 1000 // of an item; what is beyond is dropped
	maxDepth      = 32   // of arrays and maps within an attribute

	nameText   = 150
	valueText  = 8192
	shortText  = 512
	mediumText = 1024
	longText   = 2048
	dataText   = 8192
	lineText   = 32768
)

// cut is a text of at most so many characters, without what is no UTF-8.
func cut(s string, most int) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n == most {
			return s[:i]
		}
		n++
	}
	return s
}

// attributes are those of one thing.
type attributes []*common.KeyValue

// get is the first of some names that has a text, or "".
func (a attributes) get(names ...string) string {
	for _, name := range names {
		for _, kv := range a {
			if kv.GetKey() == name {
				if s := text(kv.GetValue()); s != "" {
					return s
				}
			}
		}
	}
	return ""
}

// number is the first of some names that is one.
func (a attributes) number(names ...string) (float64, bool) {
	if v, err := strconv.ParseFloat(a.get(names...), 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return v, true
	}
	return 0, false
}

// put appends attributes as custom dimensions, but for those left out.
func put(to []item.Property, all attributes, out func(name string) bool) []item.Property {
	for _, kv := range all {
		if kv.GetKey() == "" || out != nil && out(kv.GetKey()) || len(to) >= maxAttributes {
			continue
		}
		to = append(to, item.Property{Name: cut(kv.GetKey(), nameText), Value: cut(text(kv.GetValue()), valueText)})
	}
	return to
}

// text is a value as a text: lists and maps as JSON, bytes in base64.
func text(v *common.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return strconv.FormatBool(v.BoolValue)
	case *common.AnyValue_IntValue:
		return strconv.FormatInt(v.IntValue, 10)
	case *common.AnyValue_DoubleValue:
		return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
	case *common.AnyValue_BytesValue:
		return base64.StdEncoding.EncodeToString(v.BytesValue)
	case *common.AnyValue_ArrayValue, *common.AnyValue_KvlistValue:
		b, err := json.Marshal(plain(v, 0))
		if err != nil {
			return ""
		}
		return string(b)
	}
	return ""
}

// plain is a value as encoding/json writes it; what lies deeper than maxDepth is null.
func plain(v any, depth int) any {
	if depth > maxDepth {
		return nil
	}
	switch v := v.(type) {
	case *common.AnyValue_ArrayValue:
		all := []any{}
		for _, e := range v.ArrayValue.GetValues() {
			all = append(all, plain(e.GetValue(), depth+1))
		}
		return all
	case *common.AnyValue_KvlistValue:
		all := map[string]any{}
		for _, kv := range v.KvlistValue.GetValues() {
			all[kv.GetKey()] = plain(kv.GetValue().GetValue(), depth+1)
		}
		return all
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		if math.IsNaN(v.DoubleValue) || math.IsInf(v.DoubleValue, 0) {
			return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
		}
		return v.DoubleValue
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BytesValue:
		return v.BytesValue
	}
	return nil
}

// source is what the items of one scope of one resource have in common.
type source struct {
	item       item.Item
	properties []item.Property
}

// columns are attributes of a resource that are columns.
var columns = map[string]bool{
	"service.name": true, "service.namespace": true, "service.instance.id": true, "service.version": true,
	"telemetry.sdk.name": true, "telemetry.sdk.language": true, "telemetry.sdk.version": true,
}

// sourceOf is what a resource and a scope say of all that is below them.
func sourceOf(r *resource.Resource, scope *common.InstrumentationScope) source {
	a := attributes(r.GetAttributes())
	role := a.get("service.name")
	if space := a.get("service.namespace"); space != "" && role != "" {
		role = space + "." + role
	}
	s := source{item: item.Item{
		Role: cut(role, mediumText), RoleInstance: cut(a.get("service.instance.id", "host.name", "k8s.pod.name"), mediumText), AppVersion: cut(a.get("service.version"), mediumText),
		SDKVersion: cut(strings.TrimRight("otlp:"+a.get("telemetry.sdk.language")+"-"+a.get("telemetry.sdk.version"), ":-"), 64),
		Client:     item.Client{Type: "PC", IP: "0.0.0.0"},
	}}
	s.properties = put(nil, a, func(name string) bool { return columns[name] })
	if scope.GetName() != "" {
		s.properties = append(s.properties, item.Property{Name: "otel.scope.name", Value: cut(scope.GetName(), valueText)})
		if v := scope.GetVersion(); v != "" {
			s.properties = append(s.properties, item.Property{Name: "otel.scope.version", Value: cut(v, valueText)})
		}
	}
	s.properties = s.properties[:len(s.properties):len(s.properties)] // what is appended is an item's own
	return s
}

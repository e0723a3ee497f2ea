package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
)

// streamsOf are the streams that an item is a document of; nil: of none.
func streamsOf(streams []live.DocumentStream, i *item.Item) (ids []string) {
	kind := ""
	switch i.Body.(type) {
	case *item.Request:
		kind = "Request"
	case *item.Dependency:
		kind = "Dependency"
	case *item.Exception:
		kind = "Exception"
	case *item.Event:
		kind = "Event"
	case *item.Trace:
		kind = "Trace"
	default:
		return nil
	}
	for _, s := range streams {
		if slices.ContainsFunc(s.Groups, func(g live.DocumentGroup) bool { return g.Telemetry == kind && holds(g.Filters, i) }) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// holds reports whether an item passes all filters.
func holds(g live.Group, i *item.Item) bool {
	for _, f := range g.Filters {
		if !passes(f, i) {
			return false
		}
	}
	return true
}

func passes(f live.Filter, i *item.Item) bool {
	if f.Field == "*" {
		return anyText(f, i)
	}
	text, number, isNumber, there := fieldOf(f.Field, i)
	if !there {
		return false
	}
	if isNumber {
		wanted, ok := numberOf(f)
		return ok && compares(f.Predicate, number, wanted)
	}
	return says(f.Predicate, text, f.Comparand)
}

// anyText is a filter of whatever an item says.
func anyText(f live.Filter, i *item.Item) bool {
	found := false
	for _, name := range [...]string{"Name", "Url", "Target", "Type", "Data", "Message", "ResponseCode", "Exception.Message", "Exception.StackTrace"} {
		text, _, isNumber, there := fieldOf(name, i)
		found = found || there && !isNumber && says("Contains", text, f.Comparand)
	}
	found = found || slices.ContainsFunc(i.Properties, func(p item.Property) bool { return says("Contains", p.Value, f.Comparand) })
	return found == (f.Predicate == "Contains")
}

// fieldOf is what a field of the protocol is in an item: text, or a number, for which
// Success is 1 or 0, durations are milliseconds.
func fieldOf(name string, i *item.Item) (text string, number float64, isNumber, there bool) {
	success, took, code := false, time.Duration(0), ""
	call := true
	switch b := i.Body.(type) {
	case *item.Request:
		success, took, code = b.Success, b.Duration, b.ResultCode
		switch name {
		case "Name":
			return b.Name, 0, false, true
		case "Url":
			return b.URL, 0, false, true
		}
	case *item.Dependency:
		success, took, code = b.Success, b.Duration, b.ResultCode
		switch name {
		case "Name":
			return b.Name, 0, false, true
		case "Target":
			return b.Target, 0, false, true
		case "Type":
			return b.Kind, 0, false, true
		case "Data":
			return b.Data, 0, false, true
		}
	case *item.Exception:
		call = false
		if len(b.Chain) > 0 && name == "Exception.Message" {
			return b.Chain[0].Message, 0, false, true
		}
		if len(b.Chain) > 0 && name == "Exception.StackTrace" {
			return b.Chain[0].Stack, 0, false, true
		}
	case *item.Event:
		call = false
		if name == "Name" {
			return b.Name, 0, false, true
		}
	case *item.Trace:
		call = false
		if name == "Message" {
			return b.Message, 0, false, true
		}
	}
	switch {
	case call && name == "Success":
		if success {
			number = 1
		}
		return "", number, true, true
	case call && name == "Duration":
		return "", float64(took) / float64(time.Millisecond), true, true
	case call && (name == "ResponseCode" || name == "ResultCode"):
		number, err := strconv.ParseFloat(code, 64)
		return "", number, true, err == nil
	}
	if key, ok := strings.CutPrefix(name, "CustomDimensions."); ok {
		for _, p := range i.Properties {
			if p.Name == key {
				return p.Value, 0, false, true
			}
		}
	}
	return "", 0, false, false
}

// numberOf is a filter's comparand as fieldOf has numbers. What the protocol refuses
// does not come here.
func numberOf(f live.Filter) (float64, bool) {
	switch f.Field {
	case "Success":
		if strings.EqualFold(f.Comparand, "true") {
			return 1, true
		}
		return 0, true
	case "Duration":
		d, ok := live.Length(f.Comparand)
		return float64(d) / float64(time.Millisecond), ok
	}
	n, err := strconv.ParseFloat(f.Comparand, 64)
	return n, err == nil
}

func compares(predicate string, a, b float64) bool {
	switch predicate {
	case "Equal":
		return a == b
	case "NotEqual":
		return a != b
	case "LessThan":
		return a < b
	case "LessThanOrEqual":
		return a <= b
	case "GreaterThan":
		return a > b
	case "GreaterThanOrEqual":
		return a >= b
	}
	return false
}

// says compares texts; the case of letters does not count, as with the clients.
func says(predicate, text, wanted string) bool {
	switch predicate {
	case "Equal":
		return strings.EqualFold(text, wanted)
	case "NotEqual":
		return !strings.EqualFold(text, wanted)
	case "Contains":
		return strings.Contains(strings.ToLower(text), strings.ToLower(wanted))
	case "DoesNotContain":
		return !strings.Contains(strings.ToLower(text), strings.ToLower(wanted))
	}
	return false
}

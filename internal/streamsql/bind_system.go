package streamsql

import (
	"slices"
	"strings"
)

// system binds System.Timestamp() and explains System.Window().
func (sc *scope) system(x *callExpr) *Expr {
	switch strings.ToLower(x.name.text) {
	case "timestamp":
		if len(x.args) > 0 {
			sc.fail(x.at, "System.Timestamp() takes no arguments")
		}
		if sc.rel.input != nil && sc.rel.input.Reference {
			sc.fail(x.at, "rows of reference data have no time: read System.Timestamp() in the query that joins them")
		}
		if sc.clause == "TIMESTAMP BY" {
			sc.fail(x.at, "System.Timestamp() is what TIMESTAMP BY sets: use a column")
		}
		return sc.located(newExpr("", x.at, func(r *Row) Value { return DateTimeValue(r.Time) }), x)
	case "window":
		sc.fail(x.at, "System.Window() is valid in the SELECT list and HAVING of a query with GROUP BY Windows(…)")
	}
	sc.fail(x.at, "'System.%s' does not exist: System.Timestamp() and System.Window().Id do", x.name.text)
	return nil
}

// metadata binds GetMetadataPropertyValue(input, '[EventHub].[PartitionId]').
func (sc *scope) metadata(x *callExpr) *Expr {
	sc.arity(x, 2, 2)
	name, ok := x.args[0].(*nameExpr)
	var leaf *relation
	if ok && len(name.parts) == 1 {
		leaf = sc.rel.leaf(name.parts[0].text)
		for _, l := range sc.rel.leaves() {
			if leaf == nil && l.input != nil && strings.EqualFold(l.input.Name, name.parts[0].text) {
				leaf = l
			}
		}
	}
	if leaf == nil || leaf.input == nil || leaf.input.Reference {
		sc.fail(x.args[0].where(), "the first argument of %s is the name of an input stream in FROM", x.name.text)
	}
	lit, ok := x.args[1].(*literal)
	if !ok || lit.value.kind != String {
		sc.fail(x.args[1].where(), "the second argument is a string such as '[EventHub].[PartitionId]' or '[User].[name]'")
	}
	prop, user, ok := metadataName(lit.value.Text())
	if !ok {
		sc.fail(x.args[1].where(), "'%s' is no property of events here: '[User].[name]' is one that the sender has set, '[EventHub].[name]' has the names %s, and there is 'EventId'; '[User]' and 'EventHub' are all as a record",
			lit.value.Text(), strings.Join(EventHubProperties(), ", "))
	}
	slot := leaf.src.(*inputSource).meta(prop, user)
	return sc.located(slotExpr(leaf.lift(slot, sc.rel), ""), x)
}

// EventHubProperties are the properties of an event's envelope, in the order that
// the record of all has them.
func EventHubProperties() []string {
	return []string{"EventEnqueuedUtcTime", "EventProcessedUtcTime", "PartitionId", "Offset", "SequenceNumber", "PartitionKey"}
}

// metadataName reads 'name', '[EventHub].[name]', '[System].[name]', 'EventId' and
// 'EventHub', and of what the sender has set '[User].[name]' and '[User]', whose
// name is empty.
func metadataName(s string) (name string, user, ok bool) {
	parts := []string{s}
	if strings.HasPrefix(s, "[") {
		parts = strings.Split(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), "].[")
	}
	name = parts[len(parts)-1]
	user = strings.EqualFold(parts[0], "User")
	switch {
	case len(parts) > 2 || name == "":
		return "", false, false
	case user && len(parts) == 1:
		return "", true, true
	case user:
		return name, true, true
	case len(parts) == 1 && (strings.EqualFold(name, "EventHub") || strings.EqualFold(name, "EventId")):
		return name, false, true
	}
	known := append(EventHubProperties(), "EnqueuedTime")
	return name, false, slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
}

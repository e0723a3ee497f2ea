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
	prop, user := metadataName(lit.value.Text())
	if prop == "" {
		sc.fail(x.args[1].where(), "the second argument is 'name', '[EventHub].[name]', '[System].[name]' or '[User].[name]'")
	}
	known := metadataNames()
	if !user && !slices.ContainsFunc(known, func(name string) bool { return strings.EqualFold(name, prop) }) {
		sc.fail(x.args[1].where(), "'%s' is no property of events here: '[User].[name]' is one that the sender has set, '[EventHub].[name]' has the names %s", prop, strings.Join(known, ", "))
	}
	slot := leaf.src.(*inputSource).meta(prop, user)
	return sc.located(slotExpr(leaf.lift(slot, sc.rel), ""), x)
}

// metadataNames are the properties of an event's envelope. The vendor has three
// more forms, which are refused: 'EventId', and all of the properties as one record
// by 'EventHub' and '[User]'.
func metadataNames() []string {
	return []string{"EventEnqueuedUtcTime", "EventProcessedUtcTime", "PartitionId", "Offset", "SequenceNumber", "PartitionKey", "EnqueuedTime"}
}

// metadataName splits [User].[name]; other prefixes name the envelope itself.
func metadataName(s string) (name string, user bool) {
	if !strings.HasPrefix(s, "[") {
		return s, false
	}
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), "].[")
	switch {
	case len(parts) == 1:
		return parts[0], false
	case len(parts) != 2:
		return "", false
	case strings.EqualFold(parts[0], "User"):
		return parts[1], true
	}
	return parts[1], false
}

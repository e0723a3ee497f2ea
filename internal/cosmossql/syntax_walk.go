package cosmossql

import (
	"strings"
)

// children returns the expressions directly below n. Subqueries have none: they
// are worlds of their own.
func children(n node) []node {
	switch n := n.(type) {
	case *memberNode:
		return []node{n.x}
	case *indexNode:
		return []node{n.x, n.index}
	case *unaryNode:
		return []node{n.x}
	case *binaryNode:
		return []node{n.l, n.r}
	case *logicNode:
		return n.terms
	case *condNode:
		return []node{n.test, n.yes, n.no}
	case *inNode:
		return append([]node{n.x}, n.list...)
	case *betweenNode:
		return []node{n.x, n.low, n.high}
	case *likeNode:
		if n.escape == nil {
			return []node{n.x, n.pattern}
		}
		return []node{n.x, n.pattern, n.escape}
	case *callNode:
		return n.args
	case *arrayNode:
		return n.elems
	case *objectNode:
		return n.vals
	}
	return nil
}

// hasAggregate says whether an aggregate of this block is called in n.
func hasAggregate(n node) bool {
	if isAggregate(n) {
		return true
	}
	for _, c := range children(n) {
		if hasAggregate(c) {
			return true
		}
	}
	return false
}

// nodeText writes an expression in one normal form, so that equal expressions
// have equal text however they were spelled: c.a and c["a"].
func nodeText(n node) string {
	var sb strings.Builder
	writeNode(&sb, n)
	return sb.String()
}

func writeNode(sb *strings.Builder, n node) {
	switch n := n.(type) {
	case *litNode:
		if n.val.kind == Undefined {
			sb.WriteString("undefined")
		}
		sb.Write(appendJSON(nil, n.val))
	case *paramNode:
		sb.WriteString(n.name)
	case *nameNode:
		sb.WriteString(n.name)
	case *memberNode:
		writeNode(sb, n.x)
		sb.WriteByte('[')
		sb.Write(appendQuoted(nil, []byte(n.name)))
		sb.WriteByte(']')
	case *subqueryNode:
		// two subqueries are never taken for equal
		sb.WriteString("(SELECT ")
		sb.Write(appendNumber(nil, float64(n.start)))
		sb.WriteByte(')')
	default:
		writeOperation(sb, n)
	}
}

// writeOperation writes a node as its operator and children in parentheses.
func writeOperation(sb *strings.Builder, n node) {
	sb.WriteByte('(')
	sb.WriteString(operator(n))
	for i, c := range children(n) {
		sb.WriteByte(' ')
		if o, ok := n.(*objectNode); ok {
			sb.Write(appendQuoted(nil, []byte(o.keys[i])))
			sb.WriteByte(' ')
		}
		writeNode(sb, c)
	}
	sb.WriteByte(')')
}

// operator names what n does.
func operator(n node) string {
	no := func(not bool, op string) string {
		if not {
			return "NOT " + op
		}
		return op
	}
	switch n := n.(type) {
	case *indexNode:
		return "[]"
	case *unaryNode:
		return "unary " + n.op
	case *binaryNode:
		return n.op
	case *logicNode:
		return n.op
	case *condNode:
		return "?"
	case *inNode:
		return no(n.not, "IN")
	case *betweenNode:
		return no(n.not, "BETWEEN")
	case *likeNode:
		return no(n.not, "LIKE")
	case *callNode:
		return strings.ToUpper(n.name)
	case *arrayNode:
		return "array"
	case *objectNode:
		return "object"
	}
	return "?"
}

package cosmossql

import (
	"slices"
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

// sameNode says whether two expressions are the same but for their spelling:
// c.a and c["a"] are. Two subqueries never are.
func sameNode(a, b node) bool {
	switch a := a.(type) {
	case *litNode:
		b, ok := b.(*litNode)
		return ok && equal(a.val, b.val)
	case *paramNode:
		b, ok := b.(*paramNode)
		return ok && a.name == b.name
	case *nameNode:
		b, ok := b.(*nameNode)
		return ok && a.name == b.name
	case *memberNode:
		b, ok := b.(*memberNode)
		return ok && a.name == b.name && sameNode(a.x, b.x)
	case *objectNode:
		b, ok := b.(*objectNode)
		return ok && slices.Equal(a.keys, b.keys) && slices.EqualFunc(a.vals, b.vals, sameNode)
	}
	op := operator(a)
	return op != "" && op == operator(b) && slices.EqualFunc(children(a), children(b), sameNode)
}

// nodeCount counts the nodes of an expression, up to a limit.
func nodeCount(n node, limit int) int {
	count := 1
	for _, c := range children(n) {
		if count > limit {
			break
		}
		count += nodeCount(c, limit-count)
	}
	return count
}

// operator names what n does, differently for each kind of node; "" if it is no
// operation.
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
	}
	return ""
}

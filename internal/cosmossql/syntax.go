package cosmossql

// The syntax tree. Every node knows its place in the text; names are as written
// and mean nothing yet.

// node is an expression.
type node interface {
	at() span
	widen(to span) // takes in the parentheses around it
}

func (s span) at() span { return s }

func (s *span) widen(to span) { *s = to }

type (
	// litNode is a constant: a number, string, null, true, false or undefined.
	litNode struct {
		span
		val value
	}
	// nameNode is a bare name: an alias.
	nameNode struct {
		span
		name string
	}
	// paramNode is @name.
	paramNode struct {
		span
		name string
	}
	// memberNode is x.name or x["name"].
	memberNode struct {
		span
		x    node
		name string
	}
	// indexNode is x[i], where i is not a constant string.
	indexNode struct {
		span
		x, index node
	}
	// unaryNode is one of + - ~ NOT.
	unaryNode struct {
		span
		op string
		x  node
	}
	// binaryNode is any operator of two operands but AND and OR.
	binaryNode struct {
		span
		op   string
		l, r node
	}
	// logicNode is a chain of AND or of OR.
	logicNode struct {
		span
		op    string
		terms []node
	}
	// condNode is test ? yes : no.
	condNode struct {
		span
		test, yes, no node
	}
	// inNode is x [NOT] IN (list).
	inNode struct {
		span
		x    node
		list []node
		not  bool
	}
	// betweenNode is x [NOT] BETWEEN low AND high.
	betweenNode struct {
		span
		x, low, high node
		not          bool
	}
	// likeNode is x [NOT] LIKE pattern [ESCAPE escape].
	likeNode struct {
		span
		x, pattern, escape node // escape may be nil
		not                bool
	}
	// callNode is name(args); udf says that the name followed "udf.".
	callNode struct {
		span
		name     string
		nameSpan span
		args     []node
		udf      bool
	}
	// arrayNode is [a, b].
	arrayNode struct {
		span
		elems []node
	}
	// objectNode is {"k": v}.
	objectNode struct {
		span
		keys []string
		vals []node
	}
	// subqueryNode is (SELECT …), EXISTS(SELECT …) or ARRAY(SELECT …).
	subqueryNode struct {
		span
		op string // "", "EXISTS" or "ARRAY"
		q  *selectNode
	}
)

// selectNode is one SELECT with its clauses.
type selectNode struct {
	span
	distinct bool
	top      node // nil: no TOP
	star     bool // SELECT *
	value    node // SELECT VALUE value
	items    []selectItem
	from     []fromNode // empty: no FROM; after the first come the JOINs
	where    node
	group    []node
	order    []orderNode
	offset   node // nil: no OFFSET LIMIT
	limit    node
}

// selectItem is one column.
type selectItem struct {
	x     node
	alias string // "" if not given
}

// fromNode is one source of FROM or JOIN: [alias IN] path, or a subquery.
type fromNode struct {
	span
	alias   string // "" if not given
	x       node   // a path that begins with a name, or nil
	q       *selectNode
	iterate bool // alias IN path
}

// orderNode is one key of ORDER BY.
type orderNode struct {
	x    node
	desc bool
}

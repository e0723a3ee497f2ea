package kql

// expr is a scalar or tabular expression as it was written.
type expr interface{ where() span }

type (
	// literal is a value.
	literal struct {
		span
		value Value
	}
	// name is a column, a let, a table, or $left and $right.
	name struct {
		span
		text   string
		quoted bool
	}
	// call is f(x, y). A named argument of a tabular function keeps its name.
	call struct {
		span
		name string
		at   span // the name's
		args []expr
	}
	// member is x.name.
	member struct {
		span
		of    expr
		name  string
		plain span
	}
	// element is x[index].
	element struct {
		span
		of, index expr
	}
	// unary is -x or +x.
	unary struct {
		span
		op string
		x  expr
	}
	// operation is x op y; op is in lower case.
	operation struct {
		span
		op   string
		at   span
		x, y expr
	}
	// between is x between (low .. high), or not.
	between struct {
		span
		not          bool
		x, low, high expr
	}
	// within is x in (a, b, …) and its kin: !in, in~, !in~, has_any, has_all.
	within struct {
		span
		op   string
		x    expr
		list []expr
	}
	// star is *.
	star struct{ span }
	// named is a = x, or (a, b) = x.
	named struct {
		span
		names []string
		x     expr
	}
	// pipe is source | operator | …
	pipe struct {
		span
		source expr
		ops    []operator
	}
	// source is an expression that begins with a word: print, range, union,
	// datatable, search.
	source struct {
		span
		op operator
	}
)

// operator is a step of a pipe, by the word that begins it.
type operator interface {
	where() span
}

type (
	opWhere struct {
		span
		cond expr
	}
	// opProject is project, extend, distinct, serialize, print, and the
	// patterns of project-away, -keep and -reorder.
	opProject struct {
		span
		word string
		list []expr
	}
	opReorder struct {
		span
		list []orderedName
	}
	opRename struct {
		span
		list []named
	}
	opSummarize struct {
		span
		aggregates, by []expr
	}
	opSort struct {
		span
		keys []sortKey
	}
	opTop struct {
		span
		n    expr
		keys []sortKey
	}
	opTopNested struct {
		span
		levels []nestedLevel
	}
	opTake struct {
		span
		n expr
	}
	opSample struct {
		span
		n        expr
		distinct expr // sample-distinct n of x
	}
	opCount struct {
		span
	}
	opJoin struct {
		span
		word   string // join or lookup
		kind   string
		kindAt span
		right  expr
		on     []expr
	}
	opUnion struct {
		span
		inner      bool
		withSource string
		fuzzy      bool
		tables     []expr
	}
	opExpand struct {
		span
		bagArrays bool
		itemIndex string
		columns   []expandColumn
		limit     expr
		apply     []operator // mv-apply: on ( … )
	}
	opMakeSeries struct {
		span
		aggregates []seriesAggregate
		on         expr
		from, to   expr
		step       expr
		inclusive  bool // the `in range(a, b, step)` form
		by         []expr
	}
	opParse struct {
		span
		only  bool // parse-where
		kind  string
		flags string
		x     expr
		parts []parsePart
	}
	opParseKV struct {
		span
		x       expr
		columns []Column
		options []named
	}
	opEvaluate struct {
		span
		call call
	}
	opSchema struct {
		span
	}
	opRender struct {
		span
		kind       string
		properties []Property
	}
	opAs struct {
		span
		name string
	}
	opConsume struct {
		span
	}
	opInvoke struct {
		span
		call call
	}
	opSearch struct {
		span
		fold   bool
		tables []expr
		cond   expr
	}
	opPrint struct {
		span
		list []expr
	}
	opRange struct {
		span
		name           string
		from, to, step expr
	}
	opDatatable struct {
		span
		columns []Column
		values  []expr
	}
)

type sortKey struct {
	x          expr
	ascending  bool
	nullsFirst bool
	directed   bool // asc or desc was written
}

type orderedName struct {
	pattern string
	at      span
	order   string // "", asc, desc, granny-asc, granny-desc
}

type nestedLevel struct {
	n         expr // nil: all
	x         expr
	others    expr
	by        expr
	ascending bool
}

type expandColumn struct {
	x  expr
	to Kind
}

type seriesAggregate struct {
	x            expr
	defaultValue expr
}

// parsePart is a text, a star, or a column with its type.
type parsePart struct {
	text   string
	star   bool
	column string
	kind   Kind
	at     span
}

// parameter is one of a function's.
type parameter struct {
	name     string
	kind     Kind
	fallback expr
	columns  []Column // of a table
	table    bool
	open     bool // a table with further columns
}

// letStatement is let name = value, or a function.
type letStatement struct {
	span
	name     string
	value    expr // nil for a function
	function *function
}

// function is what let made of (parameters) { body }.
type function struct {
	name       string
	parameters []parameter
	lets       []letStatement
	body       expr
}

// script is a whole query.
type script struct {
	lets []letStatement
	body expr
}

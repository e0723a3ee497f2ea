package streamsql

// Script is a parsed script.
type Script struct {
	text    string
	tables  []*tableDecl
	steps   []*stepDecl
	selects []query // each with an INTO, or the implied output
}

// ident is a name with its place.
type ident struct {
	text string
	at   span
}

// tableDecl is CREATE TABLE name(column type, …).
type tableDecl struct {
	name ident
	cols []columnDecl
}

type columnDecl struct {
	name ident
	kind Kind
}

// stepDecl is name AS (query) of WITH.
type stepDecl struct {
	name  ident
	query query
}

// query is *selectQuery or *unionQuery.
type query interface{ where() span }

// unionQuery is q1 UNION q2 …
type unionQuery struct {
	branches []query
	at       span
}

// selectQuery is one SELECT.
type selectQuery struct {
	items   []selectItem
	into    *intoClause
	from    fromItem
	cond    syntax // WHERE
	groupBy []syntax
	having  syntax
	at      span
}

func (q *unionQuery) where() span  { return q.at }
func (q *selectQuery) where() span { return q.at }

// intoClause is INTO output [PARTITION BY keys].
type intoClause struct {
	output      ident
	partitionBy []syntax
}

// selectItem is one entry of the SELECT list: *, alias.*, record.*, or an
// expression.
type selectItem struct {
	star   bool
	starOf []ident // path before .*
	expr   syntax
	alias  *ident
	at     span
}

// fromItem is *sourceItem, *joinItem, *applyItem or *matchItem.
type fromItem interface{ where() span }

// sourceItem names an input or step, or holds a subquery.
type sourceItem struct {
	name        ident
	sub         query
	alias       *ident
	partitionBy []syntax
	into        int
	timestamp   syntax
	over        []syntax
	at          span
}

// joinItem is left [INNER | LEFT [OUTER]] JOIN right ON cond.
type joinItem struct {
	left  fromItem
	right *sourceItem
	outer bool
	on    syntax
	at    span
}

// applyItem is left CROSS|OUTER APPLY call AS alias.
type applyItem struct {
	left  fromItem
	outer bool
	call  *callExpr
	alias *ident
	at    span
}

// matchItem is source MATCH_RECOGNIZE (…) AS alias.
type matchItem struct {
	left        fromItem
	limit       *limitClause
	partitionBy []syntax
	measures    []selectItem
	pattern     *patternExpr
	patternAt   span
	defines     []defineClause
	alias       *ident
	at          span
}

type defineClause struct {
	name ident
	cond syntax
}

// patternExpr is a part of PATTERN; name is set for a symbol.
type patternExpr struct {
	kind     PatternKind
	name     ident
	parts    []*patternExpr
	min, max int
}

func (s *sourceItem) where() span { return s.at }
func (j *joinItem) where() span   { return j.at }
func (a *applyItem) where() span  { return a.at }
func (m *matchItem) where() span  { return m.at }

// limitClause is LIMIT DURATION(unit, n).
type limitClause struct {
	unit Unit
	n    int64
	at   span
}

// overClause is OVER ([PARTITION BY …] [ORDER BY …] [LIMIT DURATION(…)] [WHEN …]).
type overClause struct {
	partitionBy []syntax
	orderBy     []orderItem
	limit       *limitClause
	when        syntax
	at          span
}

type orderItem struct {
	expr syntax
	desc bool
}

// syntax is an expression as written.
type syntax interface{ where() span }

type literal struct {
	value Value
	at    span
}

// nameExpr is a dotted path, a.b.c.
type nameExpr struct {
	parts []ident
	at    span
}

// callExpr is prefix.name(args) [OVER (…)]. prefix is "", "udf", "uda" or
// "system" in lower case.
type callExpr struct {
	prefix   string
	name     ident
	args     []syntax
	star     bool // f(*)
	distinct bool // f(DISTINCT x)
	over     *overClause
	at       span
}

// fieldExpr is x.name of an expression that is not a path.
type fieldExpr struct {
	x    syntax
	name ident
	at   span
}

type unaryExpr struct {
	op string // - + ~ NOT
	x  syntax
	at span
}

type binaryExpr struct {
	op   string // + - * / % & | ^ = <> < <= > >= AND OR
	x, y syntax
	at   span
}

type betweenExpr struct {
	x, low, high syntax
	not          bool
	at           span
}

type inExpr struct {
	x    syntax
	list []syntax
	not  bool
	at   span
}

type likeExpr struct {
	x, pattern, escape syntax
	not                bool
	at                 span
}

type isNullExpr struct {
	x   syntax
	not bool
	at  span
}

type caseExpr struct {
	operand syntax // nil: searched
	whens   []whenClause
	other   syntax
	at      span
}

type whenClause struct{ cond, result syntax }

type castExpr struct {
	x    syntax
	kind Kind
	try  bool
	at   span
}

func (e *literal) where() span     { return e.at }
func (e *nameExpr) where() span    { return e.at }
func (e *callExpr) where() span    { return e.at }
func (e *fieldExpr) where() span   { return e.at }
func (e *unaryExpr) where() span   { return e.at }
func (e *binaryExpr) where() span  { return e.at }
func (e *betweenExpr) where() span { return e.at }
func (e *inExpr) where() span      { return e.at }
func (e *likeExpr) where() span    { return e.at }
func (e *isNullExpr) where() span  { return e.at }
func (e *caseExpr) where() span    { return e.at }
func (e *castExpr) where() span    { return e.at }

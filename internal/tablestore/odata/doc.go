// Package odata is the filter language of table queries, the subset of OData that
// Azure's Table service has: comparisons of a property with a literal, and, or,
// not and parentheses.
//
//	or-expr   = and-expr *( "or" and-expr )
//	and-expr  = not-expr *( "and" not-expr )
//	not-expr  = "not" not-expr / comparison
//	comparison = operand [ ( "eq" / "ne" / "gt" / "ge" / "lt" / "le" ) operand ]
//	operand   = "(" or-expr ")" / property / literal
//	literal   = 'text' / 1 / 1L / 1.5 / true / datetime'…' / guid'…' / X'0a' / binary'0a'
//
// A comparison with a property that an entity does not have, or whose type is
// another, is false, with ne too. Numbers of all types compare by their value.
// Texts compare by UTF-16 units.
//
// What OData has beyond that (functions, arithmetic, paths, null) is refused with
// its place; nothing is ever taken for something else.
//
// A filter also says which keys it can be true of (Filter.Boxes), so that queries
// read these and no others.
package odata

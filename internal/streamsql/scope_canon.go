package streamsql

import (
	"fmt"
	"slices"
	"strings"
)

// writeCanon writes an expression as a prefix term.
func (sc *scope) writeCanon(sb *strings.Builder, x syntax) {
	term := func(head string, xs ...syntax) {
		fmt.Fprintf(sb, "%s(", head)
		for i, x := range xs {
			if i > 0 {
				sb.WriteByte(',')
			}
			sc.writeCanon(sb, x)
		}
		sb.WriteByte(')')
	}
	switch x := x.(type) {
	case nil:
		sb.WriteByte('_')
	case *literal:
		fmt.Fprintf(sb, "%d:", x.value.kind)
		sb.Write(x.value.AppendJSON(nil))
	case *nameExpr:
		sc.writeCanonName(sb, x)
	case *callExpr:
		head := fmt.Sprintf("%s.%s %v %v", x.prefix, strings.ToLower(x.name.text), x.star, x.distinct)
		if values := x.values(); len(values) < len(x.args) {
			head += " " + strings.ToLower(sc.source(x.args[0]))
		}
		term(head, x.values()...)
		if o := x.over; o != nil {
			term("partition", o.partitionBy...)
			for _, item := range o.orderBy {
				term(fmt.Sprintf("order %v", item.desc), item.expr)
			}
			if o.limit != nil {
				fmt.Fprintf(sb, "limit %d", o.limit.n*o.limit.unit.Ticks())
			}
			term("when", o.when)
		}
	case *fieldExpr:
		term("."+strings.ToLower(x.name.text), x.x)
	case *unaryExpr:
		term(x.op, x.x)
	case *binaryExpr:
		term(x.op, x.x, x.y)
	case *betweenExpr:
		term(fmt.Sprintf("between %v", x.not), x.x, x.low, x.high)
	case *inExpr:
		term(fmt.Sprintf("in %v", x.not), append([]syntax{x.x}, x.list...)...)
	case *likeExpr:
		term(fmt.Sprintf("like %v", x.not), x.x, x.pattern, x.escape)
	case *isNullExpr:
		term(fmt.Sprintf("null %v", x.not), x.x)
	case *caseExpr:
		xs := []syntax{x.operand, x.other}
		for _, w := range x.whens {
			xs = append(xs, w.cond, w.result)
		}
		term("case", xs...)
	case *castExpr:
		term(fmt.Sprintf("cast %v %v", x.kind, x.try), x.x)
	}
}

// writeCanonName writes the source's number and the path, or just the path if
// it is a unit of time or the like.
func (sc *scope) writeCanonName(sb *strings.Builder, x *nameExpr) {
	leaf, parts := sc.findLeaf(x)
	if leaf == nil {
		for _, p := range x.parts {
			parts = append(parts, p.text)
		}
	}
	i := slices.Index(sc.rel.leaves(), leaf)
	fmt.Fprintf(sb, "#%d %q", i, strings.ToLower(strings.Join(parts, "\x00")))
}

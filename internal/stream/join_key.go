package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// joinKey evaluates one side of a join's equality conditions. Rows that match
// have equal keys; rows with equal keys match unless dates is set. It is, when a
// key holds a date as text: that equals the same instant as a datetime, which
// two texts that spell it differently do not.
func joinKey(dst []byte, exprs []*streamsql.Expr, row *streamsql.Row) (key []byte, hasKey, dates bool) {
	hasKey = true
	for _, x := range exprs {
		v := x.Eval(row)
		hasKey = hasKey && !v.IsNull()
		switch v.Kind() {
		case streamsql.String:
			if ticks, ok := dateText(v.Text()); ok {
				v, dates = streamsql.DateTimeValue(ticks), true
			}
		case streamsql.DateTime:
			dates = true
		}
		dst = v.AppendKey(dst)
	}
	return dst, hasKey, dates
}

// dateText reads a text that looks like a date.
func dateText(s string) (int64, bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	return streamsql.ParseDateTime(s)
}

// equalKeys compares the values of two rows that have equal keys.
func equalKeys(left, right []*streamsql.Expr, l, r *streamsql.Row) bool {
	for i, x := range left {
		if order, ok := streamsql.Compare(x.Eval(l), right[i].Eval(r)); !ok || order != 0 {
			return false
		}
	}
	return true
}

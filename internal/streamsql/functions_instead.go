package streamsql

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// instead says what to write for the name of a function that there is not.
func (b *binder) instead(name string) string {
	if b.js["udf."+name] != nil {
		return "; the job's own is called udf." + name
	}
	if other, ok := foreignFunctions()[name]; ok {
		return "; " + other
	}
	if near := nearest.Name(name, functionList()); near != "" {
		return "; did you mean " + strings.ToUpper(near) + "?"
	}
	return "; the job's own functions are called udf.name"
}

// foreignFunctions are functions of other dialects, and what stands for them.
func foreignFunctions() map[string]string {
	const now, ranks = "System.Timestamp() is the time of the event", "CollectTop(n) OVER (ORDER BY …) ranks the events of a window"
	return map[string]string{
		"if": "CASE WHEN condition THEN x ELSE y END is", "isnull": "COALESCE(x, other) is", "ifnull": "COALESCE(x, other) is", "nvl": "COALESCE(x, other) is",
		"getdate": now, "getutcdate": now, "sysdatetime": now, "now": now, "current_timestamp": now,
		"convert": "CAST(x AS type) is", "try_convert": "TRY_CAST(x AS type) is", "parse": "CAST(x AS type) is", "str": "CAST(x AS nvarchar(max)) is",
		"length": "LEN(x) is", "char_length": "LEN(x) is", "substr": "SUBSTRING(x, start, length) is", "instr": "CHARINDEX(find, x) is",
		"format": "CONCAT(…), CAST and DATEPART make text", "date_trunc": "DATEADD and DATEDIFF round times",
		"row_number": ranks, "rank": ranks, "dense_rank": ranks, "ntile": ranks, "string_agg": "Collect(x) is",
		"lead": "LAG looks back; the future is not known", "first_value": "TopOne() and ISFIRST(unit, n) are", "last_value": "LAST(x) OVER (LIMIT DURATION …) is",
		"median": "PERCENTILE_CONT(0.5) OVER (ORDER BY x) is", "stddev": "STDEV(x) is", "mod": "x % y is", "ceil": "CEILING(x) is", "pow": "POWER(x, y) is",
		"json_value": "JSON_PARSE(x).property is", "rollup": "Windows(…) groups in several ways at once", "cube": "Windows(…) groups in several ways at once",
	}
}

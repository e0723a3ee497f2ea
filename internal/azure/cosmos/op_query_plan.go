package cosmos

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
)

// A query plan tells an SDK that the server answers the original query as a
// whole: nothing to merge, sort, skip or aggregate, one range. An empty
// rewrittenQuery means "send the text unchanged". What it must say truly is
// whether rows are bare values (SELECT VALUE): the Java SDK unwraps them only
// then.
const (
	planOfObjects = planHead + `false` + planTail
	planOfValues  = planHead + `true` + planTail

	planHead = `{"partitionedQueryExecutionInfoVersion":2,"queryInfo":{"distinctType":"None","top":null,` +
		`"offset":null,"limit":null,"orderBy":[],"orderByExpressions":[],"groupByExpressions":[],"groupByAliases":[],` +
		`"aggregates":[],"groupByAliasToAggregateType":{},"rewrittenQuery":"","hasSelectValue":`
	planTail = `,"dCountInfo":null,"hasNonStreamingOrderBy":false},` +
		`"queryRanges":[{"min":"","max":"FF","isMinInclusive":true,"isMaxInclusive":false}]}`
)

// queryPlan is the plan of a query that uses the features.
func queryPlan(f cosmossql.Features) string {
	if f.Value {
		return planOfValues
	}
	return planOfObjects
}

// planQuery answers a query plan request. The query is parsed, so that a
// client which plans first sees its syntax error there.
func (x *exchange) planQuery() error {
	if err := x.openContainer(); err != nil {
		return err
	}
	q, err := x.readQuery()
	if err != nil {
		return err
	}
	parsed, err := x.svc.plans.parse(q.text)
	if err != nil {
		return syntaxError(err)
	}
	x.charge = chargeMetadataRead
	return x.reply(http.StatusOK, []byte(queryPlan(parsed.Features())))
}

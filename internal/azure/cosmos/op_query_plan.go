package cosmos

import "net/http"

// emptyPlan tells an SDK that the server answers the original query as a
// whole: nothing to merge, sort, skip or aggregate, one range. An empty
// rewrittenQuery means "send the text unchanged".
const emptyPlan = `{"partitionedQueryExecutionInfoVersion":2,"queryInfo":{"distinctType":"None","top":null,` +
	`"offset":null,"limit":null,"orderBy":[],"orderByExpressions":[],"groupByExpressions":[],"groupByAliases":[],` +
	`"aggregates":[],"groupByAliasToAggregateType":{},"rewrittenQuery":"","hasSelectValue":false,"dCountInfo":null,` +
	`"hasNonStreamingOrderBy":false},"queryRanges":[{"min":"","max":"FF","isMinInclusive":true,"isMaxInclusive":false}]}`

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
	if _, err := x.svc.plans.parse(q.text); err != nil {
		return syntaxError(err)
	}
	x.charge = chargeMetadataRead
	return x.reply(http.StatusOK, []byte(emptyPlan))
}

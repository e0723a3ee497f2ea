package cosmos

import (
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
)

// queryItems runs one page of a query over the container, a partition key or a
// part of the key space.
func (x *exchange) queryItems() error {
	if err := x.openForRead(); err != nil {
		return err
	}
	if err := x.checkRangeID(); err != nil {
		return err
	}
	q, err := x.readQuery()
	if err != nil {
		return err
	}
	limit, err := readPageLimit(x.r.Header)
	if err != nil {
		return err
	}
	if x.svc.strict && x.header(hdrContinuation) == lastPageToken {
		if err := x.setQueryMetrics(&cosmossql.Page{}, 0, 0); err != nil {
			return err
		}
		x.charge = chargeQuery(0, 0, 0)
		return x.replyFeed(x.newFeed(x.info.rid, "Documents"), "")
	}
	began := time.Now()
	parsed, err := x.svc.plans.parse(q.text)
	if err != nil {
		return syntaxError(err)
	}
	src, err := x.itemSource()
	if err != nil {
		return err
	}
	plan, err := cosmossql.Compile(parsed, q.params, src.info())
	if err != nil {
		return syntaxError(err)
	}
	compiled := time.Since(began)
	if x.svc.strict {
		if err := x.guardCrossPartition(src, parsed); err != nil {
			return err
		}
	}
	page, err := plan.Run(x.r.Context(), src, cosmossql.RunOptions{
		MaxItems: limit.items, MaxBytes: limit.bytes,
		Continuation: x.header(hdrContinuation), Now: x.svc.now(),
	})
	if err != nil {
		return queryError(err)
	}
	if err := x.setQueryMetrics(page, compiled, time.Since(began)); err != nil {
		return err
	}
	feed := x.newFeed(x.info.rid, "Documents")
	for _, row := range page.Rows {
		feed.add(row)
	}
	x.charge = chargeQuery(page.Stats.Documents, page.Stats.DocBytes, feed.bytes)
	if x.svc.strict && src.crossed && feed.count == limit.items && page.Continuation == "" {
		page.Continuation = lastPageToken
	}
	return x.replyFeed(feed, page.Continuation)
}

// lastPageToken is a continuation with nothing behind it. Azure's gateway does
// not look ahead in cross-partition queries, so a full last page is followed
// by an empty one; a strict gateway does the same.
const lastPageToken = "last-page"

// itemSource is the set of documents that the request's headers name.
func (x *exchange) itemSource() (*itemSource, error) {
	key, err := x.readKeyFilter()
	if err != nil {
		return nil, err
	}
	part, err := x.readKeyRange()
	if err != nil {
		return nil, err
	}
	return newItemSource(x.coll, x.info.keyPaths, key, part), nil
}

// queryError maps what can go wrong while a query runs.
func queryError(err error) error {
	if errors.Is(err, cosmossql.ErrContinuation) {
		return badRequest(subNone, "The continuation token is invalid: %v.", err)
	}
	return syntaxError(err)
}

// guardCrossPartition makes the source refuse what Azure's gateway does not
// serve across partitions. The planner narrows a query that fixes the
// partition key, so only walks over everything are refused.
func (x *exchange) guardCrossPartition(src *itemSource, q *cosmossql.Query) error {
	if src.key != nil || x.header(hdrRangeID) != "" {
		return nil
	}
	enabled, err := flag(x.r.Header, hdrCrossPartition)
	if err != nil {
		return err
	}
	f := q.Features()
	switch {
	case !enabled:
		src.crossPartition = badRequest(subNone, "Cross partition query is required but disabled. Please set x-ms-documentdb-query-enablecrosspartition to true, specify x-ms-documentdb-partitionkey, or revise your query to avoid this exception.")
	case f.OrderBy || f.GroupBy || f.Aggregate || f.Distinct || f.Top || f.OffsetLimit:
		src.crossPartition = &apiError{
			status: 400, sub: subCrossPartition, code: "BadRequest", info: queryPlan(f),
			msg: "The provided cross partition query can not be directly served by the gateway. This is a first chance (internal) exception that all newer clients will know how to handle gracefully.",
		}
	}
	return nil
}

// setQueryMetrics adds the metrics that the client asked for.
func (x *exchange) setQueryMetrics(page *cosmossql.Page, compiled, total time.Duration) error {
	wanted, err := flag(x.r.Header, hdrWantQueryMetrics)
	if err != nil {
		return err
	}
	if wanted {
		ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
		bytes := 0
		for _, row := range page.Rows {
			bytes += len(row)
		}
		x.set(hdrQueryMetrics, fmt.Sprintf("totalExecutionTimeInMs=%.2f;queryCompileTimeInMs=%.2f;queryLogicalPlanBuildTimeInMs=0.00;"+
			"queryPhysicalPlanBuildTimeInMs=0.00;queryOptimizationTimeInMs=0.00;VMExecutionTimeInMs=%.2f;indexLookupTimeInMs=0.00;"+
			"documentLoadTimeInMs=0.00;systemFunctionExecuteTimeInMs=0.00;userFunctionExecuteTimeInMs=0.00;"+
			"retrievedDocumentCount=%d;retrievedDocumentSize=%d;outputDocumentCount=%d;outputDocumentSize=%d;writeOutputTimeInMs=0.00;indexUtilizationRatio=%.2f",
			ms(total), ms(compiled), ms(total-compiled), page.Stats.Documents, page.Stats.DocBytes, len(page.Rows), bytes,
			float64(len(page.Rows))/max(float64(page.Stats.Documents), 1)))
	}
	for _, key := range [...]string{hdrIndexMetrics, hdrIndexMetricsV2} {
		on, err := flag(x.r.Header, key)
		if err != nil {
			return err
		}
		if on {
			x.set(hdrIndexUtilization, noIndexUtilization)
		}
	}
	return nil
}

// noIndexUtilization is the index report. Indexes are built when a query first
// needs them, so there is never one to suggest.
var noIndexUtilization = base64.StdEncoding.EncodeToString([]byte(
	`{"UtilizedSingleIndexes":[],"PotentialSingleIndexes":[],"UtilizedCompositeIndexes":[],"PotentialCompositeIndexes":[]}`))

// queryList runs a query over metadata resources in memory.
func (x *exchange) queryList(rid, key string, items listSource) error {
	q, err := x.readQuery()
	if err != nil {
		return err
	}
	limit, err := readPageLimit(x.r.Header)
	if err != nil {
		return err
	}
	parsed, err := x.svc.plans.parse(q.text)
	if err != nil {
		return syntaxError(err)
	}
	plan, err := cosmossql.Compile(parsed, q.params, cosmossql.SourceInfo{})
	if err != nil {
		return syntaxError(err)
	}
	page, err := plan.Run(x.r.Context(), items, cosmossql.RunOptions{
		MaxItems: limit.items, MaxBytes: limit.bytes,
		Continuation: x.header(hdrContinuation), Now: x.svc.now(),
	})
	if err != nil {
		return queryError(err)
	}
	feed := x.newFeed(rid, key)
	for _, row := range page.Rows {
		feed.add(row)
	}
	x.charge = chargeMetadataRead
	return x.replyFeed(feed, page.Continuation)
}

// Package item is a single piece of telemetry: what everything that reports
// itself produces, and what Application Insights keeps.
//
// The one idea: an Item says what all of them have in common (time, operation,
// role, custom dimensions), and its Body is one of ten typed things. Whoever
// produces fills the struct; whoever stores or queries asks the Schema, which is
// the same knowledge as data: what is stored of an item, and under which names
// and kinds the two views show it.
//
//	item.Item{
//		Time:       start,                                    // of a request or dependency: when it began
//		Operation:  item.Operation{ID: trace, ParentID: caller},
//		Role:       "shop.api",
//		Properties: []item.Property{{Name: "sku", Value: "A1"}},   // customDimensions
//		Body:       &item.Request{ID: span, Name: "GET /orders", Success: true, ResultCode: "200", Duration: took},
//	}
//
//	Body                  classic table        workspace table
//	*Request              requests             AppRequests
//	*Dependency           dependencies         AppDependencies
//	*Trace                traces               AppTraces
//	*Exception            exceptions           AppExceptions
//	*Event                customEvents         AppEvents
//	*Metric               customMetrics        AppMetrics
//	*PerformanceCounter   performanceCounters  AppPerformanceCounters
//	*Availability         availabilityResults  AppAvailabilityResults
//	*PageView             pageViews            AppPageViews
//	*BrowserTiming        browserTimings       AppBrowserTimings
//
// An item belongs to whoever holds it until it is given to a store; after that
// nobody changes it. Nothing here cuts or checks: the wire does, by its own
// limits. What follows from other fields (performanceBucket, problemId, outer
// and innermost exceptions, the cause's type) is not in the struct: the schema
// computes it.
package item

package item

import (
	"strings"
	"time"
)

// row is one line of the tables below: a stored value and its names in both
// views. An empty name is no column there.
type row struct {
	classic, workspace string
	field              Field
}

// text, flag, … are rows whose classic name is the field's name.
func text(classic, workspace string, get func(*Item) string) row {
	return row{classic, workspace, Field{Name: classic, Kind: String, Text: get}}
}

func flag(classic, workspace string, get func(*Item) bool) row {
	return row{classic, workspace, Field{Name: classic, Kind: Bool, Flag: get}}
}

func number(classic, workspace string, get func(*Item) (int64, bool)) row {
	return row{classic, workspace, Field{Name: classic, Kind: Int, Long: get}}
}

func amount(classic, workspace string, get func(*Item) float64) row {
	return row{classic, workspace, Field{Name: classic, Kind: Real, Real: func(i *Item) (float64, bool) { return get(i), true }}}
}

func millis(classic, workspace string, get func(*Item) time.Duration) row {
	return amount(classic, workspace, func(i *Item) float64 { return Milliseconds(get(i)) })
}

func bag(classic, workspace string, get func([]byte, *Item) []byte) row {
	return row{classic, workspace, Field{Name: classic, Kind: Dynamic, JSON: get}}
}

// Milliseconds is a duration as columns show it.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// first are the columns that every table begins with.
var first = []row{
	{"timestamp", "TimeGenerated", Field{Name: "timestamp", Kind: Datetime, Time: func(i *Item) time.Time { return i.Time }}},
}

// common are the columns that every table ends with.
var common = []row{
	bag("customDimensions", "Properties", func(b []byte, i *Item) []byte { return AppendProperties(b, i.Properties) }),
	text("operation_Name", "OperationName", func(i *Item) string { return i.Operation.Name }),
	text("operation_Id", "OperationId", func(i *Item) string { return i.Operation.ID }),
	text("operation_ParentId", "ParentId", func(i *Item) string { return i.Operation.ParentID }),
	text("operation_SyntheticSource", "SyntheticSource", func(i *Item) string { return i.Operation.SyntheticSource }),
	text("session_Id", "SessionId", func(i *Item) string { return i.Session }),
	text("user_Id", "UserId", func(i *Item) string { return i.User.ID }),
	text("user_AuthenticatedId", "UserAuthenticatedId", func(i *Item) string { return i.User.AuthenticatedID }),
	text("user_AccountId", "UserAccountId", func(i *Item) string { return i.User.AccountID }),
	text("application_Version", "AppVersion", func(i *Item) string { return i.AppVersion }),
	text("client_Type", "ClientType", func(i *Item) string { return i.Client.Type }),
	text("client_Model", "ClientModel", func(i *Item) string { return i.Client.Model }),
	text("client_OS", "ClientOS", func(i *Item) string { return i.Client.OS }),
	text("client_IP", "ClientIP", func(i *Item) string { return i.Client.IP }),
	text("client_City", "ClientCity", func(i *Item) string { return i.Client.City }),
	text("client_StateOrProvince", "ClientStateOrProvince", func(i *Item) string { return i.Client.StateOrProvince }),
	text("client_CountryOrRegion", "ClientCountryOrRegion", func(i *Item) string { return i.Client.CountryOrRegion }),
	text("client_Browser", "ClientBrowser", func(i *Item) string { return i.Client.Browser }),
	text("cloud_RoleName", "AppRoleName", func(i *Item) string { return i.Role }),
	text("cloud_RoleInstance", "AppRoleInstance", func(i *Item) string { return i.RoleInstance }),
	text("sdkVersion", "SDKVersion", func(i *Item) string { return i.SDKVersion }),
	{"itemId", "_ItemId", Field{Name: "itemId", Kind: String, Text: func(i *Item) string { return i.ID }}},
}

// counted are the columns of all but metrics and performance counters.
var counted = []row{
	bag("customMeasurements", "Measurements", func(b []byte, i *Item) []byte { return AppendMeasurements(b, i.Measurements) }),
	number("itemCount", "ItemCount", func(i *Item) (int64, bool) { return int64(max(i.Count, 1)), true }),
}

// constant is a column that has one value in all rows of a component.
type constant struct {
	name string
	kind Kind
	from Origin
}

var classicConstants = []constant{
	{"itemType", String, ItemType},
	{"appId", String, AppID},
	{"appName", String, AppName},
	{"iKey", String, IKey},
	{"_ResourceId", String, ResourceID},
}

var workspaceConstants = []constant{
	{"IKey", String, IKey},
	{"ResourceGUID", String, AppID},
	{"TenantId", String, Workspace},
	{"Type", String, TableName},
	{"SourceSystem", String, SourceSystem},
	{"_ResourceId", String, ResourceID},
	{"_SubscriptionId", String, Subscription},
	{"_BilledSize", Real, BilledSize},
	{"_IsBillable", String, Billable},
}

// referenced are columns that only two of the workspace's tables have.
var referenced = []constant{{"ReferencedItemId", String, NoText}, {"ReferencedType", String, NoText}}

// schemas are the ten types.
var schemas = [Types]Schema{
	RequestType: schema(RequestType, "request", "requests", "AppRequests", referenced, counted,
		text("id", "Id", func(i *Item) string { return i.Body.(*Request).ID }),
		text("source", "Source", func(i *Item) string { return i.Body.(*Request).Source }),
		text("name", "Name", func(i *Item) string { return i.Body.(*Request).Name }),
		text("url", "Url", func(i *Item) string { return i.Body.(*Request).URL }),
		flag("success", "Success", func(i *Item) bool { return i.Body.(*Request).Success }),
		text("resultCode", "ResultCode", func(i *Item) string { return i.Body.(*Request).ResultCode }),
		millis("duration", "DurationMs", func(i *Item) time.Duration { return i.Body.(*Request).Duration }),
		text("performanceBucket", "PerformanceBucket", func(i *Item) string { return Bucket(i.Body.(*Request).Duration) }),
	),
	DependencyType: schema(DependencyType, "dependency", "dependencies", "AppDependencies", referenced, counted,
		text("id", "Id", func(i *Item) string { return i.Body.(*Dependency).ID }),
		text("target", "Target", func(i *Item) string { return i.Body.(*Dependency).Target }),
		text("type", "DependencyType", func(i *Item) string { return i.Body.(*Dependency).Kind }),
		text("name", "Name", func(i *Item) string { return i.Body.(*Dependency).Name }),
		text("data", "Data", func(i *Item) string { return i.Body.(*Dependency).Data }),
		flag("success", "Success", func(i *Item) bool { return i.Body.(*Dependency).Success }),
		text("resultCode", "ResultCode", func(i *Item) string { return i.Body.(*Dependency).ResultCode }),
		millis("duration", "DurationMs", func(i *Item) time.Duration { return i.Body.(*Dependency).Duration }),
		text("performanceBucket", "PerformanceBucket", func(i *Item) string { return Bucket(i.Body.(*Dependency).Duration) }),
	),
	TraceType: schema(TraceType, "trace", "traces", "AppTraces", referenced, counted,
		text("message", "Message", func(i *Item) string { return i.Body.(*Trace).Message }),
		number("severityLevel", "SeverityLevel", func(i *Item) (int64, bool) { return i.Body.(*Trace).Severity.Level() }),
	),
	ExceptionType: schema(ExceptionType, "exception", "exceptions", "AppExceptions", referenced, counted,
		text("problemId", "ProblemId", func(i *Item) string { return i.Body.(*Exception).problem() }),
		text("handledAt", "HandledAt", func(i *Item) string { return i.Body.(*Exception).HandledAt }),
		text("type", "ExceptionType", func(i *Item) string { return i.Body.(*Exception).outer().Type }),
		text("message", "Message", func(i *Item) string { return i.Body.(*Exception).outer().Message }),
		text("assembly", "Assembly", func(i *Item) string { return i.Body.(*Exception).outer().frame().Assembly }),
		text("method", "Method", func(i *Item) string { return i.Body.(*Exception).outer().frame().Method }),
		text("outerType", "OuterType", func(i *Item) string { return i.Body.(*Exception).outer().Type }),
		text("outerMessage", "OuterMessage", func(i *Item) string { return i.Body.(*Exception).outer().Message }),
		text("outerAssembly", "OuterAssembly", func(i *Item) string { return i.Body.(*Exception).outer().frame().Assembly }),
		text("outerMethod", "OuterMethod", func(i *Item) string { return i.Body.(*Exception).outer().frame().Method }),
		text("innermostType", "InnermostType", func(i *Item) string { return i.Body.(*Exception).innermost().Type }),
		text("innermostMessage", "InnermostMessage", func(i *Item) string { return i.Body.(*Exception).innermost().Message }),
		text("innermostAssembly", "InnermostAssembly", func(i *Item) string { return i.Body.(*Exception).innermost().frame().Assembly }),
		text("innermostMethod", "InnermostMethod", func(i *Item) string { return i.Body.(*Exception).innermost().frame().Method }),
		number("severityLevel", "SeverityLevel", func(i *Item) (int64, bool) { return i.Body.(*Exception).Severity.Level() }),
		bag("details", "Details", func(b []byte, i *Item) []byte { return i.Body.(*Exception).appendDetails(b) }),
	),
	EventType: schema(EventType, "customEvent", "customEvents", "AppEvents", nil, counted,
		text("name", "Name", func(i *Item) string { return i.Body.(*Event).Name }),
	),
	MetricType: schema(MetricType, "customMetric", "customMetrics", "AppMetrics", nil, nil,
		text("name", "Name", func(i *Item) string { return i.Body.(*Metric).Name }),
		amount("value", "", func(i *Item) float64 { return i.Body.(*Metric).Sum }),
		number("valueCount", "ItemCount", func(i *Item) (int64, bool) { return max(i.Body.(*Metric).Count, 1), true }),
		amount("valueSum", "Sum", func(i *Item) float64 { return i.Body.(*Metric).Sum }),
		amount("valueMin", "Min", func(i *Item) float64 { return i.Body.(*Metric).Min }),
		amount("valueMax", "Max", func(i *Item) float64 { return i.Body.(*Metric).Max }),
		amount("valueStdDev", "", func(i *Item) float64 { return i.Body.(*Metric).StdDev }),
	),
	PerformanceCounterType: schema(PerformanceCounterType, "performanceCounter", "performanceCounters", "AppPerformanceCounters", nil, nil,
		text("name", "Name", func(i *Item) string { return i.Body.(*PerformanceCounter).Name }),
		text("category", "Category", func(i *Item) string { return i.Body.(*PerformanceCounter).Category }),
		text("counter", "Counter", func(i *Item) string { return i.Body.(*PerformanceCounter).Counter }),
		text("instance", "Instance", func(i *Item) string { return i.Body.(*PerformanceCounter).Instance }),
		amount("value", "Value", func(i *Item) float64 { return i.Body.(*PerformanceCounter).Value }),
	),
	AvailabilityType: schema(AvailabilityType, "availabilityResult", "availabilityResults", "AppAvailabilityResults", nil, counted,
		text("id", "Id", func(i *Item) string { return i.Body.(*Availability).ID }),
		text("name", "Name", func(i *Item) string { return i.Body.(*Availability).Name }),
		text("location", "Location", func(i *Item) string { return i.Body.(*Availability).Location }),
		flag("success", "Success", func(i *Item) bool { return i.Body.(*Availability).Success }),
		text("message", "Message", func(i *Item) string { return i.Body.(*Availability).Message }),
		amount("size", "Size", func(i *Item) float64 { return i.Body.(*Availability).Size }),
		millis("duration", "DurationMs", func(i *Item) time.Duration { return i.Body.(*Availability).Duration }),
		text("performanceBucket", "PerformanceBucket", func(i *Item) string { return Bucket(i.Body.(*Availability).Duration) }),
	),
	PageViewType: schema(PageViewType, "pageView", "pageViews", "AppPageViews", nil, counted,
		text("id", "Id", func(i *Item) string { return i.Body.(*PageView).ID }),
		text("name", "Name", func(i *Item) string { return i.Body.(*PageView).Name }),
		text("url", "Url", func(i *Item) string { return i.Body.(*PageView).URL }),
		millis("duration", "DurationMs", func(i *Item) time.Duration { return i.Body.(*PageView).Duration }),
		text("performanceBucket", "PerformanceBucket", func(i *Item) string { return Bucket(i.Body.(*PageView).Duration) }),
	),
	BrowserTimingType: schema(BrowserTimingType, "browserTiming", "browserTimings", "AppBrowserTimings", nil, counted,
		text("name", "Name", func(i *Item) string { return i.Body.(*BrowserTiming).Name }),
		text("url", "Url", func(i *Item) string { return i.Body.(*BrowserTiming).URL }),
		millis("networkDuration", "NetworkDurationMs", func(i *Item) time.Duration { return i.Body.(*BrowserTiming).Network }),
		millis("sendDuration", "SendDurationMs", func(i *Item) time.Duration { return i.Body.(*BrowserTiming).Send }),
		millis("receiveDuration", "ReceiveDurationMs", func(i *Item) time.Duration { return i.Body.(*BrowserTiming).Receive }),
		millis("processingDuration", "ProcessingDurationMs", func(i *Item) time.Duration { return i.Body.(*BrowserTiming).Processing }),
		millis("totalDuration", "TotalDurationMs", func(i *Item) time.Duration { return i.Body.(*BrowserTiming).Total }),
		text("performanceBucket", "PerformanceBucket", func(i *Item) string { return Bucket(i.Body.(*BrowserTiming).Total) }),
	),
}

// schema makes both views over the rows of a type. A flag is a string in the
// classic view, "True" or "False", as Application Insights has it.
func schema(t Type, itemType, classic, workspace string, extra []constant, more []row, own ...row) Schema {
	s := Schema{Type: t, ItemType: itemType, Classic: View{Name: classic}, Workspace: View{Name: workspace}}
	for _, rows := range [][]row{first, own, more, common} {
		for _, r := range rows {
			at := len(s.Fields)
			s.Fields = append(s.Fields, r.field)
			if r.classic != "" {
				kind := r.field.Kind
				if kind == Bool {
					kind = String
				}
				s.Classic.Columns = append(s.Classic.Columns, Column{r.classic, kind, Stored, at})
			}
			if r.workspace != "" {
				s.Workspace.Columns = append(s.Workspace.Columns, Column{r.workspace, r.field.Kind, Stored, at})
			}
		}
	}
	s.Classic.add(classicConstants)
	s.Workspace.add(extra)
	s.Workspace.add(workspaceConstants)
	return s
}

func (v *View) add(constants []constant) {
	for _, c := range constants {
		v.Columns = append(v.Columns, Column{c.name, c.kind, c.from, -1})
	}
}

// buckets are the values of performanceBucket and what is below each.
var buckets = []struct {
	below time.Duration
	name  string
}{
	{250 * time.Millisecond, "<250ms"},
	{500 * time.Millisecond, "250ms-500ms"},
	{time.Second, "500ms-1sec"},
	{3 * time.Second, "1sec-3sec"},
	{7 * time.Second, "3sec-7sec"},
	{15 * time.Second, "7sec-15sec"},
	{30 * time.Second, "15sec-30sec"},
	{time.Minute, "30sec-1min"},
	{2 * time.Minute, "1min-2min"},
	{5 * time.Minute, "2min-5min"},
}

// Bucket is the performanceBucket of a duration.
func Bucket(d time.Duration) string {
	for _, b := range buckets {
		if d < b.below {
			return b.name
		}
	}
	return ">=5min"
}

func (e *Exception) outer() *Cause {
	if len(e.Chain) == 0 {
		return &Cause{}
	}
	return &e.Chain[0]
}

func (e *Exception) innermost() *Cause {
	if len(e.Chain) == 0 {
		return &Cause{}
	}
	return &e.Chain[len(e.Chain)-1]
}

// frame is the call in which an exception came up.
func (c *Cause) frame() Frame {
	if len(c.Frames) == 0 {
		return Frame{}
	}
	return c.Frames[0]
}

func (e *Exception) problem() string {
	if e.ProblemID != "" || len(e.Chain) == 0 {
		return e.ProblemID
	}
	outer := e.outer()
	if m := outer.frame().Method; m != "" {
		return strings.Join([]string{outer.Type, m}, " at ")
	}
	return outer.Type
}

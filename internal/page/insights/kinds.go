package insights

// kind is a type of telemetry as transactions show it.
type kind struct {
	name  string // in filters and rows
	table string
	// fields are what filters call its columns, besides those of common.
	fields map[string]string
	texts  []string // columns in which words are looked for
	// title, text and so on are expressions; "" is nothing.
	title, text, code, duration, severity, target, sort string
	// failed is when it counts as failed; "": never.
	failed string
	span   bool // it has an id that others name as their parent
}

// common are the fields that all types have.
var common = map[string]string{
	"role": "cloud_RoleName", "instance": "cloud_RoleInstance", "operation": "operation_Id", "transaction": "operation_Name",
	"parent": "operation_ParentId", "user": "user_Id", "session": "session_Id", "version": "application_Version", "component": "appName",
}

// kinds are all types but those of numbers.
var kinds = []kind{
	{
		name: "request", table: "requests", span: true,
		fields: map[string]string{"name": "name", "url": "url", "code": "resultCode", "duration": "duration", "source": "source", "id": "id"},
		texts:  []string{"name", "url", "operation_Name"},
		title:  "name", text: "url", code: "resultCode", duration: "duration", target: "source", failed: `success == "False"`,
	},
	{
		name: "dependency", table: "dependencies", span: true,
		fields: map[string]string{"name": "name", "target": "target", "kind": "type", "data": "data", "code": "resultCode", "duration": "duration", "id": "id"},
		texts:  []string{"name", "target", "data", "type"},
		title:  "name", text: "data", code: "resultCode", duration: "duration", target: "target", sort: "type", failed: `success == "False"`,
	},
	{
		name: "trace", table: "traces",
		fields: map[string]string{"message": "message", "severity": "severityLevel"},
		texts:  []string{"message"},
		title:  "message", severity: "severityLevel",
	},
	{
		name: "exception", table: "exceptions",
		fields: map[string]string{"name": "type", "message": "outerMessage", "problem": "problemId", "severity": "severityLevel"},
		texts:  []string{"type", "outerMessage", "innermostMessage", "problemId"},
		title:  "type", text: "outerMessage", severity: "severityLevel", failed: "true",
	},
	{
		name: "event", table: "customEvents",
		fields: map[string]string{"name": "name"},
		texts:  []string{"name"},
		title:  "name",
	},
	{
		name: "pageView", table: "pageViews", span: true,
		fields: map[string]string{"name": "name", "url": "url", "duration": "duration", "id": "id"},
		texts:  []string{"name", "url"},
		title:  "name", text: "url", duration: "duration",
	},
	{
		name: "availability", table: "availabilityResults", span: true,
		fields: map[string]string{"name": "name", "message": "message", "duration": "duration", "id": "id"},
		texts:  []string{"name", "message", "location"},
		title:  "name", text: "message", duration: "duration", target: "location", failed: `success == "False"`,
	},
}

// everywhere are columns in which words are looked for in all types.
var everywhere = []string{"cloud_RoleName", "operation_Id", "tostring(customDimensions)"}

func kindOf(name string) *kind {
	for i := range kinds {
		if kinds[i].name == name {
			return &kinds[i]
		}
	}
	return nil
}

// or is an expression, or another where it is "".
func or(expression, other string) string {
	if expression == "" {
		return other
	}
	return expression
}

// columns are the columns of a Row, in the order of rowOf.
func (k *kind) columns() string {
	id := `""`
	if k.span {
		id = "id"
	}
	return "timestamp, itemId, kind = " + literal(k.name) + ", title = " + or(k.title, `""`) + ", text = " + or(k.text, `""`) +
		", bad = " + or(k.failed, "false") + ", code = " + or(k.code, `""`) + ", duration = " + or(k.duration, "real(null)") +
		", severity = " + or(k.severity, "int(null)") + ", target = " + or(k.target, `""`) + ", sort = " + or(k.sort, `""`) +
		", role = cloud_RoleName, instance = cloud_RoleInstance, operation = operation_Id, parent = operation_ParentId, span = " + id + ", component = appName"
}

package item

import "time"

// Item is one piece of telemetry. Time and Body are required.
type Item struct {
	Time  time.Time // of a request, dependency, page view or test: when it began
	ID    string    // itemId; the store gives one when it is empty
	Count int       // itemCount: how many like it this one stands for after sampling; 0 is 1

	Operation    Operation
	Session      string // session_Id
	User         User
	Client       Client
	AppVersion   string // application_Version
	Role         string // cloud_RoleName
	RoleInstance string // cloud_RoleInstance
	SDKVersion   string

	Properties   []Property    // customDimensions; of two with one name the later counts
	Measurements []Measurement // customMeasurements; not of metrics and performance counters

	Body Body // a pointer to one of the ten
}

// Operation is the trace an item is part of, and its place there.
type Operation struct {
	Name            string
	ID              string // the trace; "" when there is none, never zeros
	ParentID        string // the request or dependency it happened in
	SyntheticSource string
}

// User is who used the application.
type User struct {
	ID, AuthenticatedID, AccountID string
}

// Client is from where an application was used.
type Client struct {
	Type, Model, OS, IP, City, StateOrProvince, CountryOrRegion, Browser string
}

// Property is one custom dimension.
type Property struct {
	Name, Value string
}

// Measurement is one custom measurement.
type Measurement struct {
	Name  string
	Value float64
}

// Body is what distinguishes the ten types. Only this package has bodies.
type Body interface {
	// Type is the body's type.
	Type() Type
}

// Type is one of the ten types of items. The numbers are stored: they are never
// changed.
type Type uint8

// The types.
const (
	RequestType Type = iota
	DependencyType
	TraceType
	ExceptionType
	EventType
	MetricType
	PerformanceCounterType
	AvailabilityType
	PageViewType
	BrowserTimingType

	// Types is how many there are.
	Types = int(BrowserTimingType) + 1
)

// String returns the type as itemType shows it, for instance "request".
func (t Type) String() string { return schemas[t].ItemType }

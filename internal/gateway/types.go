package gateway

import (
	"encoding/json"
	"time"
)

// API is one revision of an API. Its name is NAME;rev=N.
type API struct {
	DisplayName string   `json:"displayName,omitempty"`
	Description string   `json:"description,omitempty"`
	Path        string   `json:"path"`                 // below the gateway, without slashes around it; may be empty
	Protocols   []string `json:"protocols,omitempty"`  // https, http
	ServiceURL  string   `json:"serviceUrl,omitempty"` // of the backend; app:NAME is a function app of this project

	SubscriptionRequired bool   `json:"subscriptionRequired"`
	KeyHeader            string `json:"keyHeader,omitempty"` // default Ocp-Apim-Subscription-Key
	KeyQuery             string `json:"keyQuery,omitempty"`  // default subscription-key

	Version    string `json:"version,omitempty"`
	VersionSet string `json:"versionSet,omitempty"` // name of a VersionSet; "": not versioned
	IsCurrent  bool   `json:"isCurrent"`            // one revision of each API is
	IsOffline  bool   `json:"isOffline,omitempty"`

	// Schemas are those of an imported document, by name; operations name them. Missing
	// on Put: kept.
	Schemas json.RawMessage `json:"schemas,omitempty"`
}

// Operation is a method and a URL template below an API.
type Operation struct {
	DisplayName string     `json:"displayName,omitempty"`
	Description string     `json:"description,omitempty"`
	Method      string     `json:"method"`      // GET; * is any
	URLTemplate string     `json:"urlTemplate"` // /devices/{id}?unit={unit}, /files/*
	Responses   []Response `json:"responses,omitempty"`

	Parameters []Parameter      `json:"parameters,omitempty"`
	Request    []Representation `json:"request,omitempty"`   // bodies that are taken
	AnyStatus  bool             `json:"anyStatus,omitempty"` // responses of all other statuses are described too
}

// Parameter is one of a path, a query, or headers.
type Parameter struct {
	In       string          `json:"in"` // path, query, header
	Name     string          `json:"name"`
	Required bool            `json:"required,omitempty"`
	Schema   json.RawMessage `json:"schema,omitempty"`
	TypeRef                  // instead of Schema
}

// Response is a described response of an operation, which mock-response gives.
type Response struct {
	StatusCode      int              `json:"statusCode"`
	Description     string           `json:"description,omitempty"`
	Headers         []Parameter      `json:"headers,omitempty"`
	Representations []Representation `json:"representations,omitempty"`
}

// Representation is a body of a Response.
type Representation struct {
	ContentType string `json:"contentType"`
	Sample      string `json:"sample,omitempty"` // an example, or one made from the schema

	SchemaName string          `json:"schemaName,omitempty"`
	Schema     json.RawMessage `json:"schema,omitempty"`
	TypeRef                    // instead of Schema
}

// Product bundles APIs; its keys open them.
type Product struct {
	DisplayName          string `json:"displayName,omitempty"`
	Description          string `json:"description,omitempty"`
	SubscriptionRequired bool   `json:"subscriptionRequired"`
	ApprovalRequired     bool   `json:"approvalRequired,omitempty"`
	SubscriptionsLimit   int    `json:"subscriptionsLimit,omitempty"` // 0: none
	State                string `json:"state,omitempty"`              // published or notPublished
	Terms                string `json:"terms,omitempty"`
}

// Subscription is two keys and what they open.
type Subscription struct {
	DisplayName  string     `json:"displayName,omitempty"`
	Product      string     `json:"product,omitempty"` // a product's name
	API          string     `json:"api,omitempty"`     // or an API's, without revision; both empty: all APIs
	Owner        string     `json:"owner,omitempty"`
	State        string     `json:"state,omitempty"` // active (default), suspended, cancelled, expired, rejected, submitted
	AllowTracing bool       `json:"allowTracing,omitempty"`
	PrimaryKey   string     `json:"primaryKey"` // empty on Put: kept, or made
	SecondaryKey string     `json:"secondaryKey"`
	Created      time.Time  `json:"created"`
	Start        *time.Time `json:"start,omitempty"`
	End          *time.Time `json:"end,omitempty"`
}

// NamedValue is what {{DisplayName}} stands for in policies.
type NamedValue struct {
	DisplayName string   `json:"displayName"`
	Value       string   `json:"value"`
	Secret      bool     `json:"secret,omitempty"` // never shown: in traces it is starred
	Tags        []string `json:"tags,omitempty"`
}

// Backend is where set-backend-service backend-id leads.
type Backend struct {
	Title       string              `json:"title,omitempty"`
	Description string              `json:"description,omitempty"`
	URL         string              `json:"url,omitempty"`
	Header      map[string][]string `json:"header,omitempty"` // credentials, sent with each request
	Query       map[string][]string `json:"query,omitempty"`
	// Authorization is the header's value, SCHEME PARAMETER.
	Authorization string `json:"authorization,omitempty"`
	// Certificate is the name of the Certificate that it is shown; CertificateThumbprint
	// names one without a name.
	Certificate           string `json:"certificate,omitempty"`
	CertificateThumbprint string `json:"certificateThumbprint,omitempty"`
	TLS
	Breaker *CircuitBreaker `json:"circuitBreaker,omitempty"`
	Pool    []PoolMember    `json:"pool,omitempty"` // of other backends; then there is no URL
}

// TLS says what the certificate of a backend is not held against.
type TLS struct {
	SkipTLSVerify bool `json:"skipTlsVerify,omitempty"` // who issued it, and until when it holds
	SkipTLSName   bool `json:"skipTlsName,omitempty"`   // the names that it has
}

// CircuitBreaker is when a backend is left alone for a while.
type CircuitBreaker struct {
	Name             string        `json:"name,omitempty"`
	Count            int           `json:"count,omitempty"`      // failures within Interval
	Percentage       int           `json:"percentage,omitempty"` // or so many of a hundred calls
	Interval         time.Duration `json:"interval"`
	StatusRanges     [][2]int      `json:"statusRanges,omitempty"` // what is a failure
	Errors           bool          `json:"errors,omitempty"`       // an error of the connection is one too
	TripDuration     time.Duration `json:"tripDuration"`
	AcceptRetryAfter bool          `json:"acceptRetryAfter,omitempty"`
}

// PoolMember is a backend in a pool.
type PoolMember struct {
	Backend  string `json:"backend"`
	Priority int    `json:"priority,omitempty"` // lower first; the next where all of them are tripped
	Weight   int    `json:"weight,omitempty"`   // default 1
}

// Logger is where log-to-eventhub and diagnostics send.
type Logger struct {
	Type        string `json:"type"` // azureEventHub or applicationInsights
	Description string `json:"description,omitempty"`
	Namespace   string `json:"namespace,omitempty"` // of the hub; "": the default one
	Hub         string `json:"hub,omitempty"`
	// Credentials as given, for whoever shows them.
	Credentials map[string]string `json:"credentials,omitempty"`
	Buffered    bool              `json:"buffered,omitempty"`
	Resource    string            `json:"resource,omitempty"`
}

// Diagnostic says what of calls is reported; its name is applicationinsights or azuremonitor.
type Diagnostic struct {
	Logger     string          `json:"logger,omitempty"`
	Verbosity  string          `json:"verbosity,omitempty"`  // verbose, information, error
	Sampling   float64         `json:"sampling,omitempty"`   // percent
	Metrics    bool            `json:"metrics,omitempty"`    // emit-metric counts
	Properties json.RawMessage `json:"properties,omitempty"` // as given
}

// VersionSet says how callers choose among versions of an API.
type VersionSet struct {
	DisplayName string `json:"displayName,omitempty"`
	Description string `json:"description,omitempty"`
	Scheme      string `json:"scheme"` // Segment, Header, Query
	HeaderName  string `json:"headerName,omitempty"`
	QueryName   string `json:"queryName,omitempty"`
}

// Policy is a policy document or, of Fragments, a part of one.
type Policy struct {
	Text        string `json:"text"`             // raw: expressions are not escaped
	Given       string `json:"given,omitempty"`  // as it was put, where that differs
	Format      string `json:"format,omitempty"` // of Given: xml or rawxml
	Description string `json:"description,omitempty"`
}

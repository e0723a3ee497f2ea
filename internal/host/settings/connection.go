package settings

import (
	"net/url"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Service says which service's keys describe a connection.
type Service int

// The services whose connections are read.
const (
	EventHubs Service = iota
	CosmosDB
	Storage // blobs
	StorageQueues
	StorageTables
	ServiceBus
)

// serviceKeys are, per service, the default setting and the steps under a
// setting's name that hold an endpoint when a token identifies the app.
var serviceKeys = [...]struct {
	fallback  string
	endpoints []string
}{
	EventHubs: {"", []string{"fullyQualifiedNamespace"}},
	CosmosDB:  {"CosmosDB", []string{"accountEndpoint"}},
	Storage:   {HostStorage, []string{"serviceUri", "blobServiceUri", accountName}},

	StorageQueues: {HostStorage, []string{"serviceUri", "queueServiceUri", accountName}},
	StorageTables: {HostStorage, []string{"serviceUri", "tableServiceUri", accountName}},

	ServiceBus: {"ServiceBus", []string{"fullyQualifiedNamespace"}},
}

// HostStorage is the setting of the account that an app has for its own state.
const HostStorage = "AzureWebJobsStorage"

// accountName is the step that names a storage account of the public cloud.
const accountName = "accountName"

// storageHosts are what a storage account's services are called: in the endpoint of
// a connection string, and in the host names of accounts.
var storageHosts = map[Service]string{Storage: "blob", StorageQueues: "queue", StorageTables: "table"}

// Connection is what a binding's connection setting leads to: either a
// connection string or an endpoint plus an identity.
type Connection struct {
	// App is the function app whose setting it is, or "".
	App string
	// Setting is the name under which the value was found, for messages.
	Setting string
	// From is where the setting comes from: "the environment", "local.settings.json"; or
	// "".
	From string
	// Beside is the setting of an identity that the connection string keeps from
	// being read, or "".
	Beside string
	// String is the whole connection string; empty with the identity form.
	// It holds a key: never log it.
	String string
	// Endpoint is the service's address: scheme, host and perhaps port; of a
	// storage account that of the service that was asked for, also where the string
	// names only the account. It is nil for the emulator's short storage string.
	Endpoint *url.URL
	// EntityPath is the hub named by an Event Hubs connection string, or "".
	EntityPath string
	// Emulator is set by UseDevelopmentEmulator=true and
	// UseDevelopmentStorage=true.
	Emulator bool
	// Identity tells how to get a token; only with the identity form.
	Identity Identity
}

// Identity is the part of an identity connection that chooses a credential.
type Identity struct {
	Credential, ClientID, TenantID, ClientSecret string
}

// UsesIdentity reports whether the connection authenticates by token.
func (c Connection) UsesIdentity() bool { return c.String == "" }

// Named is the setting and where it comes from, for messages about what it leads to.
func (c Connection) Named() string {
	if c.From == "" {
		return "setting " + c.Setting
	}
	return "setting " + c.Setting + " of " + c.From
}

// Host returns the endpoint's host name without port, in lower case.
func (c Connection) Host() string {
	if c.Endpoint == nil {
		return ""
	}
	return strings.ToLower(c.Endpoint.Hostname())
}

// Connection resolves a binding's connection property. An exact setting wins
// over a section of identity settings; each is also tried under the prefixes
// AzureWebJobs and ConnectionStrings. An empty name means the service's own
// default setting.
func (s *Settings) Connection(service Service, name string) (Connection, error) {
	keys := serviceKeys[service]
	if name == "" {
		name = keys.fallback
	}
	if name == "" {
		return Connection{}, fault.New(fault.Invalid, "connection", "the binding names no connection setting")
	}
	candidates := []string{name, "AzureWebJobs" + name, "ConnectionStrings:" + name}
	for _, c := range candidates {
		if v := strings.TrimSpace(s.Get(c)); v != "" {
			conn, err := parseConnection(service, c, v)
			conn.App, conn.From = s.app, s.from(c)
			for _, step := range keys.endpoints {
				if s.Get(c+":"+step) != "" {
					conn.Beside = c + "__" + step
				}
			}
			return conn, err
		}
	}
	for _, c := range candidates[:2] {
		for _, step := range keys.endpoints {
			if v := strings.TrimSpace(s.Get(c + ":" + step)); v != "" {
				return s.identityConnection(service, c, step, v)
			}
		}
	}
	forms := make([]string, len(keys.endpoints))
	for i, step := range keys.endpoints {
		forms[i] = name + "__" + step
	}
	return Connection{}, fault.New(fault.NotFound, "connection "+name,
		"no setting %s (a connection string) or %s (an endpoint) in local.settings.json or the environment",
		name, strings.Join(forms, ", "))
}

// StorageConnection is Connection for storage, where an app that says nothing about
// its own account has the default one here: its state is there too.
func (s *Settings) StorageConnection(service Service, name string) (Connection, error) {
	c, err := s.Connection(service, name)
	if fault.Is(err, fault.NotFound) && (name == "" || strings.EqualFold(name, HostStorage)) {
		return Connection{App: s.app, Setting: HostStorage, Emulator: true}, nil
	}
	return c, err
}

func (s *Settings) identityConnection(service Service, section, step, value string) (Connection, error) {
	for _, used := range []string{step, "credential", "clientId", "tenantId", "clientSecret"} {
		if err := VaultReference(section+"__"+used, s.Get(section+":"+used)); err != nil {
			return Connection{}, err
		}
	}
	endpoint := value
	switch {
	case step == accountName:
		endpoint = "https://" + value + "." + storageHosts[service] + ".core.windows.net"
	case !strings.Contains(value, "://"):
		endpoint = "sb://" + value
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return Connection{}, fault.New(fault.Invalid, "connection "+section, "%s__%s: %q is not an address", section, step, value)
	}
	return Connection{
		App:      s.app,
		Setting:  section + "__" + step,
		From:     s.from(section + ":" + step),
		Endpoint: u,
		Identity: Identity{
			Credential:   s.Get(section + ":credential"),
			ClientID:     s.Get(section + ":clientId"),
			TenantID:     s.Get(section + ":tenantId"),
			ClientSecret: s.Get(section + ":clientSecret"),
		},
	}, nil
}

// Key is the shared access policy and key of an Event Hubs connection string, or
// the account key of a Cosmos DB one, where policy is "". found is false for a
// string that holds none, and for an identity.
func (c Connection) Key() (policy, key string, found bool) {
	for pair := range strings.SplitSeq(c.String, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch strings.ToLower(strings.TrimSpace(k)) {
		case "sharedaccesskeyname":
			policy = v
		case "sharedaccesskey", "accountkey":
			key, found = v, true
		}
	}
	return policy, key, found
}

// parseConnection reads the "key=value;" form that all services share. Only
// the first "=" of a pair separates: keys are base64 and end in "=".
func parseConnection(service Service, name, text string) (Connection, error) {
	if err := VaultReference(name, text); err != nil {
		return Connection{}, err
	}
	c := Connection{Setting: name, String: text}
	account, suffix, protocol := "", "core.windows.net", "https"
	for pair := range strings.SplitSeq(text, ";") {
		k, v, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			if k == "" {
				continue
			}
			// The text may be a bare key: it must not appear in the message.
			return Connection{}, fault.New(fault.Invalid, "connection "+name, "a part of the connection string has no \"=\"")
		}
		switch strings.ToLower(strings.TrimSpace(k)) {
		case "endpoint", "accountendpoint", storageHosts[service] + "endpoint":
			u, err := url.Parse(strings.TrimSpace(v))
			if err != nil || u.Host == "" {
				return Connection{}, fault.New(fault.Invalid, "connection "+name, "%s in the connection string is not an address", k)
			}
			c.Endpoint = u
		case "entitypath":
			c.EntityPath = v
		case "accountname":
			account = strings.TrimSpace(v)
		case "endpointsuffix":
			suffix = strings.TrimSpace(v)
		case "defaultendpointsprotocol":
			protocol = strings.TrimSpace(v)
		case "usedevelopmentemulator", "usedevelopmentstorage":
			c.Emulator = strings.EqualFold(strings.TrimSpace(v), "true")
		}
	}
	if c.Endpoint == nil && account != "" {
		c.Endpoint = &url.URL{Scheme: protocol, Host: account + "." + storageHosts[service] + "." + suffix}
	}
	return c, nil
}

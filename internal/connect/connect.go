// Package connect knows what a program outside needs to reach a running lazuli:
// connection strings, endpoints, what to trust, and a few lines of code in each
// language that do. `lazuli env` and the portal's page Connect say the same,
// because both ask here.
//
// It opens no port and no connection. Code never holds a key: Secret stands in
// its place, and whoever may see the key puts it there.
package connect

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// Secret stands in code and connection strings where the key belongs.
const Secret = "‹secret›"

// Facts are what clients of an instance need.
type Facts struct {
	Namespace      string // its name, where it is another than localhost's
	Account        string // as Namespace
	NamespaceHost  string // its name in Azure, as localhost's has one too
	AccountHost    string // as NamespaceHost
	EventHubs      string // connection string; of localhost with the emulator flag: plain AMQP; "" where keys open nothing
	EventHubsHost  string // localhost, with the port where it is not 5672
	EventHubsTLS   string // host:port of AMQP over TLS, for token credentials
	EventHubsAt    string // host:port of AMQP over TLS on this machine, whatever the namespace is called
	EventHubsRule  string // name of the key
	EventHubsKey   string
	Cosmos         string // connection string
	CosmosEndpoint string
	CosmosAt       string // host:port on this machine, whatever the account is called
	CosmosKey      string
	StorageAccount string // its name
	Storage        string // connection string
	StorageKey     string
	StorageIsLocal bool // it is the account that localhost means
	BlobEndpoint   string
	QueueEndpoint  string
	TableEndpoint  string
	BlobAt         string     // host:port on this machine, where every account is in the path
	QueueAt        string     // as BlobAt
	TableAt        string     // as BlobAt
	Insights       string     // connection string of Application Insights' default component
	InsightsAt     string     // host:port that takes its telemetry
	Portal         string     // address, without a slash at its end
	PortalSignIn   bool       // it asks for a password, so its own API does too
	GatewayAt      string     // host:port of API gateways on this machine; "" where there is none
	Manager        string     // address of Resource Manager, without a slash at its end; "" where it is off
	Subscription   string     // GUID
	Tenant         string     // GUID
	Manage         []Variable // by which OpenTofu and Terraform reach it
	CAFile         string     // the local authority
	CABundle       string     // that, and those that the machine trusts
	Project        string     // folder
}

// Choice is which namespace, which document account and which storage account are
// meant; "" is what localhost means.
type Choice struct{ Namespace, Account, Storage string }

// Of builds the facts of an instance, from its keys and the ports that are really
// open. It fails when there is no namespace or account of the chosen name.
func Of(info instance.Info, choice Choice) (Facts, error) {
	namespace, ok := info.Account(instance.Namespaces, choice.Namespace)
	if !ok {
		return Facts{}, none(info, instance.Namespaces, "namespace", choice.Namespace)
	}
	account, ok := info.Account(instance.CosmosAccounts, choice.Account)
	if !ok {
		return Facts{}, none(info, instance.CosmosAccounts, "account", choice.Account)
	}
	f := Facts{
		NamespaceHost: namespace.Hosts[0], AccountHost: account.Hosts[0],
		EventHubsHost: Host(info.Addresses[instance.AMQP], "5672"), EventHubsTLS: Host(info.Addresses[instance.AMQPS], ""),
		EventHubsAt: Host(info.Addresses[instance.AMQPS], ""), CosmosAt: Host(info.Addresses[instance.Cosmos], ""),
		EventHubsRule: namespace.Rule, EventHubsKey: namespace.Key,
		CosmosEndpoint: fmt.Sprintf("https://%s/", Host(info.Addresses[instance.Cosmos], "")), CosmosKey: account.Key,
		Portal: "http://" + Host(info.Addresses[instance.Portal], ""), PortalSignIn: info.Tokens[instance.Portal] != "",
		CAFile: info.CAFile, CABundle: info.CABundle, Project: info.Dir,
	}
	if at := info.Addresses[instance.Gateway]; at != "" {
		f.GatewayAt = Host(at, "")
	}
	if c, ok := info.Account(instance.Components, ""); ok && info.Addresses[instance.Insights] != "" {
		f.InsightsAt = Host(info.Addresses[instance.Insights], "")
		f.Insights = Insights(c.Key, info.Addresses[instance.Insights])
	}
	if f.Manage = Manage(info); f.Manage != nil {
		f.Manager, f.Subscription, f.Tenant = "https://"+Host(info.Addresses[instance.Identity], ""), info.Subscription, info.Tenant
	}
	if host, _, err := net.SplitHostPort(info.Addresses[instance.Portal]); err == nil && !isLoopback(host) {
		f.Portal = "https" + strings.TrimPrefix(f.Portal, "http")
	}
	if namespace.Name != instance.DefaultAccount {
		f.Namespace = namespace.Name
		f.EventHubsHost, f.EventHubsTLS = namespace.Hosts[0], namespace.Hosts[0]
	}
	if account.Name != instance.DefaultAccount {
		f.Account, f.CosmosEndpoint = account.Name, fmt.Sprintf("https://%s:443/", account.Hosts[0])
	}
	if err := f.storage(info, choice.Storage); err != nil {
		return Facts{}, err
	}
	if f.EventHubsKey != "" {
		f.EventHubs = f.eventHubs(f.EventHubsKey)
	}
	if f.CosmosKey != "" {
		f.Cosmos = f.cosmos(f.CosmosKey)
	}
	return f, nil
}

func none(info instance.Info, typ, what, name string) error {
	var names []string
	for _, a := range info.Accounts {
		if a.Type == typ {
			names = append(names, a.Name)
		}
	}
	return fault.New(fault.NotFound, what+" "+name, "there is none here; there are %s", strings.Join(names, ", "))
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// eventHubs is the connection string. The flag that means plain AMQP belongs to
// localhost; a namespace with a name of its own is reached by it, over TLS.
func (f Facts) eventHubs(key string) string {
	form := "Endpoint=sb://%s;SharedAccessKeyName=%s;SharedAccessKey=%s;UseDevelopmentEmulator=true;"
	if f.Namespace != "" {
		form = "Endpoint=sb://%s/;SharedAccessKeyName=%s;SharedAccessKey=%s"
	}
	return fmt.Sprintf(form, f.EventHubsHost, f.EventHubsRule, key)
}

// Insights is the connection string of a component. Nothing follows its last value, and
// no value has an equals sign: clients would refuse it. Node's goes by https, whatever
// stands there, which the port speaks as well.
func Insights(key, address string) string {
	at := "http://" + Host(address, "")
	return "InstrumentationKey=" + key + ";IngestionEndpoint=" + at + ";LiveEndpoint=" + at
}

func (f Facts) cosmos(key string) string {
	return fmt.Sprintf("AccountEndpoint=%s;AccountKey=%s;", f.CosmosEndpoint, key)
}

// Host turns a listener's address into the name clients use: localhost for
// loopback, and no port where it is the one that clients assume.
func Host(address, assumedPort string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	if port == assumedPort {
		return host
	}
	return net.JoinHostPort(host, port)
}

// numeric is a listener's address as one can connect to it, with the IP address: some
// clients of storage take any other host for one that has the account in its name.
func numeric(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// Variable is an environment variable that client programs read.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Note  string `json:"note"`
}

func (f Facts) gatewayURL() string {
	if f.GatewayAt == "" {
		return ""
	}
	return "http://" + f.GatewayAt
}

const trust = "trust the local certificate authority"

// byName says how programs reach an Azure host name.
const byName = " (under lazuli exec, or with the names of lazuli hosts)"

// otlp is where OpenTelemetry sends: the same port takes it.
func (f Facts) otlp() string {
	if f.InsightsAt == "" {
		return ""
	}
	return "http://" + f.InsightsAt
}

func otlpProtocol(endpoint string) string {
	if endpoint == "" {
		return ""
	}
	return "http/protobuf"
}

// Given is the variable that names the connections of function apps among the others, by
// which the functions host knows those that no person set.
const Given = "LAZULI_GIVEN"

// given are the names of the connections of function apps, with commas between.
func (f Facts) given() string {
	var names []string
	for name, value := range map[string]string{"EventHubConnection": f.EventHubs, "CosmosDBConnection": f.Cosmos, "AzureWebJobsStorage": f.Storage} {
		if value != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// Variables are those of `lazuli env`: the names that the workshop's and Azure's
// samples read.
func (f Facts) Variables() []Variable {
	hubs, documents, blobs := "", "", ""
	if f.StorageAccount != instance.DefaultStorage {
		blobs = byName
	}
	if f.Namespace != "" {
		hubs = byName
	}
	if f.Account != "" {
		documents = byName
	}
	all := []Variable{
		{"EVENTHUB_CONNECTION_STRING", f.EventHubs, "Event Hubs, any SDK" + hubs},
		{"EventHubConnection", f.EventHubs, "Event Hubs, function apps"},
		{"EVENTHUB_NAMESPACE", f.EventHubsTLS, "Event Hubs over TLS, for token credentials" + hubs},
		{"CosmosDBConnection", f.Cosmos, "Cosmos DB, function apps"},
		{"COSMOS_ENDPOINT", f.CosmosEndpoint, "Cosmos DB, any SDK in gateway mode" + documents},
		{"COSMOS_KEY", f.CosmosKey, "Cosmos DB account key"},
		{"AzureWebJobsStorage", f.Storage, "Storage, function apps" + blobs},
		{Given, f.given(), "function apps: these count less than an identity connection of the app's own"},
		{"AZURE_STORAGE_CONNECTION_STRING", f.Storage, "Storage, any SDK" + blobs},
		{"AZURE_STORAGE_ACCOUNT", f.StorageAccount, "Storage account, for token credentials"},
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", f.Insights, "Application Insights, any SDK"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", f.otlp(), "Application Insights, any exporter of OpenTelemetry"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", otlpProtocol(f.otlp()), "its protocol: OTLP over HTTP"},
		{"API_GATEWAY_URL", f.gatewayURL(), "API gateway; a subscription's key goes into the header Ocp-Apim-Subscription-Key (lazuli keys)"},
		{"NODE_EXTRA_CA_CERTS", f.CAFile, trust + ": Node.js"},
		{"REQUESTS_CA_BUNDLE", f.CABundle, trust + " and the machine's: Python"},
		{"SSL_CERT_FILE", f.CABundle, trust + " and the machine's: Go, .NET on Linux, OpenSSL"},
	}
	// Where keys open nothing there is no connection string, and tokens do.
	return slices.DeleteFunc(all, func(v Variable) bool { return v.Value == "" })
}

// Package config reads a project's lazuli.yaml.
//
// Every key is optional; a missing file is an empty project. Load fills in the
// defaults, and Validate refuses what cannot work with an error that names the
// path of the key (eventHubs.hubs.telemetry_events.partitions). The package
// decides nothing at run time: it knows no engine and opens no port.
package config

import (
	"net/netip"
	"path/filepath"
	"time"
)

// FileName is the project file's name.
const FileName = "lazuli.yaml"

// DataFolder is the folder of a project's state, unless it says otherwise.
const DataFolder = ".lazuli"

// Well-known keys, as the official emulators document them. They are refused
// on any address but loopback.
const (
	EmulatorSASKeyName = "RootManageSharedAccessKey"
	EmulatorSASKey     = "SAS_KEY_VALUE"
	EmulatorCosmosKey  = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
)

// Config is a whole project.
type Config struct {
	Name   string `yaml:"name"`   // shown on screen; default: the folder's name
	Listen string `yaml:"listen"` // IP address of all listeners; default 127.0.0.1
	// PrivateListen is a second IP address of all listeners, which plays the private
	// endpoints: what comes by it is not restricted.
	PrivateListen  string     `yaml:"privateListen"`
	TrustedProxies StringList `yaml:"trustedProxies"` // addresses and CIDRs of proxies whose X-Forwarded-For is believed; default none

	HostNames []string  `yaml:"hostNames"` // names of this machine that HTTP clients may use besides localhost and addresses; *.DOMAIN is all below it
	Data      Data      `yaml:"data"`      // where everything is kept, and how durable
	EventHubs EventHubs `yaml:"eventHubs"` //
	Cosmos    Cosmos    `yaml:"cosmos"`    //
	Storage   Storage   `yaml:"storage"`   //
	Functions Functions `yaml:"functions"` //
	Stream    Stream    `yaml:"stream"`    //
	Gateway   Gateway   `yaml:"gateway"`   //
	Insights  Insights  `yaml:"applicationInsights"`
	Portal    Portal    `yaml:"portal"`   //
	Identity  Identity  `yaml:"identity"` //
	Arm       *bool     `yaml:"arm"`      // Resource Manager answers on identity.port; default: in a project without a file

	Processes map[string]Process `yaml:"processes"` // helper programs, by name

	// Dir is the project's folder, absolute. Not part of the file.
	Dir string `yaml:"-"`
	// HasFile reports whether Dir holds a project file.
	HasFile bool `yaml:"-"`
}

// Data says where state lives and when it is synced.
type Data struct {
	Folder       string   `yaml:"folder"`       // relative to the project's; default .lazuli
	Sync         string   `yaml:"sync"`         // always (default), interval or none
	SyncInterval Duration `yaml:"syncInterval"` // for interval; default 50ms
}

// EventHubs is the Event Hubs ports and namespaces: the default one, which
// localhost means, and others by name.
type EventHubs struct {
	AMQPPort  Port `yaml:"amqpPort"`  // plain; default 5672, 0 picks a free one
	AMQPSPort Port `yaml:"amqpsPort"` // TLS; default 5671
	TailMiB   MiB  `yaml:"tailMiB"`   // memory for the hot tail of all partitions; default 64

	Namespace  `yaml:",inline"`
	Namespaces map[string]Namespace `yaml:"namespaces"`
}

// Namespace is an Event Hubs namespace.
type Namespace struct {
	AutoCreate       *bool     `yaml:"autoCreate"`       // create hubs on first use; default: true without a project file
	Rules            []SASRule `yaml:"rules"`            // shared access policies; default RootManageSharedAccessKey
	DisableLocalAuth bool      `yaml:"disableLocalAuth"` // keys open nothing, only tokens do
	Network          `yaml:",inline"`
	Hubs             map[string]Hub `yaml:"hubs"` // by name
}

// SASRule is a shared access policy of a namespace.
type SASRule struct {
	Name         string   `yaml:"name"`
	Key          string   `yaml:"key"`          // default: one is made, and kept
	SecondaryKey string   `yaml:"secondaryKey"` // default as above
	Rights       []string `yaml:"rights"`       // Listen, Send, Manage
	Hub          string   `yaml:"hub"`          // the only hub it is good for; default: all
}

// Hub is one event hub.
type Hub struct {
	Partitions     Partitions `yaml:"partitions"`     // 1 to 1024; default 4
	Retention      Duration   `yaml:"retention"`      // default 24h; 0 keeps for ever
	RetentionMiB   MiB        `yaml:"retentionMiB"`   // per partition; 0 is no limit
	ConsumerGroups []string   `yaml:"consumerGroups"` // besides $Default
}

// Cosmos is the Cosmos DB port and accounts: the default one, which localhost
// means, and others by name.
type Cosmos struct {
	Port          Port   `yaml:"port"`          // TLS and plain HTTP; default 8081
	CacheMiB      MiB    `yaml:"cacheMiB"`      // block cache; default 64
	StrictGateway bool   `yaml:"strictGateway"` // copy the vendor gateway's refusals of odd item ids and of cross-partition queries
	Endpoint      string `yaml:"endpoint"`      // URL the default account names as its location; default: what each client's Host header says
	ComputePort   *Port  `yaml:"computePort"`   // a second, lenient listener as the vendor's emulator has on 8903; absent: none

	CosmosAccount `yaml:",inline"`
	Accounts      map[string]CosmosAccount `yaml:"accounts"`
}

// CosmosAccount is a Cosmos DB account.
type CosmosAccount struct {
	Key              string `yaml:"key"`              // base64; default: the emulator's, and of a named account one that is made and kept
	SecondaryKey     string `yaml:"secondaryKey"`     // default: one is made, and kept
	DisableLocalAuth bool   `yaml:"disableLocalAuth"` // keys open nothing, only tokens do
	Network          `yaml:",inline"`
	AutoCreate       *bool               `yaml:"autoCreate"`  // create databases and containers that the functions name; default: true without a project file
	Consistency      string              `yaml:"consistency"` // the account's level, as clients see it; default Session
	Databases        map[string]Database `yaml:"databases"`   // by id
}

// Database is one database.
type Database struct {
	Containers map[string]Container `yaml:"containers"` // by id
}

// Container is one container.
type Container struct {
	PartitionKey   StringList     `yaml:"partitionKey"`   // one path, or up to three for a hierarchical key
	DefaultTTL     *Seconds       `yaml:"defaultTtl"`     // seconds; -1 turns TTL on without a default
	UniqueKeys     [][]string     `yaml:"uniqueKeys"`     // each a list of paths
	IndexingPolicy map[string]any `yaml:"indexingPolicy"` // as in the REST API
}

// Functions are the project's function apps.
type Functions struct {
	Port  Port           `yaml:"port"`  // first app; further apps count up; default 7071
	Watch *bool          `yaml:"watch"` // changes of the apps' code are built and take over; default true
	Apps  map[string]App `yaml:"apps"`  // by name
}

// App is one function app.
type App struct {
	Path     string            `yaml:"path"`     // folder, relative to the project's
	Binary   string            `yaml:"binary"`   // a worker built before; skips the build
	Port     *Port             `yaml:"port"`     // of its HTTP triggers
	Settings map[string]string `yaml:"settings"` // app settings; win over local.settings.json
	Disabled bool              `yaml:"disabled"` // known, but not started

	EnableAuth     bool           `yaml:"enableAuth"`     // functions and /admin ask for access keys, as on Azure; they always do where other machines reach them
	Access         Access         `yaml:"access"`         // who may call it
	Authentication Authentication `yaml:"authentication"` // callers show a token before a function sees them
}

// Portal is the web portal and the status API.
type Portal struct {
	Port     Port   `yaml:"port"`     // default 8080
	Password string `yaml:"password"` // the portal asks for it; default: one is made at each start where other machines reach the portal, none on loopback
}

// Default returns the configuration of a project with no file in dir.
func Default(dir string) Config {
	return Config{
		Name:   filepath.Base(dir),
		Listen: "127.0.0.1",
		Data:   Data{Folder: DataFolder, Sync: "always", SyncInterval: Duration(50 * time.Millisecond)},
		EventHubs: EventHubs{
			AMQPPort: 5672, AMQPSPort: 5671, TailMiB: 64,
			Namespace: Namespace{Rules: []SASRule{RootRule(EmulatorSASKey)}},
		},
		Cosmos:    Cosmos{Port: 8081, CacheMiB: 64, CosmosAccount: CosmosAccount{Key: EmulatorCosmosKey}},
		Storage:   Storage{BlobPort: 10000, QueuePort: 10001, TablePort: 10002, StorageAccount: StorageAccount{Key: EmulatorStorageKey}},
		Functions: Functions{Port: 7071},
		Portal:    Portal{Port: 8080},
		Identity:  Identity{Port: 8443},
		Gateway:   Gateway{Port: GatewayPort},
		Insights:  Insights{Port: InsightsPort},
		Dir:       dir,
	}
}

// AnyPort makes every listener take a free port; an app for which a port was
// chosen keeps it.
func (c *Config) AnyPort() {
	c.EventHubs.AMQPPort, c.EventHubs.AMQPSPort, c.Cosmos.Port, c.Functions.Port, c.Portal.Port, c.Identity.Port = 0, 0, 0, 0, 0, 0
	c.Storage.BlobPort, c.Storage.QueuePort, c.Storage.TablePort, c.Gateway.Port, c.Insights.Port = 0, 0, 0, 0, 0
	if c.Cosmos.ComputePort != nil {
		c.Cosmos.ComputePort = new(Port)
	}
}

// OnLoopback reports whether only this machine reaches the listeners, by either of
// their addresses.
func (c *Config) OnLoopback() bool {
	for _, at := range []string{c.Listen, c.PrivateListen} {
		if addr, err := netip.ParseAddr(at); at != "" && (err != nil || !addr.Unmap().IsLoopback()) {
			return false
		}
	}
	return true
}

// DataDir returns the data folder's absolute path.
func (c *Config) DataDir() string {
	if filepath.IsAbs(c.Data.Folder) {
		return c.Data.Folder
	}
	return filepath.Join(c.Dir, c.Data.Folder)
}

// AppDir returns the folder of an app, absolute.
func (c *Config) AppDir(a App) string { return c.abs(a.Path) }

// AppBinary returns the absolute path of an app's ready-made worker, or "".
func (c *Config) AppBinary(a App) string {
	if a.Binary == "" {
		return ""
	}
	return c.abs(a.Binary)
}

func (c *Config) abs(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.Dir, p)
}

// CodeWatched reports whether changes of the function apps' code take over.
func (c *Config) CodeWatched() bool { return auto(c.Functions.Watch, true) }

func auto(set *bool, fallback bool) bool {
	if set != nil {
		return *set
	}
	return fallback
}

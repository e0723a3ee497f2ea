package site

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// Spec is what a site should be. It is kept as JSON.
type Spec struct {
	// Group is the resource group.
	Group string `json:"group,omitempty"`
	// Runtime is the language of an app whose plan names it apart from the settings
	// (Flex Consumption), as FUNCTIONS_WORKER_RUNTIME has it; "" elsewhere.
	Runtime     string                `json:"runtime,omitempty"`
	Settings    map[string]string     `json:"settings,omitempty"`
	Connections map[string]Connection `json:"connections,omitempty"`
	Stopped     bool                  `json:"stopped,omitempty"`
	Identity    Identity              `json:"identity,omitzero"`
	// Container takes packages of a Flex Consumption app; nil elsewhere.
	Container  *Container `json:"container,omitempty"`
	Publishing Publishing `json:"publishing,omitzero"`
	// CORS are the origins whose pages may call the app.
	CORS []string `json:"cors,omitempty"`
	// Access says who may reach the app at all, SCM who its door for deployments.
	Access restriction.Rules `json:"access,omitzero"`
	SCM    restriction.Rules `json:"scm,omitzero"`
}

// Connection is a connection string of a site.
type Connection struct {
	Value string `json:"value"`
	Type  string `json:"type"` // Custom, SQLAzure, SQLServer, MySql, …
}

// Identity says who a site is.
type Identity struct {
	System bool     `json:"system,omitempty"`
	User   []string `json:"user,omitempty"` // names of user-assigned identities
}

// None reports a site that is nobody.
func (i Identity) None() bool { return !i.System && len(i.User) == 0 }

// Container is a container of blobs that packages are in.
type Container struct {
	URL string `json:"url"`
	// Auth is how it is opened: SystemAssignedIdentity, UserAssignedIdentity or
	// StorageAccountConnectionString.
	Auth string `json:"auth,omitempty"`
	// Identity is the user-assigned one, by its name; Setting that of the connection
	// string.
	Identity string `json:"identity,omitempty"`
	Setting  string `json:"setting,omitempty"`
}

// Ways to open a Container.
const (
	AuthSystem     = "SystemAssignedIdentity"
	AuthUser       = "UserAssignedIdentity"
	AuthConnection = "StorageAccountConnectionString"
)

// Publishing is what opens the site's deployment door besides a token.
type Publishing struct {
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	// NoBasic turns user and password off.
	NoBasic bool `json:"noBasic,omitempty"`
}

// Clone is a copy that shares nothing.
func (s Spec) Clone() Spec {
	s.Settings, s.Connections = maps.Clone(s.Settings), maps.Clone(s.Connections)
	s.Identity.User = slices.Clone(s.Identity.User)
	if s.Container != nil {
		c := *s.Container
		s.Container = &c
	}
	return s
}

// sameRun reports whether an app that runs by one spec need not be begun anew for the
// other.
func (s Spec) sameRun(other Spec) bool {
	for _, one := range []*Spec{&s, &other} {
		one.Publishing, one.Access, one.SCM = Publishing{}, restriction.Rules{}, restriction.Rules{}
	}
	return reflect.DeepEqual(s.normal(), other.normal())
}

func (s Spec) normal() Spec {
	if len(s.Settings) == 0 {
		s.Settings = nil
	}
	if len(s.Connections) == 0 {
		s.Connections = nil
	}
	if len(s.Identity.User) == 0 {
		s.Identity.User = nil
	}
	if len(s.CORS) == 0 {
		s.CORS = nil
	}
	return s
}

// Setting is a setting, its name compared without case.
func (s Spec) Setting(name string) string {
	if v, exact := s.Settings[name]; exact {
		return v
	}
	for _, key := range slices.Sorted(maps.Keys(s.Settings)) {
		if strings.EqualFold(key, name) {
			return s.Settings[key]
		}
	}
	return ""
}

// Settings that say where a package is and what is done with one.
const (
	RunFromPackage         = "WEBSITE_RUN_FROM_PACKAGE"
	runFromPackageIdentity = "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID"
	buildDuringDeployment  = "SCM_DO_BUILD_DURING_DEPLOYMENT"
	oryxBuild              = "ENABLE_ORYX_BUILD"
)

// builds reports whether deployments of the site build what they take. Both settings
// have to say so where both are there; one is enough.
func (s Spec) builds() bool {
	during, oryx := s.Setting(buildDuringDeployment), s.Setting(oryxBuild)
	return (isTrue(during) || during == "" && isTrue(oryx)) && (oryx == "" || isTrue(oryx))
}

func isTrue(text string) bool { return strings.EqualFold(text, "true") || text == "1" }

// connectionPrefixes are those of the environment's names of connection strings.
var connectionPrefixes = map[string]string{
	"custom": "CUSTOMCONNSTR_", "sqlazure": "SQLAZURECONNSTR_", "sqlserver": "SQLCONNSTR_", "mysql": "MYSQLCONNSTR_",
	"postgresql": "POSTGRESQLCONNSTR_",
}

// Environment is the site's settings as its programs see them: with the connection
// strings under the names that Azure gives them, and what the plan says apart.
func (s Spec) Environment() map[string]string {
	all := map[string]string{}
	for name, c := range s.Connections {
		prefix, known := connectionPrefixes[strings.ToLower(c.Type)]
		if !known {
			prefix = connectionPrefixes["custom"]
		}
		all[prefix+name], all["ConnectionStrings__"+name] = c.Value, c.Value
	}
	if s.Runtime != "" {
		all["FUNCTIONS_WORKER_RUNTIME"], all["FUNCTIONS_EXTENSION_VERSION"] = s.Runtime, "~4"
	}
	maps.Copy(all, s.Settings)
	return all
}

// CheckName refuses what is no name of a site: 2 to 60 letters, digits and hyphens.
func CheckName(name string) error {
	inner := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
	if len(name) < 2 || len(name) > 60 || inner != "" || strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-") {
		return fault.New(fault.Invalid, "site "+name, "a name has 2 to 60 letters, digits and hyphens, and no hyphen at its ends")
	}
	return nil
}

func (s Spec) json() json.RawMessage {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // texts always marshal
	}
	return text
}

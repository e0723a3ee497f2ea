package config

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Identity is the token issuer, who there is, and who may do what.
type Identity struct {
	Port         Port                    `yaml:"port"`         // TLS and plain HTTP on one port; default 8443
	Mode         string                  `yaml:"mode"`         // enforce or permissive; default: enforce from the first assignment on
	Assignments  []Assignment            `yaml:"assignments"`  //
	Applications map[string]Application  `yaml:"applications"` // by name
	UserAssigned map[string]UserAssigned `yaml:"userAssigned"` // by name
}

// Assignment gives a role to a principal.
type Assignment struct {
	Principal string `yaml:"principal"` // app:NAME, identity:NAME, application:NAME, developer, or an object or client id
	Role      string `yaml:"role"`      // a built-in role's name or id
	Scope     string `yaml:"scope"`     // / for everything, eventHubs/NAME[/HUB], cosmos/NAME[/DATABASE[/CONTAINER]], functions/APP, storage/NAME[/blob/CONTAINER], or a resource id
}

// Application is a program with credentials of its own.
type Application struct {
	ClientID    string      `yaml:"clientId"`    // GUID; default: one is made once
	Secret      string      `yaml:"secret"`      //
	Certificate string      `yaml:"certificate"` // PEM file, relative to the project's folder
	Federated   []Federated `yaml:"federated"`   // other issuers whose tokens are taken instead
}

// Federated is an issuer outside whose tokens prove an application.
type Federated struct {
	Issuer   string `yaml:"issuer"`
	Subject  string `yaml:"subject"`
	Audience string `yaml:"audience"` // default api://AzureADTokenExchange
	Keys     string `yaml:"keys"`     // file with the issuer's JSON Web Key Set
}

// DefaultAudience is what other issuers' tokens are for, as Azure wants it.
const DefaultAudience = "api://AzureADTokenExchange"

// UserAssigned is an identity that function apps may be.
type UserAssigned struct {
	ClientID string   `yaml:"clientId"` // GUID; default: one is made once
	Apps     []string `yaml:"apps"`     // function apps
}

// ResourceManager reports whether Resource Manager answers.
func (c *Config) ResourceManager() bool {
	if c.Arm != nil {
		return *c.Arm
	}
	return !c.HasFile
}

var (
	principalName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$`)
	guid          = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

func (v *validation) identity(c *Config) {
	i := &c.Identity
	v.oneOf("identity.mode", i.Mode, "enforce", "permissive")
	for n, a := range i.Assignments {
		for key, value := range map[string]string{"principal": a.Principal, "role": a.Role, "scope": a.Scope} {
			if value == "" {
				v.add(fmt.Sprintf("identity.assignments[%d]", n), "%s is missing", key)
			}
		}
	}
	v.twins("identity.applications", slices.Sorted(maps.Keys(i.Applications)))
	v.twins("identity.userAssigned", slices.Sorted(maps.Keys(i.UserAssigned)))
	for _, name := range slices.Sorted(maps.Keys(i.Applications)) {
		v.application(c, "identity.applications."+name, name, i.Applications[name])
	}
	for _, name := range slices.Sorted(maps.Keys(i.UserAssigned)) {
		path, u := "identity.userAssigned."+name, i.UserAssigned[name]
		v.principal(path, name, u.ClientID)
		for n, app := range u.Apps {
			if _, exists := c.Functions.Apps[app]; !exists {
				v.add(fmt.Sprintf("%s.apps[%d]", path, n), "there is no function app %q under functions.apps", app)
			}
		}
	}
}

// twins refuses names that differ only in case: nobody could say which is meant.
func (v *validation) twins(path string, names []string) {
	folded := map[string]string{}
	for _, name := range names {
		key := strings.ToLower(name)
		if other, twice := folded[key]; twice {
			v.add(path+"."+name, "differs from %s only in case; names are not case-sensitive", other)
		}
		folded[key] = name
	}
}

func (v *validation) principal(path, name, client string) {
	if !principalName.MatchString(name) {
		v.add(path, "a name has 1 to 64 letters, digits, dots, dashes and underscores, and begins and ends with a letter or digit")
	}
	if client != "" && !guid.MatchString(client) {
		v.add(path+".clientId", "%q is not a GUID such as 11111111-2222-3333-4444-555555555555", client)
	}
}

func (v *validation) application(c *Config, path, name string, a Application) {
	v.principal(path, name, a.ClientID)
	switch {
	case a.Secret == "" && a.Certificate == "" && len(a.Federated) == 0:
		v.add(path, "needs secret, certificate or federated to prove that it is itself")
	case a.Secret != "" && len(a.Secret) < minPassword:
		v.add(path+".secret", "has %d characters; at least %d keep guessers out", len(a.Secret), minPassword)
	}
	v.file(c, path+".certificate", a.Certificate)
	for n, f := range a.Federated {
		at := fmt.Sprintf("%s.federated[%d]", path, n)
		if f.Issuer == "" || f.Subject == "" || f.Keys == "" {
			v.add(at, "needs issuer, subject and keys (a file with the issuer's JSON Web Key Set)")
		}
		v.file(c, at+".keys", f.Keys)
	}
}

// file demands that a file which is named is there.
func (v *validation) file(c *Config, path, name string) {
	if name == "" {
		return
	}
	if info, err := os.Stat(c.File(name)); err != nil {
		v.absent(path, "file", err)
	} else if info.IsDir() {
		v.add(path, "%s is a folder", name)
	}
}

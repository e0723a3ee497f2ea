package config

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// DefaultAccount is the name of the namespace and of the account that localhost
// means, which stand directly under eventHubs and cosmos.
const DefaultAccount = "default"

// RootRule is the rule that every namespace has unless its rules are listed.
// Without a key one is made.
func RootRule(key string) SASRule {
	return SASRule{Name: EmulatorSASKeyName, Key: key, Rights: []string{"Listen", "Send", "Manage"}}
}

// NamedNamespace is a namespace, its name, and where it stands in the file.
type NamedNamespace struct {
	Name, Path string
	Namespace
}

// All are the default namespace and then the others by name.
func (e *EventHubs) All() []NamedNamespace {
	all := []NamedNamespace{{DefaultAccount, "eventHubs", e.Namespace}}
	for _, name := range slices.Sorted(maps.Keys(e.Namespaces)) {
		n := e.Namespaces[name]
		if len(n.Rules) == 0 {
			n.Rules = []SASRule{RootRule("")}
		}
		all = append(all, NamedNamespace{name, "eventHubs.namespaces." + name, n})
	}
	return all
}

// NamedAccount is a Cosmos DB account, its name, and where it stands in the file.
type NamedAccount struct {
	Name, Path string
	CosmosAccount
}

// All are the default account and then the others by name.
func (c *Cosmos) All() []NamedAccount {
	all := []NamedAccount{{DefaultAccount, "cosmos", c.CosmosAccount}}
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		all = append(all, NamedAccount{name, "cosmos.accounts." + name, c.Accounts[name]})
	}
	return all
}

// HubsAutoCreated reports whether a hub of the namespace comes to be on its first
// use. One that the file does not name is as the default one, where that says so: what
// Resource Manager made has what was made in it, and a hub that it deletes stays away.
func (c *Config) HubsAutoCreated(namespace string) bool {
	n := c.EventHubs.Namespace
	if named, ok := fold(c.EventHubs.Namespaces, namespace); ok {
		n = named
	}
	return auto(n.AutoCreate, !c.HasFile && strings.EqualFold(namespace, DefaultAccount))
}

// ContainersAutoCreated reports whether the containers of the account that
// functions name come to be when the functions start; of one that the file does not
// name as HubsAutoCreated.
func (c *Config) ContainersAutoCreated(account string) bool {
	a := c.Cosmos.CosmosAccount
	if named, ok := fold(c.Cosmos.Accounts, account); ok {
		a = named
	}
	return auto(a.AutoCreate, !c.HasFile && strings.EqualFold(account, DefaultAccount))
}

// fold finds a name without its case.
func fold[T any](m map[string]T, name string) (T, bool) {
	for n, v := range m {
		if strings.EqualFold(n, name) {
			return v, true
		}
	}
	var none T
	return none, false
}

// Names as Azure has them. They are the first part of a host name.
var (
	namespaceName     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$`)
	cosmosAccountName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,42}[a-z0-9]$`)
)

func (v *validation) namespaces(e *EventHubs) {
	v.distinct("eventHubs.namespaces", slices.Sorted(maps.Keys(e.Namespaces)))
	for _, n := range e.All()[1:] {
		lower := strings.ToLower(n.Name)
		switch {
		case !namespaceName.MatchString(n.Name):
			v.add(n.Path, "a namespace's name has 6 to 50 letters, digits and dashes, begins with a letter and ends with a letter or digit")
		case strings.HasSuffix(lower, "-sb"), strings.HasSuffix(lower, "-mgmt"):
			v.add(n.Path, "names that end in -sb or -mgmt are reserved by Azure")
		}
		v.reserved(n.Path, lower, "eventHubs")
		v.namespace(n.Path, n.Namespace)
	}
}

func (v *validation) accounts(c *Cosmos) {
	v.distinct("cosmos.accounts", slices.Sorted(maps.Keys(c.Accounts)))
	for _, a := range c.All()[1:] {
		if !cosmosAccountName.MatchString(a.Name) {
			v.add(a.Path, "an account's name has 3 to 44 lower-case letters, digits and dashes, and begins and ends with a letter or digit")
		}
		v.reserved(a.Path, a.Name, "cosmos")
		v.account(a.Path, a.CosmosAccount)
	}
}

// reserved refuses the names that mean something else already.
func (v *validation) reserved(path, name, section string) {
	if name == DefaultAccount || name == "localhost" {
		v.add(path, "%s is what localhost means: it stands directly under %s", name, section)
	}
}

// distinct refuses names that differ only in case, which host names do not.
func (v *validation) distinct(path string, names []string) {
	folded := map[string]string{}
	for _, name := range names {
		if other, dup := folded[strings.ToLower(name)]; dup {
			v.add(path+"."+name, "differs from %s only in case; names are not case-sensitive", other)
		}
		folded[strings.ToLower(name)] = name
	}
}

func (v *validation) namespace(path string, n Namespace) {
	rules := map[string]bool{}
	for i, r := range n.Rules {
		at := fmt.Sprintf("%s.rules[%d]", path, i)
		v.rule(at, r)
		id := r.Name + "/" + strings.ToLower(r.Hub)
		if rules[id] {
			v.add(at+".name", "%s is there twice", r.Name)
		}
		rules[id] = true
	}
	names := slices.Sorted(maps.Keys(n.Hubs))
	v.network(path, n.Network)
	v.distinct(path+".hubs", names)
	for _, name := range names {
		at := path + ".hubs." + name
		if !hubName.MatchString(name) {
			v.add(at, "a hub's name has 1 to 256 letters, digits, dots, dashes and underscores, and begins and ends with a letter or digit")
		}
		v.hub(at, n.Hubs[name])
	}
}

func (v *validation) account(path string, a CosmosAccount) {
	for key, value := range map[string]string{"key": a.Key, "secondaryKey": a.SecondaryKey} {
		if _, err := base64.StdEncoding.DecodeString(value); err != nil {
			v.add(path+"."+key, "is not base64")
		}
	}
	v.network(path, a.Network)
	v.oneOf(path+".consistency", a.Consistency, "Strong", "BoundedStaleness", "Session", "ConsistentPrefix", "Eventual")
	for _, db := range slices.Sorted(maps.Keys(a.Databases)) {
		for _, id := range slices.Sorted(maps.Keys(a.Databases[db].Containers)) {
			v.container(path+".databases."+db+".containers."+id, a.Databases[db].Containers[id])
		}
	}
}

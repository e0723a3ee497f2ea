package eventhubs

import (
	"fmt"
	"strings"
)

// Rights is a set of the three Event Hubs claims.
type Rights uint8

// The rights. Manage implies the other two, as the service requires of every
// rule that carries it.
const (
	Listen Rights = 1 << iota
	Send
	manage

	Manage = manage | Listen | Send
)

// Has reports whether r contains all of want.
func (r Rights) Has(want Rights) bool { return r&want == want }

// String lists the rights as the service spells them: "Listen,Send".
func (r Rights) String() string {
	var names []string
	for _, n := range []struct {
		right Rights
		name  string
	}{{manage, "Manage"}, {Send, "Send"}, {Listen, "Listen"}} {
		if r.Has(n.right) {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, ",")
}

// ParseRights turns names (Listen, Send, Manage, in any case) into a set.
func ParseRights(names []string) (Rights, error) {
	var r Rights
	for _, name := range names {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "listen":
			r |= Listen
		case "send":
			r |= Send
		case "manage":
			r |= Manage
		default:
			return 0, fmt.Errorf("right %q is not one of Listen, Send, Manage", name)
		}
	}
	return r, nil
}

// Rule is a shared access policy: a named key and what it may do.
type Rule struct {
	Name         string // "RootManageSharedAccessKey"
	Key          string // primary key, used as text and never decoded
	SecondaryKey string // may be empty
	Rights       Rights
	Hub          string // the only hub it is good for; empty for the whole namespace
}

// scope is the path the rule's grants reach: "" or the hub's lower-cased name.
func (r Rule) scope() string { return strings.ToLower(r.Hub) }

// keys returns the rule's non-empty keys.
func (r Rule) keys() []string {
	keys := make([]string, 0, 2)
	for _, k := range []string{r.Key, r.SecondaryKey} {
		if k != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

// Validate refuses a rule that could never grant anything.
func (r Rule) Validate() error {
	switch {
	case r.Name == "":
		return fmt.Errorf("a shared access rule has no name")
	case r.Key == "":
		return fmt.Errorf("shared access rule %q has no key", r.Name)
	case r.Rights == 0:
		return fmt.Errorf("shared access rule %q has no rights", r.Name)
	}
	return nil
}

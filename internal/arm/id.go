package arm

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
)

// maxID bounds an id's text, in bytes; Azure's longest are shorter.
const maxID = 2048

// ID is a resource id, taken apart:
//
//	/subscriptions/S/resourceGroups/G/providers/P/T1/N1/T2/N2
//	└───────────── Scope ───────────┘
//
// The zero ID is the tenant. One without a provider is what its scope is. An
// extension (a lock, a role assignment) has the id of what it is about as its scope.
// With one type more than names it is a collection, or an action.
type ID struct {
	Scope    string
	Provider string
	Types    []string
	Names    []string

	shown []string // the names that answers have, where they are others; see Type.Same
}

// ParseID takes an id apart. Keywords are compared without case; names and types
// keep theirs.
func ParseID(text string) (ID, error) {
	if len(text) > maxID {
		return ID{}, tooLong(len(text))
	}
	id, err := parseID(text)
	if n := len(id.String()); err == nil && n > maxID { // as it is written, with its first slash and escapes
		return ID{}, tooLong(n)
	}
	return id, err
}

func tooLong(bytes int) error {
	return fault.New(fault.Invalid, "resource id", "it has %d bytes; at most %d are read", bytes, maxID)
}

func parseID(text string) (ID, error) {
	p := idParser{text: text, rest: strings.Split(strings.Trim(text, "/"), "/")}
	if strings.Trim(text, "/") == "" {
		return ID{}, nil
	}
	for _, s := range p.rest {
		if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return ID{}, p.bad("a segment of it is empty or holds control characters")
		}
	}
	return p.parse()
}

type idParser struct {
	text string
	rest []string
}

func (p *idParser) bad(why string) error {
	return fault.New(fault.Invalid, "resource id "+p.text, "%s", why)
}

func (p *idParser) keyword(word string) bool {
	return len(p.rest) > 0 && strings.EqualFold(p.rest[0], word)
}

// take removes n segments and returns them as a path.
func (p *idParser) take(n int) string {
	taken := "/" + strings.Join(p.rest[:n], "/")
	p.rest = p.rest[n:]
	return taken
}

func (p *idParser) parse() (id ID, err error) {
	if p.keyword("subscriptions") && len(p.rest) > 1 {
		id.Scope = "/subscriptions/" + p.rest[1]
		p.rest = p.rest[2:]
		if p.keyword("resourceGroups") && len(p.rest) > 1 {
			id.Scope += "/resourceGroups/" + p.rest[1]
			p.rest = p.rest[2:]
		}
	}
	for len(p.rest) > 0 {
		if !p.keyword("providers") || len(p.rest) < 2 {
			return ID{}, p.bad("after a subscription or a group come providers/NAMESPACE and pairs of a type and a name")
		}
		if id.Provider != "" {
			id = ID{Scope: id.String()}
		}
		id.Provider = p.rest[1]
		p.take(2)
		p.pairs(&id)
		if len(id.Types) > len(id.Names) && len(p.rest) > 0 {
			return ID{}, p.bad("the name after " + id.Types[len(id.Types)-1] + " is missing")
		}
	}
	return id, nil
}

// pairs reads types and names up to the next provider.
func (p *idParser) pairs(id *ID) {
	for len(p.rest) > 0 && (!p.keyword("providers") || len(p.rest) < 2) {
		id.Types = append(id.Types, p.rest[0])
		p.take(1)
		if len(p.rest) == 0 {
			return
		}
		id.Names = append(id.Names, identity.Unsegment(p.rest[0]))
		p.take(1)
	}
}

// String puts the id together.
func (id ID) String() string {
	var b strings.Builder
	b.WriteString(id.Scope)
	if id.Provider != "" {
		b.WriteString("/providers/" + id.Provider)
	}
	for n, typ := range id.Types {
		b.WriteString("/" + typ)
		if n < len(id.Names) {
			b.WriteString("/" + identity.Segment(id.Names[n]))
		}
	}
	return b.String()
}

// Key is equal for ids that mean one resource.
func (id ID) Key() string { return strings.ToLower(id.String()) }

// Type is the provider and all types: Microsoft.EventHub/namespaces/eventhubs.
func (id ID) Type() string {
	return strings.Join(append([]string{id.Provider}, id.Types...), "/")
}

// Name is the last name, or "".
func (id ID) Name() string {
	if len(id.Names) == 0 {
		return ""
	}
	return id.Names[len(id.Names)-1]
}

// Path is the names, as catalogues of engines name what is in an account.
func (id ID) Path() string { return strings.Join(id.Names, "/") }

// Collection reports whether the last name is missing.
func (id ID) Collection() bool { return len(id.Types) > len(id.Names) }

// Subscription is the subscription's GUID, or "".
func (id ID) Subscription() string { return id.under("subscriptions") }

// Group is the resource group's name, or "".
func (id ID) Group() string { return id.under("resourceGroups") }

func (id ID) under(word string) string {
	segments := strings.Split(strings.Trim(id.Scope, "/"), "/")
	for n := 0; n+1 < len(segments) && n < 4; n += 2 {
		if strings.EqualFold(segments[n], word) {
			return segments[n+1]
		}
	}
	return ""
}

// Parent is what the resource is in, by its own types: false for one whose parent is
// its scope.
func (id ID) Parent() (ID, bool) {
	if len(id.Types) < 2 {
		return ID{}, false
	}
	n := len(id.Types) - 1
	id.Types, id.Names = id.Types[:n], id.Names[:min(len(id.Names), n)]
	id.shown = id.shown[:min(len(id.shown), n)]
	return id, true
}

// Root is the outermost resource of the id's own types.
func (id ID) Root() ID {
	if len(id.Types) > 0 && len(id.Names) > 0 {
		id.Types, id.Names, id.shown = id.Types[:1], id.Names[:1], nil
	}
	return id
}

// Child is something in the resource.
func (id ID) Child(typ, name string) ID { return id.In(typ).Called(name) }

// In is the collection of a type in the resource.
func (id ID) In(typ string) ID {
	id.Types = append(id.Types[:len(id.Types):len(id.Types)], typ)
	return id
}

// Called is the resource of a name in a collection.
func (id ID) Called(name string) ID {
	if id.shown != nil {
		id.shown = append(id.shown[:len(id.shown):len(id.shown)], name)
	}
	id.Names = append(id.Names[:len(id.Names):len(id.Names)], name)
	return id
}

// Shown is the id with another last name in answers.
func (id ID) Shown(name string) ID {
	if id.Name() != name {
		id.shown = append(id.Names[:len(id.Names)-1:len(id.Names)-1], name)
	}
	return id
}

// about is what an extension is about: the resource of its scope.
func (id ID) about() (ID, bool) {
	at, err := ParseID(id.Scope)
	return at, err == nil && at.Provider != ""
}

// GroupID is the id of a resource group.
func GroupID(subscription, group string) ID {
	return ID{Scope: "/subscriptions/" + subscription + "/resourceGroups/" + group}
}

package identity

import (
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Group is the resource group of what no other one was asked for: all that comes from
// lazuli.yaml and from the first use by name.
const Group = "lazuli"

// maxScope bounds a scope's text and the id that it means, in bytes; Azure's longest ids are shorter.
const maxScope = 2048

// kindOfScope is how ids of one type of account go on below the account, and
// what the type is called in short.
type kindOfScope struct {
	typ   string   // Microsoft.EventHub/namespaces
	short string   // eventHubs
	below []string // eventhubs, consumergroups: each is followed by a name
	// parts are the services of an account that has several, by what each is called
	// in short: blob is blobServices/default/containers.
	parts [][2]string
}

func kindsOfScope() []kindOfScope {
	return []kindOfScope{
		{typ: "Microsoft.EventHub/namespaces", short: "eventHubs", below: []string{"eventhubs", "consumergroups"}},
		{typ: "Microsoft.DocumentDB/databaseAccounts", short: "cosmos", below: []string{"dbs", "colls"}},
		{typ: "Microsoft.Web/sites", short: "functions", below: []string{"functions"}},
		{typ: "Microsoft.Storage/storageAccounts", short: "storage", parts: [][2]string{
			{"blob", "blobServices/default/containers"}, {"queue", "queueServices/default/queues"}, {"table", "tableServices/default/tables"},
		}},
	}
}

// Scope builds the Azure resource id of something: an account of a type, or
// what is in it by the names of its path (HUB, GROUP; DATABASE, CONTAINER).
// For a type that identity does not know, path is the id's own segments.
func (i *Identity) Scope(typ, account string, path ...string) string {
	var b strings.Builder
	b.WriteString(i.root)
	b.WriteString("/resourceGroups/" + i.groupOf(typ, account) + "/providers/")
	b.WriteString(typ + "/" + Segment(account))
	var below []string
	for _, k := range kindsOfScope() {
		if k.typ == typ {
			below = k.below
		}
	}
	for n, name := range path {
		if n < len(below) {
			b.WriteString("/" + below[n])
		}
		b.WriteString("/" + Segment(name))
	}
	return b.String()
}

// Segment is a name as one segment of an id, whatever is in it.
func Segment(name string) string {
	if !strings.ContainsAny(name, "/%") {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "%", "%25"), "/", "%2F")
}

// Unsegment is the name of a segment.
func Unsegment(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return strings.NewReplacer("%2F", "/", "%2f", "/", "%25", "%").Replace(s)
}

// ParseScope reads a scope as people write it: a resource id of this
// subscription, or in short / (the whole subscription), eventHubs/NAME[/HUB],
// cosmos/NAME[/DATABASE[/CONTAINER]], functions/APP, storage/NAME[/blob/CONTAINER]
// (queue/QUEUE, table/TABLE).
func (i *Identity) ParseScope(text string) (string, error) {
	switch {
	case text == "":
		return "", badScope(text, "it is empty")
	case len(text) > maxScope:
		return "", badScope(text[:40]+"…", "it has %d bytes; at most %d", len(text), maxScope)
	case text == "/":
		return i.root, nil
	}
	segments := strings.Split(strings.Trim(text, "/"), "/")
	for _, s := range segments {
		if s == "" || s == "." || s == ".." || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", badScope(text, "one of its parts is empty, . or .., or has control characters")
		}
	}
	parse := i.shortScope
	if strings.HasPrefix(text, "/") {
		parse = i.fullScope
	}
	scope, err := parse(text, segments)
	if len(scope) > maxScope {
		return "", badScope(text[:40]+"…", "its resource id has %d bytes; at most %d", len(scope), maxScope)
	}
	return scope, err
}

func (i *Identity) shortScope(text string, segments []string) (string, error) {
	for _, k := range kindsOfScope() {
		if !same(segments[0], k.short) {
			continue
		}
		switch names := segments[1:]; {
		case len(names) == 0:
			return "", badScope(text, "the name is missing: %s/NAME", k.short)
		case k.parts != nil:
			return i.partScope(text, k, names)
		case len(names) > 1+len(k.below):
			return "", badScope(text, "it has %d names; at most %d", len(names), 1+len(k.below))
		default:
			return i.Scope(k.typ, names[0], names[1:]...), nil
		}
	}
	return "", badScope(text, "write / for everything, eventHubs/NAME[/HUB], cosmos/NAME[/DATABASE[/CONTAINER]], functions/APP, storage/NAME[/blob/CONTAINER], or a resource id that begins with /subscriptions")
}

// partScope is the scope of ACCOUNT, or of ACCOUNT/PART/NAME.
func (i *Identity) partScope(text string, k kindOfScope, names []string) (string, error) {
	if len(names) == 1 {
		return i.Scope(k.typ, names[0]), nil
	}
	for _, part := range k.parts {
		if len(names) == 3 && same(names[1], part[0]) {
			return i.Scope(k.typ, names[0], append(strings.Split(part[1], "/"), names[2])...), nil
		}
	}
	return "", badScope(text, "write %s/NAME, or %s/NAME/blob/CONTAINER, …/queue/QUEUE or …/table/TABLE", k.short, k.short)
}

// shortPart is what follows an account in short, given what follows it in an id.
func (k kindOfScope) shortPart(rest string) (string, bool) {
	for _, part := range k.parts {
		if len(rest) > len(part[1])+1 && same(rest[:len(part[1])+1], part[1]+"/") && !strings.Contains(rest[len(part[1])+1:], "/") {
			return part[0] + "/" + Unsegment(rest[len(part[1])+1:]), true
		}
	}
	return "", false
}

// fullScope checks a resource id: /subscriptions/S, then the group, then a
// provider and pairs of type and name.
func (i *Identity) fullScope(text string, segments []string) (string, error) {
	root := strings.Split(strings.Trim(i.root, "/"), "/")
	switch {
	case len(segments) < 2 || !same(segments[0], root[0]):
		return "", badScope(text, "a resource id begins with /subscriptions/ID")
	case !same(segments[1], root[1]):
		return "", badScope(text, "this project's subscription is %s", root[1])
	case len(segments) > 2 && !same(segments[2], "resourceGroups"):
		return "", badScope(text, "%s does not follow a subscription; resourceGroups does", segments[2])
	case len(segments) == 3:
		return "", badScope(text, "the resource group's name is missing")
	case len(segments) > 3 && !i.groupExists(segments[3]):
		return "", badScope(text, "there is no resource group %s", segments[3])
	case len(segments) > 4 && (!same(segments[4], "providers") || len(segments) < 8 || len(segments)%2 != 0):
		return "", badScope(text, "after the resource group come /providers/PROVIDER and pairs of a type and a name")
	}
	i.canonical(segments)
	scope := "/" + strings.Join(segments, "/")
	if typ, name, ok := i.accountOf(scope); ok && len(segments) > 7 {
		if in := i.groupOf(typ, name); !same(in, segments[3]) && i.exists != nil && i.exists(typ, name, nil) == nil {
			return "", badScope(text, "%s is in the resource group %s", name, in)
		}
	}
	return scope, nil
}

// canonical writes the words of a resource id as Scope does, and names with their
// escapes, so that one thing has one id whoever wrote it.
func (i *Identity) canonical(segments []string) {
	for n, word := range []string{"subscriptions", strings.TrimPrefix(i.root, "/subscriptions/"), "resourceGroups", "", "providers"} {
		if n < len(segments) && word != "" {
			segments[n] = word
		}
	}
	if len(segments) < 8 {
		return
	}
	names := segments[7:]
	for _, k := range kindsOfScope() {
		if !same(segments[5]+"/"+segments[6], k.typ) {
			continue
		}
		segments[5], segments[6], _ = strings.Cut(k.typ, "/")
		for n := 0; n < len(names); n += 2 {
			names[n] = Segment(Unsegment(names[n]))
			if n/2 < len(k.below) && n+1 < len(names) && same(names[n+1], k.below[n/2]) {
				names[n+1] = k.below[n/2]
			}
		}
		for _, part := range k.parts {
			if len(names) > 4 && same(strings.Join(names[1:4], "/"), part[1]) {
				copy(names[1:4], strings.Split(part[1], "/"))
			}
		}
	}
}

func badScope(text, format string, args ...any) error {
	return fault.New(fault.Invalid, "scope "+quote(text), "%s", fmt.Sprintf(format, args...))
}

// Short is a scope as ParseScope takes it in the fewest words.
func (i *Identity) Short(scope string) string {
	if same(scope, i.root) {
		return "/"
	}
	group, below, _ := i.inGroup(scope)
	for _, k := range kindsOfScope() {
		if !within(below, k.typ) || len(below) == len(k.typ) {
			continue
		}
		segments := strings.Split(below[len(k.typ)+1:], "/")
		if !same(group, i.groupOf(k.typ, Unsegment(segments[0]))) {
			return scope // the short form means the account of that name, which is elsewhere
		}
		names := k.short + "/" + Unsegment(segments[0])
		if k.parts != nil && len(segments) > 1 {
			part, ok := k.shortPart(strings.Join(segments[1:], "/"))
			if !ok {
				return scope
			}
			return names + "/" + part
		}
		for n := 1; n+1 < len(segments); n += 2 {
			if n/2 >= len(k.below) || !same(segments[n], k.below[n/2]) {
				return scope
			}
			names += "/" + Unsegment(segments[n+1])
		}
		if len(segments)%2 == 0 || strings.Contains(scope, "%2F") {
			return scope
		}
		return names
	}
	return scope
}

// accountOf is the account that a scope is, or is in; false for one above all
// accounts, or of a type that identity does not know.
func (i *Identity) accountOf(scope string) (typ, name string, ok bool) {
	_, below, _ := i.inGroup(scope)
	for _, k := range kindsOfScope() {
		if within(below, k.typ) && len(below) > len(k.typ) {
			name, _, _ = strings.Cut(below[len(k.typ)+1:], "/")
			return k.typ, Unsegment(name), true
		}
	}
	return "", "", false
}

// inGroup takes the id of something in a resource group apart: the group, and what
// follows /providers/.
func (i *Identity) inGroup(scope string) (group, below string, ok bool) {
	prefix := i.root + "/resourceGroups/"
	if len(scope) <= len(prefix) || !same(scope[:len(prefix)], prefix) {
		return "", "", false
	}
	group, rest, _ := strings.Cut(scope[len(prefix):], "/")
	word, below, ok := strings.Cut(rest, "/")
	if !ok || !same(word, "providers") {
		return "", "", false
	}
	return group, below, true
}

// groupOf is the resource group that an account is in.
func (i *Identity) groupOf(typ, account string) string {
	if typ == userAssignedType {
		return i.identityGroup(account)
	}
	if i.group != nil {
		if g := i.group(typ, account); g != "" {
			return g
		}
	}
	return Group
}

func (i *Identity) groupExists(name string) bool {
	return same(name, Group) || i.groups != nil && i.groups(name)
}

// Word is Short as one word of a command line.
func (i *Identity) Word(scope string) string { return quote(i.Short(scope)) }

// Step is a type and a name below an account in a resource id.
type Step struct{ Type, Name string }

// Steps takes a scope apart: the account's type and name, and what is below it;
// false for one above all accounts, or of a type that identity does not know.
func (i *Identity) Steps(scope string) (typ, name string, below []Step, ok bool) {
	typ, name, ok = i.accountOf(scope)
	if !ok {
		return "", "", nil, false
	}
	_, path, _ := i.inGroup(scope)
	segments := strings.Split(path, "/")[3:] // after provider, type and name
	for n := 0; n+1 < len(segments); n += 2 {
		below = append(below, Step{segments[n], Unsegment(segments[n+1])})
	}
	return typ, name, below, true
}

// within reports whether an id is a scope or below it, by segments and without
// case (of ASCII letters: names are those). Names of databases and containers,
// behind /dbs/, have a case that counts: db/C is another container than db/c.
func within(id, scope string) bool {
	last := len(scope) - 1
	if len(id) <= last || len(id) > len(scope) && id[len(scope)] != '/' || last >= 0 && lower(id[last]) != lower(scope[last]) {
		return false // ids begin alike and end in what tells them apart
	}
	exact := len(scope)
	for n := range len(scope) {
		if id[n] != scope[n] && (n >= exact || lower(id[n]) != lower(scope[n])) {
			return false
		}
		if scope[n] == '/' && exact == len(scope) && n+len(databases) <= len(scope) && same(scope[n:n+len(databases)], databases) {
			exact = n + len(databases)
		}
	}
	return true
}

// same compares without the case of ASCII letters, as ids are: strings.EqualFold
// takes ſ for an s as well.
func same(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for n := range len(a) {
		if lower(a[n]) != lower(b[n]) {
			return false
		}
	}
	return true
}

// databases begins the part of a Cosmos DB scope that is compared exactly.
const databases = "/dbs/"

// ofCosmos reports whether a scope is an account, database or container.
func (i *Identity) ofCosmos(scope string) bool {
	_, below, _ := i.inGroup(scope)
	return within(below, cosmos) && len(below) > len(cosmos)
}

// quote puts a text into quotes where a shell would take it apart.
func quote(s string) string {
	plain := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+=,"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return `'` + strings.ReplaceAll(s, `'`, `'\''`) + `'`
}

package identity

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// memory is a store that keeps what it is given, and fails when told to.
type memory struct {
	mu    sync.Mutex
	text  []byte // guarded by mu
	saves int
	fail  error
}

func (m *memory) Load() ([]byte, error) { m.mu.Lock(); defer m.mu.Unlock(); return m.text, nil }
func (m *memory) Save(text []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.text, m.saves = text, m.saves+1
	return nil
}

func project() Declared {
	return Declared{
		Apps:         []string{"telemetry", "alarms"},
		UserAssigned: []Assignable{{Named{Name: "pipeline"}, []string{"telemetry"}}},
		Applications: []Named{{Name: "ci", ClientID: "11111111-2222-3333-4444-555555555555"}},
	}
}

func open(t testing.TB, s Store, d Declared, told ...func(Refusal)) *Identity {
	t.Helper()
	o := Options{Store: s, Declared: d}
	for _, f := range told {
		o.Refused = f
	}
	i, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (i *Identity) caller(t testing.TB, name string) Caller {
	t.Helper()
	p, err := i.Principal(name)
	if err != nil {
		t.Fatal(err)
	}
	return p.Caller
}

const (
	send    = "Microsoft.EventHub/namespaces/messages/send/action"
	receive = "Microsoft.EventHub/namespaces/messages/receive/action"
	upsert  = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/upsert"
)

func TestDeveloperOwnsEverything(t *testing.T) {
	i := open(t, &memory{}, Declared{Mode: Enforce})
	me := i.caller(t, "developer")
	for _, action := range []string{send, upsert, "Microsoft.Authorization/roleAssignments/write", "Microsoft.Web/sites/delete"} {
		if err := i.Check(me, action, i.Scope("Microsoft.EventHub/namespaces", "default", "h")); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
	if held := i.Held(""); len(held) != 1 || held[0].From != FromDefault || held[0].Short != "/" {
		t.Errorf("held: %+v", held)
	}
}

func TestRoleReachesItsScopeAndNoFurther(t *testing.T) {
	i := open(t, &memory{}, project())
	app := i.caller(t, "app:telemetry")
	if _, err := i.Assign("app:telemetry", "azure event hubs data sender", "eventHubs/Default/Hub"); err != nil {
		t.Fatal(err)
	}
	hub := func(path ...string) string { return i.Scope("Microsoft.EventHub/namespaces", path[0], path[1:]...) }
	for _, c := range []struct {
		action, scope string
		want          bool
	}{
		{send, hub("default", "hub"), true},
		{strings.ToUpper(send), strings.ToUpper(hub("default", "hub")), true},
		{send, hub("default", "hub", "group"), true},
		{receive, hub("default", "hub"), false},
		{send, hub("default", "hub2"), false}, // a prefix by letters, not by segments
		{send, hub("default", "hu"), false},
		{send, hub("default"), false},
		{send, hub("other", "hub"), false},
		{send, hub("default", "hub/../hub"), false},
		{send, "/subscriptions/" + i.Subscription(), false},
		{send, "", false},
		{"", hub("default", "hub"), false},
	} {
		err := i.Check(app, c.action, c.scope)
		if (err == nil) != c.want || err != nil && !fault.Is(err, fault.Forbidden) || i.May(app, c.action, c.scope) != c.want {
			t.Errorf("%s at %s: %v, want %v", c.action, c.scope, err, c.want)
		}
	}
	if !i.MaySomewhere(app, send, hub("default")) || i.MaySomewhere(app, receive, hub("default")) || i.MaySomewhere(app, send, hub("other")) {
		t.Error("MaySomewhere does not look into the scope")
	}
	if i.May(i.caller(t, "app:alarms"), send, hub("default", "hub")) {
		t.Error("another app has the role")
	}
	if i.May(Caller{ObjectID: "nobody", Name: "developer"}, send, hub("default", "hub")) {
		t.Error("a name opens something")
	}
}

// TestNoDataForManagers: Owner and Contributor manage, and read no data.
func TestNoDataForManagers(t *testing.T) {
	for _, c := range []struct {
		role, action string
		want         bool
	}{
		{"Owner", send, false},
		{"Contributor", upsert, false},
		{"Owner", "Microsoft.Authorization/roleAssignments/write", true},
		{"Contributor", "Microsoft.Authorization/roleAssignments/write", false},
		{"Contributor", "Microsoft.Authorization/roleAssignments/read", true},
		{"Contributor", "Microsoft.EventHub/namespaces/eventhubs/write", true},
		{"Reader", "Microsoft.EventHub/namespaces/eventhubs/read", true},
		{"Reader", "Microsoft.EventHub/namespaces/eventhubs/write", false},
		{"Reader", "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read", false},
		{"Azure Event Hubs Data Owner", send, true},
		{"Azure Event Hubs Data Owner", "Microsoft.EventHub/namespaces/eventhubs/delete", true},
		{"Azure Event Hubs Data Owner", upsert, false},
		{"Storage Blob Data Reader", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", true},
		{"Storage Blob Data Reader", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write", false},
		{"Storage Blob Data Reader", "Microsoft.Storage/storageAccounts/blobServices/containers/read", true},
		{"Monitoring Metrics Publisher", "Microsoft.Insights/Telemetry/Write", true},
		{"Key Vault Secrets User", "Microsoft.KeyVault/vaults/secrets/setSecret/action", false},
	} {
		r, err := FindRole(c.role)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.allows(c.action, isData(c.action)); got != c.want {
			t.Errorf("%s, %s: %v", c.role, c.action, got)
		}
	}
}

// TestCosmosRoles: its reader reads, its contributor writes, and neither stands
// anywhere but on an account, a database or a container.
func TestCosmosRoles(t *testing.T) {
	i := open(t, &memory{}, project())
	const prefix = "Microsoft.DocumentDB/databaseAccounts/"
	reads := []string{"readMetadata", "sqlDatabases/containers/executeQuery", "sqlDatabases/containers/readChangeFeed", "sqlDatabases/containers/items/read"}
	writes := []string{"executeStoredProcedure", "manageConflicts", "items/create", "items/replace", "items/upsert", "items/delete"}
	if _, err := i.Assign("app:telemetry", "Cosmos DB Built-in Data Reader", "cosmos/default/d"); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Assign("app:alarms", "00000000-0000-0000-0000-000000000002", "cosmos/default/d/c"); err != nil {
		t.Fatal(err)
	}
	at := i.Scope("Microsoft.DocumentDB/databaseAccounts", "default", "d", "c")
	if !strings.HasSuffix(at, "/databaseAccounts/default/dbs/d/colls/c") {
		t.Errorf("scope %s", at)
	}
	reader, writer := i.caller(t, "app:telemetry"), i.caller(t, "app:alarms")
	for _, a := range reads {
		if !i.May(reader, prefix+a, at) || !i.May(writer, prefix+a, at) {
			t.Errorf("%s is refused", a)
		}
	}
	for _, a := range writes {
		if i.May(reader, prefix+"sqlDatabases/containers/"+a, at) || !i.May(writer, prefix+"sqlDatabases/containers/"+a, at) {
			t.Errorf("%s: reader %v, writer %v", a, i.May(reader, prefix+a, at), i.May(writer, prefix+a, at))
		}
	}
	if i.May(writer, prefix+"sqlDatabases/containers/write", at) || i.May(writer, upsert, i.Scope("Microsoft.DocumentDB/databaseAccounts", "default", "d", "other")) {
		t.Error("the contributor reaches further")
	}
	for _, scope := range []string{"/", "eventHubs/default", "/subscriptions/" + i.Subscription() + "/resourceGroups/lazuli"} {
		if _, err := i.Assign("app:alarms", "Cosmos DB Built-in Data Contributor", scope); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "cosmos/NAME") {
			t.Errorf("%s: %v", scope, err)
		}
	}
}

func TestModes(t *testing.T) {
	grant := []Grant{{Principal: "app:alarms", Role: "Reader", Scope: "/", Path: "identity.assignments[0]"}}
	for _, c := range []struct {
		mode   Mode
		grants []Grant
		want   Mode
	}{{"", nil, Permissive}, {"", grant, Enforce}, {Permissive, grant, Permissive}, {Enforce, nil, Enforce}} {
		d := project()
		d.Mode, d.Assignments = c.mode, c.grants
		i := open(t, &memory{}, d)
		if i.Mode() != c.want {
			t.Errorf("mode %q, %d assignments: %s", c.mode, len(c.grants), i.Mode())
		}
		if err := i.Check(i.caller(t, "app:telemetry"), send, "/subscriptions/"+i.Subscription()); (err == nil) != (c.want == Permissive) {
			t.Errorf("mode %s: %v", c.want, err)
		}
		if r := i.Refusals(); len(r) != 1 || r[0].LetPass != (c.want == Permissive) {
			t.Errorf("mode %s: %+v", c.want, r)
		}
	}
	s := &memory{}
	i := open(t, s, project())
	a, err := i.Assign("app:alarms", "Reader", "/")
	if err != nil || i.Mode() != Enforce {
		t.Errorf("after the first assignment: %s, %v", i.Mode(), err)
	}
	if _, err := i.RemoveID(a.ID); err != nil || i.Mode() != Enforce {
		t.Errorf("after the last one went everybody may do everything: %s, %v", i.Mode(), err)
	}
	if i = open(t, s, project()); i.Mode() != Enforce {
		t.Error("after a restart as well")
	}
	d := project()
	d.Mode = Permissive
	if i = open(t, s, d); i.Mode() != Permissive {
		t.Error("nothing opens it again")
	}
	if _, err := Open(Options{Store: &memory{}, Declared: Declared{Mode: "strict"}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an unknown mode: %v", err)
	}
}

// TestRefusalTellsTheCommand that grants exactly what was missing.
func TestRefusalTellsTheCommand(t *testing.T) {
	for _, c := range []struct{ action, scope, want string }{
		{send, "eventHubs/default/h", "lazuli role assign app:telemetry 'Azure Event Hubs Data Sender' eventHubs/default/h"},
		{receive, "eventHubs/default/h", "lazuli role assign app:telemetry 'Azure Event Hubs Data Receiver' eventHubs/default/h"},
		{"Microsoft.EventHub/namespaces/messages/manage/action", "eventHubs/default", "lazuli role assign app:telemetry 'Azure Event Hubs Data Owner' eventHubs/default"},
		{upsert, "cosmos/default/my db/c", "lazuli role assign app:telemetry 'Cosmos DB Built-in Data Contributor' 'cosmos/default/my db/c'"},
		{"Microsoft.DocumentDB/databaseAccounts/readMetadata", "cosmos/default", "lazuli role assign app:telemetry 'Cosmos DB Built-in Data Reader' cosmos/default"},
		{"Microsoft.Web/sites/restart/action", "functions/telemetry", "lazuli role assign app:telemetry Contributor functions/telemetry"},
	} {
		d := project()
		d.Mode = Enforce
		i := open(t, &memory{}, d)
		me := i.caller(t, "app:telemetry")
		scope, err := i.ParseScope(c.scope)
		if err != nil {
			t.Fatal(err)
		}
		err = i.Check(me, c.action, scope)
		for _, part := range []string{"app:telemetry", me.ObjectID, c.action, scope, c.want} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v does not say %s", err, part)
			}
		}
		if got := i.Refusals()[0].Command; got != c.want {
			t.Errorf("command %s, want %s", got, c.want)
		}
		words := strings.Split(strings.TrimPrefix(c.want, "lazuli role assign app:telemetry "), "' ")
		if len(words) == 1 {
			words = strings.Fields(words[0])
		}
		if _, err := i.Assign("app:telemetry", strings.Trim(words[0], "'"), strings.Trim(words[1], "'")); err != nil {
			t.Fatal(err)
		}
		if err := i.Check(me, c.action, scope); err != nil {
			t.Errorf("after the command: %v", err)
		}
	}
}

// TestRefusalsAreBounded: the same is counted, told once a minute, and the
// oldest goes.
func TestRefusalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		i := open(t, &memory{}, project(), func(Refusal) { told++ })
		me, root := i.caller(t, "app:alarms"), "/subscriptions/"+i.Subscription()
		for range 50 {
			if err := i.Check(me, send, root); err != nil {
				t.Fatal(err)
			}
		}
		if r := i.Refusals(); told != 1 || len(r) != 1 || r[0].Count != 50 || !r[0].LetPass {
			t.Errorf("told %d times: %+v", told, r)
		}
		time.Sleep(quiet)
		if _ = i.Check(me, send, root); told != 2 {
			t.Errorf("a minute later it was told %d times", told)
		}
		for n := range 3 * maxRefusals {
			_ = i.Check(me, send, fmt.Sprintf("%s/%d", root, n))
		}
		r := i.Refusals()
		if len(r) != maxRefusals || !strings.HasSuffix(r[0].Scope, "/299") {
			t.Errorf("%d remembered, the newest %+v", len(r), r[0])
		}
	})
}

// TestDeclaredAssignmentsFollowTheFile and leave those of commands alone.
func TestDeclaredAssignmentsFollowTheFile(t *testing.T) {
	s := &memory{}
	d := project()
	d.Assignments = []Grant{{"app:telemetry", "Azure Event Hubs Data Sender", "/", "a"}, {"application:ci", "Reader", "/", "b"}}
	i := open(t, s, d)
	if _, err := i.Assign("app:alarms", "Reader", "eventHubs/default"); err != nil {
		t.Fatal(err)
	}
	again, err := i.Assign("APP:alarms", "reader", "eventHubs/DEFAULT")
	if err != nil {
		t.Fatal(err)
	}
	kept := i.Held("app:telemetry")[0].ID
	if _, err := i.Remove("app:telemetry", "Azure Event Hubs Data Sender", "/"); !fault.Is(err, fault.Conflict) {
		t.Errorf("a declared one was removed: %v", err)
	}
	d.Assignments = append(d.Assignments[:1], Grant{"identity:pipeline", "Owner", "functions/telemetry", "c"})
	i = open(t, s, d)
	var got []string
	for _, h := range i.Held("") {
		got = append(got, h.Principal+" "+h.Role+" "+h.Short+" "+h.From)
	}
	want := "developer Project Owner / default;app:telemetry Azure Event Hubs Data Sender / project;app:alarms Reader eventHubs/default command;identity:pipeline Owner functions/telemetry project"
	if strings.Join(got, ";") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, ";"), want)
	}
	if i.Held("app:telemetry")[0].ID != kept || i.Held("app:alarms")[0].ID != again.ID {
		t.Error("ids changed")
	}
	saves := s.saves
	if open(t, s, d); s.saves != saves {
		t.Error("a start that changes nothing writes")
	}
}

// TestAppThatLeftComesBack with its ids and what commands gave it; meanwhile it
// is nobody.
func TestAppThatLeftComesBack(t *testing.T) {
	s := &memory{}
	i := open(t, s, project())
	me := i.caller(t, "app:alarms")
	if _, err := i.Assign("app:alarms", "Azure Event Hubs Data Owner", "/"); err != nil {
		t.Fatal(err)
	}
	root := "/subscriptions/" + i.Subscription()
	i = open(t, s, Declared{Apps: []string{"telemetry"}})
	if _, known := i.Caller(me.ObjectID); known || i.May(me, send, root) {
		t.Error("an app that is not in the project may still do things")
	}
	if _, err := i.Principal("app:alarms"); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "developer, app:telemetry") {
		t.Errorf("%v", err)
	}
	if h := i.Held("app:alarms"); len(h) != 1 || h[0].From != FromAbsent {
		t.Errorf("held: %+v", h)
	}
	if i = open(t, s, project()); i.caller(t, "app:alarms") != me || !i.May(me, send, root) {
		t.Error("it came back as somebody else")
	}
}

func TestChangedIsClosedByChanges(t *testing.T) {
	i := open(t, &memory{}, project())
	before := i.Changed()
	if _, err := i.Assign("app:alarms", "Reader", "/"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-before:
	default:
		t.Error("nobody was told")
	}
	after := i.Changed()
	if _, err := i.Assign("app:alarms", "Reader", "/"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-after:
		t.Error("told of no change")
	default:
	}
	if _, err := i.Remove("app:alarms", "Reader", "/"); err != nil {
		t.Fatal(err)
	}
	<-after
}

// TestFailedSaveChangesNothing: what is not on the disk is not in force.
func TestFailedSaveChangesNothing(t *testing.T) {
	s := &memory{}
	i := open(t, s, project())
	me := i.caller(t, "app:alarms")
	s.fail = errors.New("the disk is full")
	if _, err := i.Assign("app:alarms", "Azure Event Hubs Data Owner", "/"); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("%v", err)
	}
	if i.Mode() != Permissive || len(i.Held("app:alarms")) != 0 {
		t.Error("a failed assignment is in force")
	}
	s.fail = nil
	if i = open(t, s, project()); i.caller(t, "app:alarms") != me || len(i.Held("app:alarms")) != 0 {
		t.Error("a failed assignment came back")
	}
}

func TestDamagedStoreIsRefused(t *testing.T) {
	for _, text := range []string{"{", "{}", `{"subscription":"s"}`, "[]"} {
		if _, err := Open(Options{Store: &memory{text: []byte(text)}}); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestHelpfulErrors name the nearest role, who exists, and how scopes are written.
func TestHelpfulErrors(t *testing.T) {
	i := open(t, &memory{}, project())
	for _, c := range []struct{ principal, role, scope, want string }{
		{"app:telemtry", "Reader", "/", "developer, app:telemetry, app:alarms, identity:pipeline, application:ci"},
		{"app:alarms", "Event Hubs Data Reciever", "/", "'Azure Event Hubs Data Receiver'"},
		{"app:alarms", "cosmos contributor", "/", "'Cosmos DB Built-in Data Contributor'"},
		{"app:alarms", "Ownr", "/", "the nearest is Owner"},
		{"app:alarms", "Reader", "hubs/default", "write / for everything, eventHubs/NAME[/HUB]"},
		{"app:alarms", "Reader", "eventHubs", "the name is missing"},
		{"app:alarms", "Reader", "cosmos/a/b/c/d", "it has 4 names; at most 3"},
		{"app:alarms", "Reader", "eventHubs/../x", "one of its parts"},
		{"app:alarms", "Reader", "/subscriptions/00000000-0000-0000-0000-000000000000", "this project's subscription is " + i.Subscription()},
		{"app:alarms", "Reader", "/subscriptions/" + i.Subscription() + "/resourceGroups/prod", "there is no resource group prod"},
		{"app:alarms", "Reader", "/subscriptions/" + i.Subscription() + "/resourceGroups/lazuli/providers/Microsoft.EventHub/namespaces", "pairs of a type and a name"},
		{"app:alarms", "Reader", strings.Repeat("x", 5000), "at most 2048"},
		{"app:alarms", "Reader", "", "it is empty"},
	} {
		_, err := i.Assign(c.principal, c.role, c.scope)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 600 {
			t.Errorf("%s %s %.60s: %v", c.principal, c.role, c.scope, err)
		}
	}
	d := project()
	d.Assignments = []Grant{{"app:none", "Reader", "/", "identity.assignments[0]"}}
	if _, err := Open(Options{Store: &memory{}, Declared: d}); err == nil || !strings.HasPrefix(err.Error(), "identity.assignments[0]: ") {
		t.Errorf("%v", err)
	}
	d = project()
	d.Applications = append(d.Applications, Named{"other", d.Applications[0].ClientID})
	if _, err := Open(Options{Store: &memory{}, Declared: d}); err == nil || !strings.Contains(err.Error(), "the same client id") {
		t.Errorf("%v", err)
	}
}

// TestRoleTable: every role has an id and a name of its own, and is found by both.
func TestRoleTable(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Roles() {
		for _, key := range []string{strings.ToLower(r.Name), r.ID} {
			if key == "" || seen[key] {
				t.Errorf("%q is there twice", key)
			}
			seen[key] = true
			if got, err := FindRole(strings.ToUpper(key)); err != nil || got.Name != r.Name {
				t.Errorf("%s: %s, %v", key, got.Name, err)
			}
		}
		if len(r.ID) != 36 || len(r.Actions)+len(r.DataActions) == 0 {
			t.Errorf("%+v is incomplete", r)
		}
		for _, a := range r.DataActions {
			if !isData(strings.ReplaceAll(a, "/*/", "/namespaces/messages/")) && !strings.HasSuffix(a, "/*") {
				t.Errorf("%s: %s is no data action", r.Name, a)
			}
		}
	}
	if got, err := FindRole("/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"); err != nil || got.Name != "Reader" {
		t.Errorf("by resource id: %v, %v", got.Name, err)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", "", true},
		{"*", "a/b", true},
		{"", "", true},
		{"", "a", false},
		{"a", "", false},
		{"A/b", "a/B", true},
		{"a/*/c", "a/x/y/c", true},
		{"a/*/c", "a/c", false},
		{"*/read", "a/read", true},
		{"*/read", "a/read/b", false},
		{"a*a*a", "aaa", true},
		{"a*a*a", "aa", false},
		{"a/*", "a/", true},
		{"a/*", "a", false},
		{strings.Repeat("*a", 30), strings.Repeat("a", 40) + "b", false},
	} {
		if got := match(c.pattern, c.action); got != c.want {
			t.Errorf("match(%q, %q) = %v", c.pattern, c.action, got)
		}
	}
}

func FuzzScope(f *testing.F) {
	i := open(f, &memory{}, project())
	for _, s := range []string{"/", "eventHubs/a/b", "cosmos/a/b/c", "functions/x", "/subscriptions/" + i.Subscription() + "/resourceGroups/lazuli", "eventHubs/a%2Fb", "//", "cosmos/a%/b", "storage/a/blob/b%", "/\u017fubscriptions/" + i.Subscription()} {
		f.Add(s)
	}
	f.Add("cosmos/" + strings.Repeat("a", 1900) + "/%%%%")
	for _, s := range []string{ // one thing written in more than one way
		"Microsoft.EventHub/namespaces/a%", "Microsoft.EventHub/namespaces/a%2fb", "Microsoft.EventHub/namespaces/dbs/EVENTHUBS/x",
		"microsoft.documentdb/databaseAccounts/a/DBS/C/COLLS/x", "Microsoft.Storage/storageAccounts/a/blobservices/default/CONTAINERS/x%",
	} {
		f.Add("/subscriptions/" + i.Subscription() + "/resourceGroups/lazuli/providers/" + s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scope, err := i.ParseScope(text)
		if err != nil {
			return
		}
		if !within(scope, i.root) || !strings.HasPrefix(scope, "/subscriptions/") || strings.Contains(scope, "//") {
			t.Errorf("%q became %q", text, scope)
		}
		for _, same := range []string{scope, i.Short(scope)} {
			if again, err := i.ParseScope(same); err != nil || len(again) != len(scope) || !within(again, scope) {
				t.Errorf("%q became %q, and %q became %q (%v)", text, scope, same, again, err)
			}
		}
	})
}

// BenchmarkCheck asks for a right that is held, among twenty others, and for one
// that is not, in permissive mode.
func BenchmarkCheck(b *testing.B) {
	d := project()
	d.Mode = Permissive
	for n := range 20 {
		d.Assignments = append(d.Assignments, Grant{"app:telemetry", "Azure Event Hubs Data Receiver", fmt.Sprintf("eventHubs/n%d/h", n), "x"})
	}
	d.Assignments = append(d.Assignments, Grant{"app:telemetry", "Cosmos DB Built-in Data Contributor", "cosmos/default/d", "x"})
	i := open(b, &memory{}, d)
	me := i.caller(b, "app:telemetry")
	at := i.Scope("Microsoft.DocumentDB/databaseAccounts", "default", "d", "c")
	for name, caller := range map[string]Caller{"held": me, "let pass": i.caller(b, "app:alarms")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := i.Check(caller, upsert, at); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestRemoveWithin takes what is held at a resource that goes, and in it.
func TestRemoveWithin(t *testing.T) {
	i := open(t, &memory{}, project())
	for _, scope := range []string{"eventHubs/a", "eventHubs/a/h", "eventHubs/ab", "/"} {
		if _, err := i.Assign("app:alarms", "Reader", scope); err != nil {
			t.Fatal(err)
		}
	}
	changed := i.Changed()
	if err := i.RemoveWithin(i.Scope("Microsoft.EventHub/namespaces", "A")); err != nil {
		t.Fatal(err)
	}
	<-changed
	var left []string
	for _, h := range i.Held("app:alarms") {
		left = append(left, h.Short)
	}
	if strings.Join(left, " ") != "eventHubs/ab /" {
		t.Errorf("left: %v", left)
	}
}

// TestRoleThatCannotMatter is refused where it is given, with what would.
func TestRoleThatCannotMatter(t *testing.T) {
	i, err := Open(Options{Store: &memory{}, Declared: project()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ role, scope, want string }{
		{"Azure Event Hubs Data Receiver", "cosmos/a", "it is assigned at eventHubs/NAME, and there 'Cosmos DB Built-in Data Reader', 'Cosmos DB Built-in Data Contributor' would"},
		{"Azure Event Hubs Data Owner", "functions/a", "there Reader or Contributor would"},
		{"Cosmos DB Built-in Data Reader", "eventHubs/a", "Cosmos DB's own data plane"},
		{"Key Vault Administrator", "/", "it allows nothing here"},
		{"Azure Service Bus Data Sender", "eventHubs/a", "it allows nothing here"},
	} {
		if _, err := i.Assign("app:alarms", c.role, c.scope); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s at %s: %v, want %q", c.role, c.scope, err, c.want)
		}
	}
	for _, c := range []struct{ role, scope string }{
		{"Azure Event Hubs Data Receiver", "/"}, {"Azure Event Hubs Data Receiver", "eventHubs/a/h"}, {"Contributor", "cosmos/a"}, {"Reader", "functions/a"},
	} {
		if _, err := i.Assign("app:alarms", c.role, c.scope); err != nil {
			t.Errorf("%s at %s: %v", c.role, c.scope, err)
		}
	}
	d := project()
	d.Assignments = []Grant{{Principal: "app:alarms", Role: "Azure Event Hubs Data Sender", Scope: "cosmos/a", Path: "identity.assignments[0]"}}
	if _, err := Open(Options{Store: &memory{}, Declared: d}); err == nil || !strings.HasPrefix(err.Error(), "identity.assignments[0]: ") {
		t.Errorf("of the file: %v", err)
	}
}

// TestScopeOfUnknownAccount is refused where it is given, and may be taken away.
func TestScopeOfUnknownAccount(t *testing.T) {
	there := map[string]bool{"a": true}
	i, err := Open(Options{Store: &memory{}, Declared: project(), Exists: func(typ, name string, below []Step) error {
		if len(below) > 0 && below[0].Name == "typo" {
			return fault.New(fault.NotFound, "hub typo", "it does not exist")
		}
		if !there[name] {
			return fault.New(fault.NotFound, typ+" "+name, "there is none; there are: a")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, scope := range []string{"eventHubs/b", "eventHubs/a/typo", "cosmos/b/d/c", i.Scope("Microsoft.Web/sites", "b")} {
		if _, err := i.Assign("app:alarms", "Reader", scope); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", scope, err)
		}
	}
	for _, scope := range []string{"/", "eventHubs/a/h", i.Scope("Microsoft.ManagedIdentity/userAssignedIdentities", "x")} {
		if _, err := i.Assign("app:alarms", "Reader", scope); err != nil {
			t.Errorf("%s: %v", scope, err)
		}
	}
	delete(there, "a")
	if _, err := i.Remove("app:alarms", "Reader", "eventHubs/a/h"); err != nil {
		t.Errorf("of an account that went: %v", err)
	}
}

// TestScopesOfDocumentsHaveCase: databases and containers that differ in case are
// different ones; accounts and hubs that do are the same.
func TestScopesOfDocumentsHaveCase(t *testing.T) {
	const account = "/subscriptions/s/resourceGroups/lazuli/providers/Microsoft.DocumentDB/databaseAccounts/a"
	const hub = "/subscriptions/s/resourceGroups/lazuli/providers/Microsoft.EventHub/namespaces/n/eventhubs/h"
	for _, c := range []struct {
		id, scope string
		want      bool
	}{
		{account + "/dbs/db/colls/c", account + "/dbs/db", true},
		{account + "/dbs/db/colls/c", strings.ToUpper(account) + "/DBS/db/colls/c", true},
		{account + "/dbs/DB/colls/c", account + "/dbs/db", false},
		{account + "/dbs/db/colls/C", account + "/dbs/db/colls/c", false},
		{account + "/dbs/db/colls/c2", account + "/dbs/db/colls/c", false},
		{strings.ToUpper(hub), hub, true},
	} {
		if got := within(c.id, c.scope); got != c.want {
			t.Errorf("%s in %s: %v", c.id, c.scope, got)
		}
	}
}

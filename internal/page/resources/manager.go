package resources

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// ManagerConfig is what the page Resources asks. All of it is required.
type ManagerConfig struct {
	Manager *arm.Manager
	Who     *identity.Identity
	Caller  arm.Caller // who people of the portal are to Resource Manager
	Log     *slog.Logger
}

type manager struct{ ManagerConfig }

// ManagerPages is the page Resources: resource groups and what is in them, as
// Resource Manager has them.
func ManagerPages(c ManagerConfig) []portal.Page {
	m := manager{c}
	return []portal.Page{{
		Kind: "resources", Rows: m.rows,
		Routes: []portal.Route{
			{Pattern: "GET /api/manager/resource", Serve: m.about},
			{Pattern: "GET /api/manager/activity", Serve: m.activity},
			{Pattern: "POST /api/manager/delete", Serve: m.remove},
		},
	}}
}

// Row is a resource group, or a resource in one.
type Row struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Kind     string            `json:"kind"`  // functionapp,linux: as the resource says
	Group    string            `json:"group"` // of a group: its own name
	Location string            `json:"location"`
	State    string            `json:"state"` // Succeeded, …
	Tags     map[string]string `json:"tags"`
}

// rows are the groups and their resources.
func (m manager) rows(*portal.Rates) (all []portal.Row) {
	groups, err := m.Manager.Groups()
	if err != nil {
		m.Log.Error("the resource groups cannot be listed", "error", err)
		return nil
	}
	inside, err := m.Manager.Resources(context.Background(), m.call(arm.ID{}), "")
	if err != nil {
		m.Log.Error("the resources cannot be listed", "error", err)
	}
	for _, b := range slices.Concat(groups, inside) {
		r := rowOf(b)
		all = append(all, portal.Row{ID: r.ID, Value: r})
	}
	return all
}

func rowOf(b arm.Body) Row {
	r := Row{
		ID: b.Text("id"), Name: b.Text("name"), Type: b.Text("type"), Kind: b.Text("kind"), Location: b.Text("location"),
		State: b.Text("properties", "provisioningState"), Tags: map[string]string{},
	}
	if id, err := arm.ParseID(r.ID); err == nil {
		r.Group = id.Group()
	}
	for name, v := range b.Object("tags") {
		if text, ok := v.(string); ok {
			r.Tags[name] = text
		}
	}
	return r
}

// call is a call of this page to the engine.
func (m manager) call(id arm.ID) *arm.Call {
	return &arm.Call{ID: id, Caller: m.Caller, Base: "https://localhost", Header: http.Header{}, Body: arm.Body{}, Manager: m.Manager}
}

// About is the answer to GET /api/manager/resource?id=.
type About struct {
	Row
	JSON     string  `json:"json"`  // all of it, as GET at Resource Manager answers
	Inner    []Inner `json:"inner"` // what is in it, and goes with it
	Access   []Held  `json:"access"`
	Activity []Event `json:"activity"`
	// Fixed says why it cannot be deleted, in words; "": it can.
	Fixed string `json:"fixed"`
}

// Inner is a resource in another one.
type Inner struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// Held is a role that somebody has at a resource.
type Held struct {
	Principal string `json:"principal"`
	Kind      string `json:"kind"`
	Role      string `json:"role"`
	Scope     string `json:"scope"`     // as commands take it
	Inherited bool   `json:"inherited"` // from what the resource is in
	From      string `json:"from"`      // project, command, default or absent
}

func (m manager) asked(text string) (arm.ID, error) {
	id, err := arm.ParseID(text)
	if err != nil {
		return id, refusal(err)
	}
	if id.Subscription() != "" && !strings.EqualFold(id.Subscription(), m.Manager.Subscription()) {
		return id, fault.New(fault.NotFound, "subscription "+id.Subscription(), "there is none here")
	}
	return m.Manager.Written(id), nil
}

// isGroup reports whether an id is that of a resource group.
func isGroup(id arm.ID) bool { return id.Provider == "" && id.Group() != "" }

func (m manager) read(ctx context.Context, id arm.ID) (arm.Body, error) {
	if isGroup(id) {
		b, err := m.Manager.Group(id.Group())
		return b, refusal(err)
	}
	if id.Collection() || id.Provider == "" {
		return nil, fault.New(fault.Invalid, "id", "%q names no resource", id)
	}
	b, _, err := m.Manager.Get(ctx, m.call(id))
	return b, refusal(err)
}

func (m manager) about(w http.ResponseWriter, r *http.Request) error {
	id, err := m.asked(r.URL.Query().Get("id"))
	if err != nil {
		return err
	}
	body, err := m.read(r.Context(), id)
	if err != nil {
		return err
	}
	out := About{Row: rowOf(body), Access: m.access(id), Activity: m.events(id, shownEvents)}
	if out.Inner, err = m.inner(r.Context(), id); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, body.JSON(), "", "  "); err != nil {
		return err
	}
	if out.JSON = text.String(); isGroup(id) && strings.EqualFold(id.Group(), identity.Group) {
		out.Fixed = "own"
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// inner is what is in a resource, one level down.
func (m manager) inner(ctx context.Context, id arm.ID) ([]Inner, error) {
	found := []arm.Body{}
	if isGroup(id) {
		all, err := m.Manager.Resources(ctx, m.call(id), id.Group())
		if err != nil {
			return nil, refusal(err)
		}
		found = all
	} else {
		for _, t := range m.Manager.Types() {
			last, below := strings.CutPrefix(strings.ToLower(t.Name), strings.ToLower(id.Type())+"/")
			if !below || strings.Contains(last, "/") {
				continue
			}
			all, err := m.Manager.List(ctx, m.call(id.In(t.Name[len(id.Type())+1:])))
			switch {
			case err == nil:
			case arm.FailureOf(err).Status < http.StatusInternalServerError:
				continue // a type that has no list
			default:
				return nil, err
			}
			found = append(found, all...)
		}
	}
	out := make([]Inner, 0, len(found))
	for _, b := range found {
		out = append(out, Inner{b.Text("id"), b.Text("name"), b.Text("type")})
	}
	return out, nil
}

// access are the roles at a resource and at what it is in, those at it first.
func (m manager) access(id arm.ID) []Held {
	at := id.Key()
	out := []Held{}
	for _, h := range m.Who.Held("") {
		scope := strings.TrimSuffix(strings.ToLower(h.Scope), "/")
		own := scope == at
		if !own && !strings.HasPrefix(at, scope+"/") {
			continue
		}
		out = append(out, Held{h.Principal, h.Kind, h.Role, cmp.Or(h.Short, h.Scope), !own, h.From})
	}
	slices.SortStableFunc(out, func(a, b Held) int {
		return cmp.Or(compareBool(a.Inherited, b.Inherited), strings.Compare(a.Principal, b.Principal), strings.Compare(a.Role, b.Role))
	})
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Event is a call that changed something, or tried to.
type Event struct {
	Time      int64  `json:"time"` // unix milliseconds
	Caller    string `json:"caller"`
	Operation string `json:"operation"` // Microsoft.EventHub/namespaces/write
	ID        string `json:"id"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	Took      int64  `json:"took"` // milliseconds
	Key       string `json:"key"`  // of the event among all
}

// Activity is the answer to GET /api/manager/activity?id=: the last calls about a
// resource and what is in it, or about all, the newest first.
type Activity struct {
	Events []Event `json:"events"`
}

const (
	shownEvents = 50
	maxEvents   = 500
)

func (m manager) activity(w http.ResponseWriter, r *http.Request) error {
	id, text := arm.ID{}, r.URL.Query().Get("id")
	if text != "" {
		var err error
		if id, err = m.asked(text); err != nil {
			return err
		}
	}
	portal.WriteJSON(w, http.StatusOK, Activity{m.events(id, maxEvents)})
	return nil
}

func (m manager) events(id arm.ID, limit int) []Event {
	at := strings.TrimSuffix(id.Key(), "/")
	pass := func(e arm.Event) bool {
		on := strings.ToLower(e.ID)
		return on == at || strings.HasPrefix(on, at+"/")
	}
	out := []Event{}
	for _, e := range m.Manager.Activity(limit, pass) {
		out = append(out, Event{
			e.Time.UnixMilli(), cmp.Or(e.Caller, e.ObjectID), e.Operation, e.ID, e.Status, e.Code, e.Message, e.Took.Milliseconds(),
			e.Time.Format(time.RFC3339Nano) + " " + e.Correlation + " " + e.ID,
		})
	}
	return out
}

// Removal is the body of POST /api/manager/delete. Name is the resource's, typed by
// whoever means it.
type Removal struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Removed is the answer to it.
type Removed struct {
	ID string `json:"id"`
}

// remove deletes through Resource Manager: with locks, children and roles, and a line
// in the activity log, as for whoever calls it.
func (m manager) remove(w http.ResponseWriter, r *http.Request) error {
	var o Removal
	if err := portal.ReadJSON(w, r, maxOrder, &o); err != nil {
		return err
	}
	id, err := m.asked(o.ID)
	if err != nil {
		return err
	}
	// What has begun goes on when the browser leaves: a half is no state to stop in.
	ctx := context.WithoutCancel(r.Context())
	body, err := m.read(ctx, id)
	if err != nil {
		return err
	}
	if name := body.Text("name"); o.Name != name {
		return fault.New(fault.Invalid, "name", "%q is not the name of what is to be deleted, %q", o.Name, name)
	}
	begun := time.Now()
	var done arm.Result
	if isGroup(id) {
		done, err = m.Manager.DeleteGroup(ctx, m.call(id))
	} else {
		done, err = m.Manager.Delete(ctx, m.call(id))
	}
	m.record(id, begun, done.Status, err)
	if err != nil {
		return refusal(err)
	}
	m.Log.Info("deleted", "id", id.String(), "remote", r.RemoteAddr)
	portal.WriteJSON(w, http.StatusOK, Removed{id.String()})
	return nil
}

func (m manager) record(id arm.ID, begun time.Time, status int, err error) {
	typ := id.Type()
	if isGroup(id) {
		typ = "Microsoft.Resources/subscriptions/resourceGroups"
	}
	e := arm.Event{
		Time: begun.UTC(), Caller: m.Caller.Name, ObjectID: m.Caller.ObjectID, Operation: typ + "/delete", ID: id.String(),
		Status: status, Took: time.Since(begun),
	}
	if err != nil {
		f := arm.FailureOf(err)
		e.Status, e.Code, e.Message = f.Status, f.Code, f.Message
	}
	m.Manager.Record(e)
}

// refusal gives an answer of Resource Manager the kind that the portal knows.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	f := arm.FailureOf(err)
	kinds := map[int]fault.Kind{
		http.StatusNotFound: fault.NotFound, http.StatusConflict: fault.Conflict, http.StatusForbidden: fault.Forbidden,
		http.StatusPreconditionFailed: fault.PreconditionFailed, http.StatusTooManyRequests: fault.Throttled,
	}
	kind, known := kinds[f.Status]
	switch {
	case known:
	case f.Status >= http.StatusInternalServerError && f.Status != http.StatusNotImplemented:
		return err
	default:
		kind = fault.Invalid
	}
	return fault.New(kind, f.Code, "%s", f.Message)
}

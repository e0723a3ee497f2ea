package arm

import (
	"cmp"
	"net/http"
	"strings"

	engine "github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// resourcePath answers for a resource, a collection or an action.
func (e *exchange) resourcePath() error {
	id, err := engine.ParseID(joined(e.path))
	if err != nil {
		return engine.Fail(http.StatusNotFound, "InvalidResourceId", "The path '%s' is no resource id: %s.", e.r.URL.Path, err)
	}
	if id.Provider == "" || len(id.Types) == 0 {
		return noSuchPlace(e)
	}
	m := e.s.Manager
	if do := m.Route(e.r.Method, id); do != nil {
		return e.route(id, do)
	}
	id = m.Written(id)
	switch {
	case !id.Collection():
		return e.one(id)
	case e.r.Method == http.MethodGet && m.Serves(id):
		return e.collection(id)
	}
	return e.act(id)
}

// route does something at a provider.
func (e *exchange) route(id engine.ID, do engine.Action) error {
	verb := "read"
	if e.r.Method != http.MethodGet && e.r.Method != http.MethodHead {
		verb = "action"
	}
	if err := e.may(id.Type()+"/"+verb, engine.ID{Scope: id.Scope}); err != nil {
		return err
	}
	body, err := e.body()
	if err != nil {
		return err
	}
	out, err := do(e.r.Context(), e.call(id, body))
	if err != nil {
		return err
	}
	return e.acted(id, out, "")
}

func (e *exchange) collection(id engine.ID) error {
	if err := e.may(id.Type()+"/read", id); err != nil {
		return err
	}
	all, err := e.s.Manager.List(e.r.Context(), e.call(id, nil))
	if err != nil {
		return err
	}
	f, err := parseFilter(e.query.Get("$filter"))
	if err != nil {
		return err
	}
	return e.page(f.keep(all))
}

// act does an action with a resource.
func (e *exchange) act(id engine.ID) error {
	on, inside := id.Parent()
	if !inside {
		return e.s.Manager.Unserved(id)
	}
	action := e.s.Manager.Written(on).Type() + "/" + id.Types[len(id.Types)-1] + "/action"
	if err := e.may(action, on); err != nil {
		return err
	}
	body, err := e.body()
	if err != nil {
		return err
	}
	out, operation, err := e.s.Manager.Do(e.r.Context(), e.r.Method, e.call(id, body))
	if err != nil {
		return err
	}
	return e.acted(id, out, operation)
}

func (e *exchange) acted(id engine.ID, out engine.Answer, operation string) error {
	for name, v := range out.Header {
		e.w.Header()[name] = v
	}
	status := cmp.Or(out.Status, http.StatusOK)
	if operation != "" {
		status = e.waitFor(id, status, operation)
	}
	return e.write(status, out.Body)
}

// one answers for a resource.
func (e *exchange) one(id engine.ID) error {
	m := e.s.Manager
	verb, known := verbs[e.r.Method]
	if !known {
		return notAllowed(e.r.Method)
	}
	if err := e.may(id.Type()+"/"+verb, id); err != nil {
		return err
	}
	switch e.r.Method {
	case http.MethodGet, http.MethodHead:
		b, tag, err := m.Get(e.r.Context(), e.call(id, nil))
		if err != nil {
			return err
		}
		setTag(e.w, tag)
		if seen := m.Seen(id); e.r.Method == http.MethodHead && seen != 0 {
			return e.write(seen, nil)
		}
		return e.write(http.StatusOK, b)
	case http.MethodDelete:
		out, err := m.Delete(e.r.Context(), e.call(id, nil))
		if err != nil {
			return err
		}
		return e.changed(id, out)
	}
	body, err := e.body()
	if err != nil {
		return err
	}
	change := m.Put
	if e.r.Method == http.MethodPatch {
		change = m.Patch
	}
	out, err := change(e.r.Context(), e.call(id, body))
	if err != nil {
		return err
	}
	return e.changed(id, out)
}

func (e *exchange) changed(id engine.ID, out engine.Result) error {
	setTag(e.w, out.ETag)
	status := out.Status
	if out.Operation != "" && e.r.Method != http.MethodDelete {
		status = e.waitFor(id, status, out.Operation)
	}
	if out.Body == nil {
		return e.write(status, nil)
	}
	return e.write(status, out.Body)
}

func setTag(w http.ResponseWriter, tag string) {
	if tag != "" {
		w.Header().Set("ETag", tag)
	}
}

// waitFor tells where a client finds that the change has ended. With Prefer:
// respond-async (RFC 7240) it is told so as of one that has not.
func (e *exchange) waitFor(id engine.ID, status int, operation string) int {
	place := e.base + "/subscriptions/" + e.s.Manager.Subscription() + "/providers/" + id.Provider + "/locations/global/operations/" + operation
	version := cmp.Or(e.query.Get("api-version"), "2025-01-01")
	h := e.w.Header()
	h.Set("Azure-AsyncOperation", place+"?api-version="+version)
	h.Set("Retry-After", "0")
	if !strings.Contains(strings.ToLower(strings.Join(e.r.Header.Values("Prefer"), ",")), "respond-async") {
		return status
	}
	h.Set("Location", strings.Replace(place, "/operations/", "/operationresults/", 1)+"?api-version="+version)
	h.Set("Preference-Applied", "respond-async")
	return http.StatusAccepted
}

func (e *exchange) operation() error {
	if err := e.onlyGet(); err != nil {
		return err
	}
	id := e.path[len(e.path)-1]
	o, found, err := e.s.Manager.Operation(id)
	switch {
	case err != nil:
		return err
	case !found:
		return engine.Fail(http.StatusNotFound, "OperationNotFound", "The operation '%s' could not be found.", id)
	}
	return e.write(http.StatusOK, struct {
		ID string `json:"id"`
		engine.Operation
	}{e.r.URL.Path, o})
}

func (e *exchange) operationResult() error {
	if err := e.onlyGet(); err != nil {
		return err
	}
	id := e.path[len(e.path)-1]
	o, found, err := e.s.Manager.Operation(id)
	switch {
	case err != nil:
		return err
	case !found:
		return engine.Fail(http.StatusNotFound, "OperationNotFound", "The operation '%s' could not be found.", id)
	case o.Error != nil:
		return engine.Fail(http.StatusConflict, o.Error.Code, "%s", o.Error.Message)
	}
	return e.write(http.StatusOK, map[string]any{"status": o.Status, "name": o.ID})
}

// activity answers with what was changed, the newest first.
func (e *exchange) activity() error {
	if err := e.onlyGet(); err != nil {
		return err
	}
	id := engine.ID{Scope: "/subscriptions/" + e.s.Manager.Subscription()}
	if err := e.may("Microsoft.Insights/eventtypes/management/values/read", id); err != nil {
		return err
	}
	all := []engine.Body{}
	for _, ev := range e.s.Manager.Activity(0, nil) {
		status := "Succeeded"
		if ev.Status >= http.StatusBadRequest {
			status = "Failed"
		}
		rid, err := engine.ParseID(ev.ID)
		if err != nil {
			continue
		}
		all = append(all, engine.Body{
			"id": ev.ID + "/events/" + uuid.New(), "eventTimestamp": ev.Time, "caller": ev.Caller, "correlationId": ev.Correlation, "resourceId": ev.ID,
			"resourceGroupName": rid.Group(), "operationName": map[string]any{"value": ev.Operation, "localizedValue": ev.Operation},
			"status": map[string]any{"value": status}, "subStatus": map[string]any{"value": ev.Code}, "level": "Informational",
			"properties": map[string]any{"statusCode": strings.ReplaceAll(http.StatusText(ev.Status), " ", ""), "statusMessage": ev.Message}, "claims": map[string]any{"oid": ev.ObjectID},
		})
	}
	return e.write(http.StatusOK, map[string]any{"value": all})
}

package scm

import (
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/site"
)

// zipDeploy is POST /api/zipdeploy: a zip in the body, or {"packageUri": URL} with PUT,
// which is refused. ?isAsync=true answers 202 when the zip is here; without it the answer
// waits for the deployment's end.
func (s *Service) zipDeploy(w http.ResponseWriter, r *http.Request, c call) error {
	if err := takesZip(r); err != nil {
		return err
	}
	q := query(r)
	d, err := s.begin(r, c, site.Upload{
		Deployer: cmp.Or(q["deployer"], "ZipDeploy"), Author: cmp.Or(q["author"], c.who), Message: q["message"],
	})
	if err != nil {
		return err
	}
	return s.answer(w, r, c, d, isTrue(q["isasync"]), nil)
}

// publish is POST /api/publish, One Deploy: of Flex Consumption apps always 202 with the
// deployment's id, of others as zip deploy with ?async.
func (s *Service) publish(w http.ResponseWriter, r *http.Request, c call) error {
	q := query(r)
	if typ := q["type"]; typ != "" && !strings.EqualFold(typ, "zip") {
		return fault.New(fault.Invalid, "type", "artifacts of type %q are not deployed here; zip is", typ)
	}
	for _, name := range []string{"path", "packageuri"} {
		if q[name] != "" {
			return fault.New(fault.Invalid, name, "One Deploy takes a whole app in the body here, no single file and no address")
		}
	}
	if err := takesZip(r); err != nil {
		return err
	}
	u := site.Upload{Deployer: cmp.Or(q["deployer"], "OneDeploy"), Author: cmp.Or(q["author"], c.who), Message: cmp.Or(q["message"], "OneDeploy")}
	if text, given := q["remotebuild"]; given {
		build := isTrue(text)
		u.Build = &build
	}
	d, err := s.begin(r, c, u)
	if err != nil {
		return err
	}
	return s.answer(w, r, c, d, c.spec.Container != nil || isTrue(q["async"]) || isTrue(q["isasync"]), d.ID)
}

// takesZip refuses bodies that are no zip. Clients send all kinds of types for one.
func takesZip(r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (kind == "application/json" || strings.HasPrefix(kind, "multipart/")) {
		return fault.New(fault.Invalid, "Content-Type", "%s is not taken: the zip itself is the body (application/zip)", kind)
	}
	return nil
}

func (s *Service) begin(r *http.Request, c call, u site.Upload) (site.Deployment, error) {
	u.Body, u.Size = r.Body, r.ContentLength
	return s.c.Sites.Deploy(r.Context(), c.site, u)
}

// answer tells of a deployment that has begun, at once or when it has ended.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, c call, d site.Deployment, atOnce bool, body any) error {
	if atOnce {
		w.Header().Set("Location", base(r)+"/api/deployments/latest?deployer="+d.Deployer)
		w.Header().Set("SCM-DEPLOYMENT-ID", d.ID)
		if body == nil {
			w.WriteHeader(http.StatusAccepted)
			return nil
		}
		writeJSON(w, http.StatusAccepted, body)
		return nil
	}
	d, err := s.c.Sites.Wait(r.Context(), c.site, d.ID)
	switch {
	case err != nil:
		return err
	case d.Status == site.StatusFailed:
		return fault.New(fault.Invalid, "deployment "+d.ID, "Deployment failed: %s", d.Why)
	}
	w.Header().Set("SCM-DEPLOYMENT-ID", d.ID)
	w.WriteHeader(http.StatusOK)
	return nil
}

// query is the first value of each parameter, by its name in lower case.
func query(r *http.Request) map[string]string {
	out := map[string]string{}
	for name, values := range r.URL.Query() {
		out[strings.ToLower(name)] = values[0]
	}
	return out
}

func isTrue(text string) bool { return strings.EqualFold(text, "true") || text == "1" }

// base is where the client has reached the door.
func base(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s", scheme, r.Host)
}

package scm

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/site"
)

// deploymentBody is a deployment as Kudu tells of it.
type deploymentBody struct {
	ID                string     `json:"id"`
	Status            int        `json:"status"`
	StatusText        string     `json:"status_text"`
	AuthorEmail       string     `json:"author_email"`
	Author            string     `json:"author"`
	Deployer          string     `json:"deployer"`
	RemoteBuild       bool       `json:"remotebuild"`
	Message           string     `json:"message"`
	Progress          string     `json:"progress"`
	ReceivedTime      time.Time  `json:"received_time"`
	StartTime         *time.Time `json:"start_time"`
	EndTime           *time.Time `json:"end_time"`
	LastSuccess       *time.Time `json:"last_success_end_time"`
	Complete          bool       `json:"complete"`
	Active            bool       `json:"active"`
	IsTemp            bool       `json:"is_temp"`
	IsReadOnly        bool       `json:"is_readonly"`
	URL               string     `json:"url"`
	LogURL            string     `json:"log_url"`
	SiteName          string     `json:"site_name"`
	BuildSummary      summary    `json:"build_summary"`
	ProvisioningState string     `json:"provisioningState"`
}

type summary struct {
	Errors   []string `json:"errors"`
	Warnings []string `json:"warnings"`
}

func bodyOf(r *http.Request, name string, d site.Deployment) deploymentBody {
	url := base(r) + "/api/deployments/" + d.ID
	out := deploymentBody{
		ID: d.ID, Status: int(d.Status), Author: d.Author, AuthorEmail: "N/A", Deployer: d.Deployer, RemoteBuild: d.Build, Message: d.Message,
		ReceivedTime: d.Received, Complete: d.Status.Done(), Active: d.Active, IsReadOnly: true, URL: url, LogURL: url + "/log", SiteName: name,
		BuildSummary: summary{Errors: []string{}, Warnings: []string{}}, ProvisioningState: "InProgress",
	}
	if !d.Started.IsZero() {
		out.StartTime = &d.Started
	}
	switch {
	case d.Status == site.StatusSuccess:
		out.EndTime, out.LastSuccess, out.ProvisioningState = &d.Ended, &d.Ended, "Succeeded"
	case d.Status == site.StatusFailed:
		out.EndTime, out.StatusText, out.ProvisioningState = &d.Ended, d.Why, "Failed"
		out.BuildSummary.Errors = append(out.BuildSummary.Errors, d.Why)
	case len(d.Log) > 0:
		out.Progress = d.Log[len(d.Log)-1].Text
	}
	return out
}

// list is GET /api/deployments; ?warmup=true, by which clients see that the door is
// there, is that too.
func (s *Service) list(w http.ResponseWriter, r *http.Request, c call) error {
	all, err := s.c.Sites.Deployments(c.site)
	if err != nil {
		return err
	}
	out := []deploymentBody{}
	for _, d := range all {
		out = append(out, bodyOf(r, c.site, d))
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// deployment is GET /api/deployments/ID, or /latest: 202 while it is under way.
func (s *Service) deployment(w http.ResponseWriter, r *http.Request, c call) error {
	d, err := s.c.Sites.Deployment(c.site, r.PathValue("id"))
	if err != nil {
		return err
	}
	if d.Status.Done() {
		writeJSON(w, http.StatusOK, bodyOf(r, c.site, d))
		return nil
	}
	w.Header().Set("Location", base(r)+r.URL.RequestURI())
	writeJSON(w, http.StatusAccepted, bodyOf(r, c.site, d))
	return nil
}

// logLine is a line of a deployment's log.
type logLine struct {
	At      time.Time `json:"log_time"`
	ID      string    `json:"id"`
	Message string    `json:"message"`
	Type    int       `json:"type"`
	Details *string   `json:"details_url"`
}

func (s *Service) log(w http.ResponseWriter, r *http.Request, c call) error {
	d, err := s.c.Sites.Deployment(c.site, r.PathValue("id"))
	if err != nil {
		return err
	}
	out := []logLine{}
	for n, l := range d.Log {
		out = append(out, logLine{At: l.At, ID: strconv.Itoa(n), Message: l.Text})
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// logEntry has no details: lines say all.
func (s *Service) logEntry(w http.ResponseWriter, r *http.Request, c call) error {
	d, err := s.c.Sites.Deployment(c.site, r.PathValue("id"))
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(r.PathValue("entry")); err != nil || n < 0 || n >= len(d.Log) {
		return fault.New(fault.NotFound, "log entry "+r.PathValue("entry"), "LogId '%s' was not found in Deployment '%s'.", r.PathValue("entry"), d.ID)
	}
	writeJSON(w, http.StatusOK, []logLine{})
	return nil
}

func (s *Service) isDeploying(w http.ResponseWriter, _ *http.Request, c call) error {
	all, err := s.c.Sites.Deployments(c.site)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"value": len(all) > 0 && !all[0].Status.Done(), "msg": ""})
	return nil
}

// settings are the app's settings as Kudu sees them, with those of its own.
func (s *Service) settings(w http.ResponseWriter, _ *http.Request, c call) error {
	writeJSON(w, http.StatusOK, settingsOf(c.spec))
	return nil
}

func settingsOf(spec site.Spec) map[string]string {
	all := map[string]string{"deployment_branch": "master", "SCM_TRACE_LEVEL": "1", "SCM_COMMAND_IDLE_TIMEOUT": "60", "SCM_LOGSTREAM_TIMEOUT": "7200", "SCM_BUILD_ARGS": ""}
	maps.Copy(all, spec.Settings)
	return all
}

func (s *Service) setting(w http.ResponseWriter, r *http.Request, c call) error {
	name := r.PathValue("name")
	value, there := settingsOf(c.spec)[name]
	if !there {
		return fault.New(fault.NotFound, "setting "+name, "'%s' not found.", name)
	}
	writeJSON(w, http.StatusOK, value)
	return nil
}

func environment(w http.ResponseWriter, _ *http.Request, _ call) error {
	writeJSON(w, http.StatusOK, map[string]any{"version": "100.0.0.0", "siteLastModified": nil})
	return nil
}

func (s *Service) home(w http.ResponseWriter, _ *http.Request, c call) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(w, fmt.Sprintf("the deployment door of function app %s\n\nPOST /api/zipdeploy\nPOST /api/publish\nGET  /api/deployments\n", c.site))
	_ = err // the client is gone
	return nil
}

func contextWith(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, siteKey{}, name)
}

func siteOf(ctx context.Context) string {
	name, _ := ctx.Value(siteKey{}).(string)
	return name
}

package insights

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Limits of queries. https://learn.microsoft.com/azure/azure-monitor/service-limits
const (
	maxQuery    = 256 << 10
	maxAlso     = 100 // further components of one query
	usualTime   = 3 * time.Minute
	longestTime = 10 * time.Minute
	// atOnce bounds the queries that run; more are told to come again, after waiting so
	// long for one to end.
	atOnce  = 4
	patient = 10 * time.Second
)

// asked is a query on its way.
type asked struct {
	Query        string
	Timespan     string
	Applications []string
	Workspaces   []string

	statistics, render bool
	wait               time.Duration
}

// query answers a query at one of its three places.
func (s *Service) query(w http.ResponseWriter, r *http.Request) {
	at := strings.TrimSuffix(pathOf(r), "/query")
	q, err := s.readQuery(w, r)
	if err != nil {
		s.Refuse(w, r, err)
		return
	}
	q.prefer(r.Header.Values("Prefer"))
	s.answerQuery(r.Context(), w, at, credential(r), q)
}

// Credential is what a request for data came with.
type Credential struct{ Token, Key string }

func credential(r *http.Request) Credential {
	c := Credential{Token: bearer(r), Key: r.Header.Get("X-Api-Key")}
	if c.Key == "" {
		c.Key = r.URL.Query().Get("api_key")
	}
	return c
}

func (s *Service) readQuery(w http.ResponseWriter, r *http.Request) (asked, error) {
	var q asked
	if r.Method == http.MethodGet {
		v := r.URL.Query()
		q.Query, q.Timespan = v.Get("query"), v.Get("timespan")
		for _, list := range strings.Split(v.Get("applications"), ",") {
			if list != "" {
				q.Applications = append(q.Applications, list)
			}
		}
	} else {
		r.Body = http.MaxBytesReader(w, r.Body, 2*maxQuery)
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			return q, fault.New(fault.Invalid, "body", "it is no JSON of a query: %v", err)
		}
		if q.Timespan == "" {
			q.Timespan = r.URL.Query().Get("timespan")
		}
	}
	return q, q.check()
}

func (q asked) check() error {
	switch {
	case strings.TrimSpace(q.Query) == "":
		return fault.New(fault.Invalid, "query", "it is missing")
	case len(q.Query) > maxQuery:
		return fault.New(fault.Invalid, "query", "it is longer than %d bytes", maxQuery)
	case len(q.Applications)+len(q.Workspaces) > maxAlso:
		return fault.New(fault.Invalid, "query", "it asks more than %d components", maxAlso)
	}
	return nil
}

// prefer reads what a client asks for in the header Prefer.
func (q *asked) prefer(values []string) {
	q.wait = usualTime
	for _, v := range values {
		for _, one := range strings.FieldsFunc(v, func(c rune) bool { return c == ',' || c == ';' }) {
			name, value, _ := strings.Cut(strings.TrimSpace(one), "=")
			switch strings.ToLower(name) {
			case "wait":
				if n, err := strconv.Atoi(value); err == nil && n > 0 {
					q.wait = min(time.Duration(n)*time.Second, longestTime)
				}
			case "include-statistics":
				q.statistics = strings.EqualFold(value, "true")
			case "include-render":
				q.render = strings.EqualFold(value, "true")
			}
		}
	}
}

// answerQuery runs a query at a place and writes the answer.
func (s *Service) answerQuery(ctx context.Context, w http.ResponseWriter, at string, who Credential, q asked) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, q.wait)
	defer cancel()
	result, err := s.run(ctx, at, who, q)
	if err != nil {
		s.refuseQuery(ctx, w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	out := bufio.NewWriterSize(w, 64<<10)
	writeResult(out, result, q, time.Since(began))
	_ = out.Flush() // the client may be gone
}

// run runs a query over the components of a place, and of others that it names.
func (s *Service) run(ctx context.Context, at string, who Credential, q asked) (*kql.Result, error) {
	now := time.Now()
	o := kql.Options{Now: now, Limits: kql.Limits{Time: q.wait}}
	var err error
	if o.From, o.To, err = period(q.Timespan, now); err != nil {
		return nil, err
	}
	places := []string{at}
	for _, a := range q.Applications {
		places = append(places, placeOf("/v1/apps/", a))
	}
	for _, a := range q.Workspaces {
		places = append(places, placeOf("/v1/workspaces/", a))
	}
	var first kql.Tables
	seen := map[string]bool{}
	for n, place := range places {
		all, err := s.Components.At(place)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			if err := s.mayRead(who, c); err != nil {
				return nil, err
			}
			if seen[c.AppID] {
				continue
			}
			seen[c.AppID] = true
			tables := c.Tables()
			switch {
			case first == nil && n == 0:
				first = others{Tables: tables, s: s, who: who}
			default:
				o.Also = append(o.Also, tables)
			}
		}
	}
	if first == nil {
		return nil, notThere(at)
	}
	if err := s.turn(ctx); err != nil {
		return nil, err
	}
	defer func() { <-s.running }()
	return s.Run(ctx, first, q.Query, o)
}

// placeOf is the place of what a query names: an id of Resource Manager has one of its own.
func placeOf(below, name string) string {
	if strings.HasPrefix(name, "/") {
		return "/v1" + name
	}
	return below + name
}

func notThere(place string) error {
	return fault.New(fault.NotFound, "", "there is no component at %s", cut(place, 300))
}

// others lets a query name further components by app('NAME') and workspace('ID').
type others struct {
	kql.Tables
	s   *Service
	who Credential
}

// Other implements kql.Others.
func (o others) Other(kind, name string) (kql.Tables, bool) {
	below := "/v1/apps/"
	if kind == "workspace" {
		below = "/v1/workspaces/"
	}
	all, err := o.s.Components.At(placeOf(below, name))
	if err != nil || len(all) == 0 || o.s.mayRead(o.who, all[0]) != nil {
		return nil, false
	}
	return all[0].Tables(), true
}

// turn waits until a query may run.
func (s *Service) turn(ctx context.Context) error {
	s.once.Do(func() { s.running = make(chan struct{}, atOnce) })
	limit := time.NewTimer(patient)
	defer limit.Stop()
	select {
	case s.running <- struct{}{}:
		return nil
	case <-limit.C:
		return fault.New(fault.Throttled, "query", "%d others run", atOnce)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mayRead refuses who may not ask a component.
func (s *Service) mayRead(who Credential, c *Component) error {
	if who.Key != "" {
		if s.Access.Key(who.Key) {
			return nil
		}
		return fault.New(fault.Forbidden, "", "the key in x-api-key is not this instance's")
	}
	if who.Token == "" && s.Access.Open() && !c.TokensOnly() {
		return nil
	}
	return s.Access.May(who.Token, Read, c)
}

// refuseQuery says why a query has no answer.
func (s *Service) refuseQuery(ctx context.Context, w http.ResponseWriter, err error) {
	var wrong *kql.Error
	switch {
	case errors.As(err, &wrong):
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(queryError(wrong)) // the client may be gone
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil:
		writeError(w, http.StatusGatewayTimeout, "GatewayTimeout", "The query took longer than the time that it was given.")
	case fault.Is(err, fault.NotFound):
		writeError(w, http.StatusNotFound, "ApplicationNotFoundError", err.Error())
	case fault.Is(err, fault.Forbidden):
		writeError(w, http.StatusForbidden, "InsufficientAccessError", "The provided credentials have insufficient access to perform the requested operation: "+err.Error())
	case fault.Is(err, fault.Unauthorized):
		writeError(w, http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed: "+err.Error())
	default:
		status, code := statusOf(err)
		if status == http.StatusInternalServerError {
			s.Log.Error("a query failed", "error", err)
		}
		writeError(w, status, code, err.Error())
	}
}

// queryError is what is wrong with a query, in the service's words.
func queryError(e *kql.Error) []byte {
	b := appendText([]byte(`{"error":{"message":"The request had some invalid properties","code":"BadArgumentError","correlationId":`), uuid.New())
	b = append(b, `,"innererror":`...)
	b = appendInner(b, e)
	return append(b, "}}"...)
}

func appendInner(b []byte, e *kql.Error) []byte {
	about := map[kql.Class]string{
		kql.SyntaxError: "A recognition error occurred in the query.", kql.SemanticError: "A semantic error occurred.",
		kql.LimitError: "The query exceeds a limit.", kql.RunError: "The query failed while it ran.",
	}[e.Class]
	b = appendText(append(b, `{"code":`...), e.Class.String())
	b = appendText(append(b, `,"message":`...), about)
	b = appendText(append(b, `,"innererror":{"code":`...), e.Code)
	b = appendText(append(b, `,"message":`...), e.Message)
	if e.Line > 0 {
		b = strconv.AppendInt(append(b, `,"line":`...), int64(e.Line), 10)
		b = strconv.AppendInt(append(b, `,"pos":`...), int64(e.Pos), 10)
		b = appendText(append(b, `,"token":`...), e.Token)
	}
	return append(b, "}}"...)
}

package portal

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/signin"
	"github.com/lazuli-dev/lazuli/web"
)

// FunctionHost is what the portal needs of a *host.Host.
type FunctionHost interface {
	Name() string
	Functions() []host.FunctionInfo
	Status() host.Status
	RunNow(function, input string) error
}

// App is a function app and where its HTTP functions answer.
type App struct {
	Host FunctionHost
	URL  string
}

// Codec translates between stored messages and what a person reads and writes.
type Codec interface {
	// Decode reads a stored message.
	Decode(r *broker.Record) (Event, error)
	// Encode makes a message of a body.
	Encode(body []byte, contentType string) []byte
}

// Querier asks a query of the document store.
type Querier interface {
	Query(ctx context.Context, c *docstore.Container, q Query) (*QueryPage, error)
}

// Config is what a Server needs. Everything but Boards, Apps and SignIn is
// required.
type Config struct {
	Name    string // of the project
	Version string
	Hubs    broker.Namespace
	Codec   Codec
	Store   docstore.Account
	Querier Querier
	Apps    []App
	Boards  []dashboard.Definition
	Meter   *Meter
	Log     *slog.Logger

	SignIn *signin.Keeper // asks who calls; nil lets everybody in
}

// Server is the portal: an http.Handler that is fed by Run.
type Server struct {
	cfg     Config
	log     *slog.Logger
	meter   *Meter
	boards  *dashboard.Set
	topics  topics
	jobs    []Job // set before Run
	handler http.Handler
	wake    chan string // topics that somebody just began to watch

	rates   *rates // of Run's goroutine
	history history
}

// New checks the dashboards and returns a Server. Nothing runs yet.
func New(cfg Config) (*Server, error) {
	if cfg.Hubs == (broker.Namespace{}) || cfg.Store == (docstore.Account{}) || cfg.Codec == nil || cfg.Querier == nil || cfg.Meter == nil || cfg.Log == nil {
		return nil, errors.New("portal: broker, store, codec, querier, meter and log are required")
	}
	s := &Server{
		cfg: cfg, log: cfg.Log, meter: cfg.Meter, rates: newRates(),
		wake: make(chan string, 64),
	}
	var err error
	if s.boards, err = dashboard.New(cfg.Boards, feeds{cfg.Store}); err != nil {
		return nil, err
	}
	s.handler = framed(s.routes())
	if cfg.SignIn != nil {
		s.handler = framed(cfg.SignIn.Guard(s.routes(), s.fail))
	}
	return s, nil
}

// ServeHTTP answers pages, the JSON interface and the streams.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes is every address of the portal.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, serve := range map[string]http.HandlerFunc{
		"GET /api/stream":  s.streamTopics,
		"GET /api/status":  s.getStatus,
		"GET /api/history": s.getHistory,
		"GET /api/hubs/{hub}/partitions/{partition}/events":    s.peekEvents,
		"POST /api/hubs/{hub}/events":                          s.sendEvent,
		"POST /api/databases/{db}/containers/{coll}/query":     s.queryItems,
		"POST /api/databases/{db}/containers/{coll}/items":     s.createItem,
		"PUT /api/databases/{db}/containers/{coll}/items":      s.replaceItem,
		"DELETE /api/databases/{db}/containers/{coll}/items":   s.deleteItem,
		"GET /api/apps/{app}/functions/{function}/invocations": s.getInvocations,
		"POST /api/apps/{app}/functions/{function}/run":        s.runFunction,
		"GET /api/jobs":                                             s.listJobs,
		"GET /api/jobs/{job}":                                       s.getJob,
		"POST /api/jobs/{job}/start":                                s.startJob,
		"POST /api/jobs/{job}/stop":                                 s.stopJob,
		"GET /api/dashboards":                                       s.listBoards,
		"GET /api/dashboards/{board}":                               s.getBoard,
		"GET /api/dashboards/{board}/tiles/{tile}/history":          s.getTileHistory,
		"GET /v1.0/myorg/datasets":                                  s.listDatasets,
		"POST /v1.0/myorg/datasets/{dataset}/tables/{table}/rows":   s.pushRows,
		"DELETE /v1.0/myorg/datasets/{dataset}/tables/{table}/rows": s.clearRows,
	} {
		mux.HandleFunc(pattern, serve)
	}
	mux.HandleFunc("/api/", s.noRoute)
	mux.HandleFunc("/v1.0/", s.noRoute)
	mux.Handle("/", web.Handler())
	return mux
}

// Run takes a snapshot each second and publishes what is watched, until ctx
// ends.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var feeding sync.WaitGroup
	defer feeding.Wait()
	feeding.Go(func() { s.boards.Run(ctx) })
	s.sample(time.Now(), s.topics.wanted())
	hurried := map[string]time.Time{} // by dashboard: when an alarm last came before the tick
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			wanted := s.topics.wanted()
			s.sample(now, wanted)
			for topic := range wanted {
				s.publishBoard(topic, now)
			}
		case <-s.boards.Alarms(): // an alarm does not wait for the tick
			s.publishAlarms(time.Now(), hurried)
		case topic := <-s.wake: // nor does a page that just opened
			if now := time.Now(); s.topics.recent(topic, now) {
				continue // several pages opened at a time
			} else if topic == statusTopic {
				s.publishStatus(now)
			} else {
				s.publishBoard(topic, now)
			}
		}
	}
}

// sample takes the snapshot of a tick, and publishes it when it is watched.
func (s *Server) sample(now time.Time, wanted map[string]int) {
	s.rates.begin(now)
	snap := s.snapshot(now)
	s.history.add(snap)
	if wanted[statusTopic] > 0 {
		s.publishStatus(now)
	}
}

func (s *Server) publishStatus(now time.Time) {
	if body := s.history.latest(); body != nil {
		s.topics.publish(statusTopic, body, now)
	}
}

// publishAlarms publishes the dashboards that have new alarms without waiting
// for the tick: a second message within the second, never a third.
func (s *Server) publishAlarms(now time.Time, hurried map[string]time.Time) {
	wanted := s.topics.wanted()
	for _, name := range s.boards.Urgent() {
		if topic := dashboardPrefix + name; wanted[topic] > 0 && now.Sub(hurried[name]) >= fresh {
			hurried[name] = now
			s.publishBoard(topic, now)
		}
	}
}

// publishBoard computes a dashboard's tiles and publishes them.
func (s *Server) publishBoard(topic string, now time.Time) {
	name, ok := strings.CutPrefix(topic, dashboardPrefix)
	if !ok {
		return
	}
	board, err := s.boards.Board(name)
	if err != nil {
		return // checked when the page opened
	}
	body, err := json.Marshal(board.Evaluate(now))
	if err != nil {
		s.log.Error("dashboard cannot be encoded", "dashboard", name, "error", err)
		return
	}
	s.topics.publish(topic, body, now)
}

// hurry asks Run to publish topics now. When it is busy, the next tick does.
func (s *Server) hurry(names []string) {
	for _, name := range names {
		select {
		case s.wake <- name:
		default:
		}
	}
}

package portal

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/signin"
	"github.com/lazuli-dev/lazuli/web"
)

// Config is what a Server needs. Boards and Log are required.
type Config struct {
	Name    string // of the project
	Version string
	Started time.Time // of the process
	Pages   []Page
	Boards  *dashboard.Set
	Log     *slog.Logger
	Notices *Notices // what is wrong, beside what the pages report; New makes one where it is nil
	Tasks   *Tasks   // what runs on in the background; New makes them where they are nil
	Filters *Filters // that people saved; nil: none can be

	Troubles  func(report func(Trouble)) // what is wrong beside what the pages report; may be nil
	About     func() About               // of this process, for the page Settings; may be nil
	Instances func() ([]Instance, error) // those that run; nil where nobody knows

	SignIn *signin.Keeper // asks who calls; nil lets everybody in
}

// Server is the portal: an http.Handler that is fed by Run.
type Server struct {
	cfg     Config
	topics  topics
	handler http.Handler
	build   string      // of the pages
	wake    chan string // topics that somebody just began to watch

	rates   *Rates
	history history

	totals map[string]float64 // of the newest tick; guarded by rates.mu

	// Of Run's goroutine.
	lists map[string]*list
	hasty map[string]time.Time // by topic: when an alarm last came before the tick
}

// New returns a Server. Nothing runs yet.
func New(cfg Config) (*Server, error) {
	if cfg.Boards == nil || cfg.Log == nil {
		return nil, errors.New("portal: boards and log are required")
	}
	cfg.Pages = append(slices.Clone(cfg.Pages), boardsPage(cfg.Boards))
	s := &Server{
		cfg: cfg, build: web.Build(), rates: NewRates(), wake: make(chan string, 2*maxTopics),
		totals: map[string]float64{}, lists: map[string]*list{}, hasty: map[string]time.Time{},
	}
	if cfg.Notices == nil {
		s.cfg.Notices = &Notices{}
	}
	if cfg.Tasks == nil {
		s.cfg.Tasks = &Tasks{}
	}
	if cfg.Filters == nil {
		s.cfg.Filters = &Filters{bad: fault.New(fault.Unavailable, "filters", "this portal has no folder for them")}
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
	routes := []Route{
		{"GET /api/stream", s.streamTopics},
		{"POST /api/stream/{id}", s.changeStream},
		{"GET /api/ping", ping},
		{"GET /api/summary", s.getSummary},
		{"GET /api/names", s.getNames},
		{"GET /api/instances", s.getInstances},
		{"GET /api/about", s.getAbout},
		{"GET /api/notices", s.getNotices},
		{"POST /api/notices/mute", s.muteNotice},
		{"GET /api/tasks", s.getTasks},
		{"POST /api/tasks/{id}/cancel", s.cancelTask},
		{"DELETE /api/tasks/{id}", s.forgetTask},
		{"GET /api/history", s.getHistory},
		{"GET /api/filters", s.listFilters},
		{"PUT /api/filters", s.saveFilter},
		{"DELETE /api/filters", s.removeFilter},
		{"GET /api/lists/{kind}", s.getRows},
		{"GET /api/dashboards", s.listBoards},
		{"POST /api/dashboards", s.postBoard},
		{"GET /api/dashboards/{board}", s.getBoard},
		{"PUT /api/dashboards/{board}", s.putBoard},
		{"DELETE /api/dashboards/{board}", s.deleteBoard},
		{"GET /api/dashboards/{board}/file", s.getBoardFile},
		{"GET /api/dashboards/{board}/view", s.getView},
		{"GET /api/dashboards/{board}/tiles/{tile}/history", s.getTileHistory},
		{"POST /api/dashboard-preview", s.previewBoard},
		{"GET /api/dashboard-suggestions", s.suggestBoards},
		{"GET /api/dashboard-sources", s.listSources},
		{"GET /api/dashboard-fields", s.sampleFields},
		{"GET /v1.0/myorg/datasets", s.listDatasets},
		{"POST /v1.0/myorg/datasets/{dataset}/tables/{table}/rows", s.pushRows},
		{"DELETE /v1.0/myorg/datasets/{dataset}/tables/{table}/rows", s.clearRows},
		{"/api/", noRoute},
		{"/v1.0/", noRoute},
	}
	for i := range s.cfg.Pages {
		routes = append(routes, s.cfg.Pages[i].Routes...)
	}
	for _, r := range routes {
		mux.HandleFunc(r.Pattern, func(w http.ResponseWriter, q *http.Request) {
			if err := r.Serve(w, q); err != nil {
				s.fail(w, q, err)
			}
		})
	}
	mux.Handle("GET /metrics", s.metrics())
	mux.Handle("/", web.Handler())
	return mux
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

// Run reads each second what is watched and publishes it, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	var feeding sync.WaitGroup
	defer feeding.Wait()
	feeding.Go(func() { s.cfg.Boards.Run(ctx) })
	feeding.Go(func() { s.cfg.Tasks.run(ctx) })
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	s.tick(time.Now())
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			s.tick(now)
		case <-s.cfg.Boards.Alarms(): // an alarm does not wait for the tick
			s.publishAlarms(time.Now())
		case topic := <-s.wake: // nor does somebody who just came
			if now := time.Now(); !s.topics.recent(topic, now) {
				s.publishLate(topic, now)
			}
		}
	}
}

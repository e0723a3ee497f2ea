package portal

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	maxNotices  = 200
	keptNotice  = time.Hour // after it is over
	longestMute = 24 * time.Hour
)

// Trouble is something that is wrong: now, where a page reports it, or just
// once, where it is raised.
type Trouble struct {
	Kind    string    // a word that the pages know: build-failed, function-failing, disk-low, …
	Subject string    // the thing's name
	Detail  string    // one line, the error as it is
	Command string    // what mends it, to be pasted into a terminal; "" where nothing does
	To      string    // the address of the page that shows it
	State   string    // "bad" or "warn"
	Since   time.Time // zero: when it was seen first
	Count   int64     // how often so far; 0 where nobody counts
}

// Notice is a trouble as people are told of it. It stays for an hour after it
// is over.
type Notice struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	Detail  string `json:"detail"`
	Command string `json:"command,omitempty"` // mends it
	To      string `json:"to"`
	State   string `json:"state"`
	Count   int64  `json:"count"`
	First   int64  `json:"first"` // unix milliseconds
	Last    int64  `json:"last"`  // when it came again, or became more
	Over    bool   `json:"over"`
	Muted   bool   `json:"muted,omitempty"`
}

// NoticeList is the topic "notices": the newest first, those that are over last.
type NoticeList struct {
	Notices []Notice `json:"notices"`
	More    int      `json:"more"` // that are wrong too and are left out
}

// Notices are what is and was wrong. The zero value is empty.
type Notices struct {
	mu    sync.Mutex // guards the fields below
	all   map[string]*notice
	muted map[string]time.Time // until when
	more  int
}

type notice struct {
	Notice
	level bool // a page reports it for as long as it is so
	ended time.Time
}

func (t Trouble) id() string { return t.Kind + "/" + t.Subject }

// Raise tells of something that happened. The same again counts.
func (n *Notices) Raise(t Trouble) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	known := n.begin(t, now)
	known.Over, known.ended = true, now // it happened; nothing says that it is still so
}

// look takes everything that the pages report now. What they report no more is
// over.
func (n *Notices) look(now time.Time, troubles []Trouble) {
	n.mu.Lock()
	defer n.mu.Unlock()
	still := make(map[string]bool, len(troubles))
	n.more = 0
	for _, t := range troubles {
		id := t.id()
		still[id] = true
		switch known := n.all[id]; {
		case known != nil && known.level && !known.Over:
			known.again(t, now)
		case known == nil && !n.room():
			n.more++
		default:
			n.begin(t, now).level = true
		}
	}
	for id, known := range n.all {
		if known.level && !known.Over && !still[id] {
			known.Over, known.ended = true, now
		}
		if known.Over && now.Sub(known.ended) > keptNotice {
			delete(n.all, id)
		}
	}
}

// begin notes that a trouble begins, or came again.
func (n *Notices) begin(t Trouble, now time.Time) *notice {
	id := t.id()
	known := n.all[id]
	if known == nil {
		n.room()
		known = &notice{Notice: Notice{ID: id, Kind: t.Kind, Subject: t.Subject, First: now.UnixMilli()}}
		if !t.Since.IsZero() {
			known.First = t.Since.UnixMilli()
		}
		if n.all == nil {
			n.all = map[string]*notice{}
		}
		n.all[id] = known
	}
	known.Count = max(known.Count+1, t.Count)
	known.Last = now.UnixMilli()
	known.Over, known.ended = false, time.Time{}
	known.Detail, known.Command, known.To, known.State = t.Detail, t.Command, t.To, t.State
	return known
}

// again notes what a page says of a trouble that it said before.
func (k *notice) again(t Trouble, now time.Time) {
	if t.Count > k.Count {
		k.Count, k.Last = t.Count, now.UnixMilli()
	}
	k.Detail, k.Command, k.To, k.State = t.Detail, t.Command, t.To, t.State
}

// room makes room for another notice; what has been over for longest goes.
func (n *Notices) room() bool {
	if len(n.all) < maxNotices {
		return true
	}
	oldest := ""
	for id, known := range n.all {
		if known.Over && (oldest == "" || known.ended.Before(n.all[oldest].ended)) {
			oldest = id
		}
	}
	delete(n.all, oldest)
	return oldest != ""
}

func (n *Notices) list(now time.Time) NoticeList {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := NoticeList{Notices: []Notice{}, More: n.more}
	for id, known := range n.all {
		row := known.Notice
		row.Muted = now.Before(n.muted[id])
		out.Notices = append(out.Notices, row)
	}
	slices.SortFunc(out.Notices, func(a, b Notice) int {
		return cmp.Or(order(a.Over)-order(b.Over), cmp.Compare(b.Last, a.Last), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func order(last bool) int {
	if last {
		return 1
	}
	return 0
}

// mute keeps a notice quiet until a time.
func (n *Notices) mute(id string, until, now time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all[id] == nil {
		return fault.New(fault.NotFound, "notice "+id, "there is no such notice any more")
	}
	if n.muted == nil {
		n.muted = map[string]time.Time{}
	}
	for old, end := range n.muted {
		if now.After(end) {
			delete(n.muted, old)
		}
	}
	n.muted[id] = until
	return nil
}

// troubles asks whoever may know of any.
func (s *Server) troubles() (all []Trouble) {
	add := func(t Trouble) { all = append(all, t) }
	if s.cfg.Troubles != nil {
		s.cfg.Troubles(add)
	}
	for i := range s.cfg.Pages {
		if report := s.cfg.Pages[i].Troubles; report != nil {
			report(add)
		}
	}
	return all
}

// getNotices serves GET /api/notices.
func (s *Server) getNotices(w http.ResponseWriter, _ *http.Request) error {
	WriteJSON(w, http.StatusOK, s.cfg.Notices.list(time.Now()))
	return nil
}

// muteNotice serves POST /api/notices/mute {"id": …, "minutes": 60}; 0 minutes
// unmute it.
func (s *Server) muteNotice(w http.ResponseWriter, r *http.Request) error {
	var ask struct {
		ID      string `json:"id"`
		Minutes int    `json:"minutes"`
	}
	if err := ReadJSON(w, r, maxChange, &ask); err != nil {
		return err
	}
	span := time.Duration(ask.Minutes) * time.Minute
	if ask.Minutes < 0 || ask.Minutes > int(longestMute/time.Minute) {
		return fault.New(fault.Invalid, "minutes", "%d is not from 0 to %d", ask.Minutes, int(longestMute/time.Minute))
	}
	now := time.Now()
	if err := s.cfg.Notices.mute(ask.ID, now.Add(span), now); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

package functions

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// What of dead letters is shown at a time.
const (
	shownLetters = 200
	mostLetters  = 1000
	shownBody    = 16 << 10
)

// Letter is one item that a function failed on.
type Letter struct {
	ID        string          `json:"id"`
	Time      int64           `json:"time"` // unix milliseconds; 0: not known
	Type      string          `json:"type,omitempty"`
	Error     string          `json:"error"`
	Stack     string          `json:"stack,omitempty"`
	Attempts  int             `json:"attempts"`
	Redrives  int             `json:"redrives"`
	Source    string          `json:"source"`
	Item      string          `json:"item"` // which it was there: partition/sequence number, or a message's id
	At        int64           `json:"at"`   // when it was enqueued or written
	Body      string          `json:"body"`
	Size      int             `json:"size"` // of the body, in bytes; Body is its beginning
	Binary    bool            `json:"binary"`
	Foreign   bool            `json:"foreign"` // somebody else put it there: only the body is known
	Described json.RawMessage `json:"properties,omitempty"`
}

// LetterList is the answer to GET …/letters.
type LetterList struct {
	Place string   `json:"place"`
	Rows  []Letter `json:"rows"`
	More  bool     `json:"more"`
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// getLetters serves GET …/letters?limit=&error=: the oldest dead letters of a function,
// of those whose error's type or message has the text.
func (p page) getLetters(w http.ResponseWriter, r *http.Request) error {
	a, f, err := p.find(r.PathValue("app"), r.PathValue("function"))
	if err != nil {
		return err
	}
	limit := shownLetters
	if text := r.FormValue("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > mostLetters {
			return fault.New(fault.Invalid, "limit", "must be a number from 1 to %d", mostLetters)
		}
	}
	out := LetterList{Rows: []Letter{}}
	place, err := a.Host.DeadLetters(r.Context(), f.Name, host.LetterQuery{OnlyError: r.FormValue("error"), Limit: limit + 1}, func(l *letter.Letter) {
		if len(out.Rows) == limit {
			out.More = true
			return
		}
		out.Rows = append(out.Rows, letterOf(l))
	})
	if err != nil {
		return err
	}
	out.Place = place.String()
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func letterOf(l *letter.Letter) Letter {
	out := Letter{
		ID: l.ID, Time: unixMilli(l.Time), Type: l.Error.Type, Error: l.Error.Message, Stack: l.Error.Stack, Attempts: l.Attempts,
		Redrives: l.Redrives, Source: l.Source, Item: itemName(l.Item), At: unixMilli(l.Item.At), Size: len(l.Item.Body), Foreign: l.Raw,
		Described: l.Item.Properties,
	}
	body := l.Item.Body
	if len(body) > shownBody {
		body = body[:shownBody]
		for i := 0; i < utf8.UTFMax && !utf8.Valid(body); i++ { // a character may be cut
			body = body[:len(body)-1]
		}
	}
	out.Binary = !utf8.Valid(body)
	if !out.Binary {
		out.Body = string(body)
	}
	return out
}

func itemName(i letter.Item) string {
	if i.Partition != "" {
		return i.Partition + "/" + strconv.FormatInt(i.SequenceNumber, 10)
	}
	return i.MessageID
}

func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// redrive serves POST …/redrive with {"limit": 0, "error": ""}: the dead letters that
// are meant are sent to the function again, one after the other, as a task. limit 0 is
// all of them.
func (p page) redrive(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Limit int    `json:"limit"`
		Error string `json:"error"`
	}
	a, f, err := p.find(r.PathValue("app"), r.PathValue("function"))
	if err == nil {
		err = portal.ReadJSON(w, r, maxOrder, &body)
	}
	switch {
	case err != nil:
		return err
	case body.Limit < 0:
		return fault.New(fault.Invalid, "limit", "must be 0, for all, or a number of letters")
	case f.DeadLetters == nil:
		return fault.New(fault.NotFound, "function "+f.Name, "has no place for dead letters; host.json declares one under lazuli.functions.%s.deadLetter", f.Name)
	}
	name := a.Host.Name()
	task := portal.Task{Kind: "redrive", Subject: name + "/" + f.Name, To: "/functions/" + url.PathEscape(name) + "/" + url.PathEscape(f.Name) + "/letters"}
	query := host.LetterQuery{OnlyError: body.Error, Limit: body.Limit}
	id, err := p.Tasks.Start(task, func(ctx context.Context, done *portal.Progress) error {
		failed := 0
		err := a.Host.Redrive(ctx, f.Name, query, func(one host.Redriven) {
			done.Add(1)
			if one.Err != nil {
				failed++
				line, _, _ := strings.Cut(one.Err.Error(), "\n")
				done.Say(line)
			}
		})
		if err == nil && failed > 0 {
			err = fault.New(fault.Conflict, "redrive", "the function failed again for %d of them; they are back in %s", failed, f.DeadLetters.Place)
		}
		return err
	})
	if err != nil {
		return err
	}
	a.Log.Info("dead letters are sent again from the portal", "function", f.Name, "place", f.DeadLetters.Place.String(), "limit", body.Limit, "error", body.Error)
	portal.WriteJSON(w, http.StatusAccepted, map[string]string{"task": id})
	return nil
}

// breakerTroubles reports the circuit breakers that are not closed, and the dead letters
// that came in.
func (p page) breakerTroubles(report func(portal.Trouble)) {
	for _, a := range p.Apps() {
		app := a.Host.Name()
		at := func(name, tab string) string {
			return "/functions/" + url.PathEscape(app) + "/" + url.PathEscape(name) + "/" + tab
		}
		for _, info := range a.Host.Functions() {
			if b := info.Breaker; b != nil && b.State != breaker.Closed {
				line, _, _ := strings.Cut(textOf(b.Err), "\n")
				report(portal.Trouble{
					Kind: "breaker-open", Subject: app + "/" + info.Name, Detail: line, State: stateWarn, Since: b.Since,
					Count: int64(b.Probes), To: at(info.Name, "overview"),
				})
			}
			if d := info.DeadLetters; d != nil && (d.Kept > 0 || d.Err != nil) {
				t := portal.Trouble{
					Kind: "dead-letters", Subject: app + "/" + info.Name, Detail: d.Place.String(), State: stateWarn, Count: d.Kept,
					To: at(info.Name, "letters"),
				}
				if d.Err != nil {
					t.State, t.Detail = stateBad, d.Err.Error()
				}
				report(t)
			}
		}
	}
}

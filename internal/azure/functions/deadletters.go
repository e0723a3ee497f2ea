package functions

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
)

// The part of the admin API that Azure's does not have: dead letters.

// usualLetters is how many are listed when nobody says.
const usualLetters = 50

// deadLetter is one as it is listed.
type deadLetter struct {
	ID           string    `json:"id"`
	Time         time.Time `json:"time,omitzero"`
	Attempts     int       `json:"attempts"`
	Redrives     int       `json:"redrives"`
	Error        string    `json:"error,omitempty"`
	ErrorType    string    `json:"errorType,omitempty"`
	Partition    string    `json:"partition,omitempty"`
	Offset       string    `json:"offset,omitempty"`
	PartitionKey string    `json:"partitionKey,omitempty"`
	MessageID    string    `json:"messageId,omitempty"`
	Bytes        int       `json:"bytes"`
	Body         string    `json:"body"`
	Base64       bool      `json:"base64,omitempty"` // the body is no text
}

func deadLetterOf(l *letter.Letter) deadLetter {
	i := &l.Item
	out := deadLetter{
		ID: l.ID, Time: l.Time, Attempts: l.Attempts, Redrives: l.Redrives, Error: l.Error.Message, ErrorType: l.Error.Type,
		Partition: i.Partition, Offset: i.Offset, PartitionKey: i.PartitionKey, MessageID: i.MessageID,
		Bytes: len(i.Body), Body: string(i.Body), Base64: !utf8.Valid(i.Body),
	}
	if out.Base64 {
		out.Body = base64.StdEncoding.EncodeToString(i.Body)
	}
	return out
}

// listDeadLetters answers GET …/deadletters?from=&onlyError=&limit=: the place, and the
// letters, of which limit are 50 unless it says more, and 0 all.
func (s *Service) listDeadLetters(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	query := host.LetterQuery{From: q.Get("from"), OnlyError: q.Get("onlyError"), Limit: usualLetters}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			writeError(w, fault.New(fault.Invalid, "request", "limit must be a number from 0, is %q", text))
			return
		}
		query.Limit = n
	}
	out := struct {
		Place   string       `json:"place"`
		Letters []deadLetter `json:"letters"`
	}{Letters: []deadLetter{}}
	place, err := s.host.DeadLetters(r.Context(), r.PathValue("name"), query, func(l *letter.Letter) {
		out.Letters = append(out.Letters, deadLetterOf(l))
	})
	if err != nil {
		writeError(w, err)
		return
	}
	out.Place = place.String()
	writeJSON(w, http.StatusOK, out)
}

// redriveLine is a line of the answer to POST …/redrive. The first says how many letters
// there are, the last is Done or has why it ended.
type redriveLine struct {
	Total   *int        `json:"total,omitempty"`
	Letter  *deadLetter `json:"letter,omitempty"` // that was sent, without its body
	Failed  string      `json:"failed,omitempty"` // why the function failed for it again
	Done    bool        `json:"done,omitempty"`
	Problem string      `json:"problem,omitempty"`
}

// redrive answers POST …/redrive {"from", "onlyError", "limit"}: it sends the dead letters
// to the function again, a JSON line to each, and stops when the caller goes away.
func (s *Service) redrive(w http.ResponseWriter, r *http.Request) {
	var in struct {
		From, OnlyError string
		Limit           int
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAdminBody))
	if err == nil && len(body) > 0 {
		err = json.Unmarshal(body, &in)
	}
	if err != nil || in.Limit < 0 {
		writeError(w, fault.New(fault.Invalid, "request", `the body must be {"from": PLACE, "onlyError": TEXT, "limit": N}`))
		return
	}
	query := host.LetterQuery{From: in.From, OnlyError: in.OnlyError, Limit: in.Limit}
	total := 0
	if _, err := s.host.DeadLetters(r.Context(), r.PathValue("name"), query, func(*letter.Letter) { total++ }); err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(w)
	say := func(l redriveLine) {
		if lines.Encode(l) == nil {
			_ = http.NewResponseController(w).Flush() // who left is noticed by the context
		}
	}
	say(redriveLine{Total: &total})
	err = s.host.Redrive(r.Context(), r.PathValue("name"), query, func(d host.Redriven) {
		shown := deadLetterOf(d.Letter)
		shown.Body, shown.Base64 = "", false
		line := redriveLine{Letter: &shown}
		if d.Err != nil {
			line.Failed = d.Err.Error()
		}
		say(line)
	})
	if err != nil {
		say(redriveLine{Problem: err.Error()})
		return
	}
	say(redriveLine{Done: true})
}

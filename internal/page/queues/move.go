package queues

import (
	"context"
	"fmt"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/queue"
)

// Move is the body of POST …/move: messages go to another queue of the account, which
// exists. Without ids all go that are there now, as a task.
type Move struct {
	To  string   `json:"to"`
	IDs []string `json:"ids"` // at most maxPage
}

// Moved is the answer to a Move of some messages.
type Moved struct {
	Moved int `json:"moved"`
	Held  int `json:"held"` // are not visible now; they stayed
	Gone  int `json:"gone"` // were not there any more
}

// Moving is the answer to a Move of all.
type Moving struct {
	Task string `json:"task"`
	Of   int    `json:"of"` // messages
}

// moveMessages serves POST …/move.
func (p *page) moveMessages(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	var m Move
	if err == nil {
		err = portal.ReadJSON(w, r, maxSettings, &m)
	}
	if err != nil {
		return err
	}
	to, err := p.find(t.account.Name, m.To)
	if err != nil {
		return err
	}
	if to.queue == t.queue {
		return fault.New(fault.Invalid, "to", "the messages are in queue %s already", m.To)
	}
	if len(m.IDs) == 0 {
		return p.moveAll(w, t, to)
	}
	if len(m.IDs) > maxPage {
		return fault.New(fault.TooLarge, "ids", "%d messages; %d go at a time", len(m.IDs), maxPage)
	}
	var did Moved
	for ids := m.IDs; len(ids) > 0; {
		n := min(len(ids), queue.MaxMove)
		if err := did.add(t.queue.Move(r.Context(), to.queue, ids[:n])); err != nil {
			return err
		}
		ids = ids[n:]
	}
	portal.WriteJSON(w, http.StatusOK, did)
	return nil
}

func (m *Moved) add(did queue.Moved, err error) error {
	m.Moved, m.Held, m.Gone = m.Moved+did.Moved, m.Held+did.Held, m.Gone+did.Gone
	return err
}

// moveAll begins to move what is there now; one at a time for a queue.
func (p *page) moveAll(w http.ResponseWriter, t, to target) error {
	info, err := t.queue.Info()
	if err != nil {
		return err
	}
	name := t.account.Name + "/" + info.Name
	if !p.begin(name) {
		return fault.New(fault.Conflict, "queue "+info.Name, "its messages are being moved already; see the tasks")
	}
	id, err := p.Tasks.Start(portal.Task{Kind: "move", Subject: info.Name, To: "/storage/" + t.account.Name + "/queues/" + info.Name},
		func(ctx context.Context, done *portal.Progress) error {
			defer p.end(name)
			done.Of(int64(info.Messages))
			return carry(ctx, t.queue, to.queue, done)
		})
	if err != nil {
		p.end(name)
		return err
	}
	portal.WriteJSON(w, http.StatusAccepted, Moving{id, info.Messages})
	return nil
}

func (p *page) begin(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moving[name] {
		return false
	}
	p.moving[name] = true
	return true
}

func (p *page) end(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.moving, name)
}

// carry moves what was put before it began: what comes back meanwhile stays, or a
// message that fails again and again would move for ever.
func carry(ctx context.Context, from, to *queue.Queue, progress *portal.Progress) error {
	var did Moved
	began, after := from.Now(), uint64(0)
	for more := true; more; {
		page, again, err := from.Look(ctx, queue.Look{After: after, Limit: queue.MaxMove})
		if err != nil {
			return err
		}
		var ids []string
		for _, m := range page {
			if m.Inserted.After(began) {
				again = false
				break
			}
			ids, after = append(ids, m.ID), m.Place
		}
		if err := did.add(from.Move(ctx, to, ids)); err != nil {
			return err
		}
		progress.Add(int64(len(ids)))
		more = again
	}
	progress.Say(fmt.Sprintf("%d moved to %s", did.Moved, to.Name()))
	if did.Held > 0 {
		progress.Say(fmt.Sprintf("%d moved to %s; %d are not visible now and stayed", did.Moved, to.Name(), did.Held))
	}
	return nil
}

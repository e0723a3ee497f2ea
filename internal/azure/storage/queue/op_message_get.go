package queue

import (
	"net/http"

	engine "github.com/lazuli-dev/lazuli/internal/queue"
)

// defaultVisibility is how long a message is hidden that somebody gets, in seconds.
const defaultVisibility = 30

// getMessages is Get Messages: numofmessages 1 to 32, hidden for visibilitytimeout.
func (x *exchange) getMessages() error {
	n, err := x.number("numofmessages", 1, engine.MaxBatch, 1)
	if err != nil {
		return err
	}
	hidden, err := x.visibility(1, defaultVisibility)
	if err != nil {
		return err
	}
	q, err := x.queue()
	if err != nil {
		return err
	}
	all, err := q.Get(x.h.Context(), int(n), hidden)
	if err != nil {
		return err
	}
	x.event.Items = len(all)
	return x.reply(http.StatusOK, messageList(all, isGot))
}

// peekMessages is Peek Messages: they stay as they are.
func (x *exchange) peekMessages() error {
	n, err := x.number("numofmessages", 1, engine.MaxBatch, 1)
	if err != nil {
		return err
	}
	q, err := x.queue()
	if err != nil {
		return err
	}
	all, err := q.Peek(x.h.Context(), int(n))
	if err != nil {
		return err
	}
	x.event.Items = len(all)
	return x.reply(http.StatusOK, messageList(all, isPeeked))
}

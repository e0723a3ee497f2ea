package queue

import (
	"net/http"
)

// updateMessage is Update Message: another time until it comes again, and another text
// if the body has one. The old pop receipt is good no more.
func (x *exchange) updateMessage() error {
	if err := x.needs("popreceipt", "visibilitytimeout"); err != nil {
		return err
	}
	hidden, err := x.visibility(0, 0)
	if err != nil {
		return err
	}
	text, err := x.text(false)
	if err != nil {
		return err
	}
	q, err := x.queue()
	if err != nil {
		return err
	}
	m, err := q.Update(x.h.Context(), x.message, x.r.Query.Base64("popreceipt"), hidden, text)
	if err != nil {
		return err
	}
	h := x.w.Header()
	h["X-Ms-Popreceipt"] = []string{m.Receipt}
	h["X-Ms-Time-Next-Visible"] = []string{m.Visible.UTC().Format(http.TimeFormat)}
	return x.reply(http.StatusNoContent, nil)
}

// deleteMessage is Delete Message.
func (x *exchange) deleteMessage() error {
	if err := x.needs("popreceipt"); err != nil {
		return err
	}
	q, err := x.queue()
	if err != nil {
		return err
	}
	if err := q.Remove(x.h.Context(), x.message, x.r.Query.Base64("popreceipt")); err != nil {
		return err
	}
	return x.reply(http.StatusNoContent, nil)
}

// clearMessages is Clear Messages.
func (x *exchange) clearMessages() error {
	q, err := x.queue()
	if err != nil {
		return err
	}
	if err := q.Clear(x.h.Context()); err != nil {
		return err
	}
	return x.reply(http.StatusNoContent, nil)
}

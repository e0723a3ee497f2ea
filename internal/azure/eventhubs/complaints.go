package eventhubs

import (
	"log/slog"
	"sync"
	"time"
)

// complaintEvery is how often one and the same trouble of this machine is
// logged, however many requests run into it.
const complaintEvery = time.Minute

// complaints logs errors that clients only hear the outline of.
type complaints struct {
	mu   sync.Mutex
	text string    // the last one; guarded by mu
	at   time.Time // when it was logged; guarded by mu
}

func (c *complaints) log(log *slog.Logger, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, text := time.Now(), err.Error()
	if text == c.text && now.Sub(c.at) < complaintEvery {
		return
	}
	c.text, c.at = text, now
	log.Error("requests fail", "error", err)
}

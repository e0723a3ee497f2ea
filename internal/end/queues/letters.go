package queues

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// letters keeps dead letters in a queue, a message each, which stays until it is sent
// again. A message that is no letter is shown as a raw one: poison queues are read so.
type letters struct {
	q      Queue
	config Config
}

// Letters is the kind of place that a queue is for dead letters.
func (e End) Letters() letter.Kind {
	return letter.Kind{
		Name: "queue",
		Check: func(s letter.Setup) error {
			_, _, err := placeOf(s)
			return err
		},
		Open: func(ctx context.Context, s letter.Setup) (letter.Store, error) {
			conn, name, err := placeOf(s)
			if err != nil {
				return nil, err
			}
			config, err := ReadConfig(s.Config)
			if err != nil {
				return nil, err
			}
			q, err := e.Queues.Need(ctx, conn, name, Process)
			if err != nil {
				return nil, err
			}
			return &letters{q, config}, nil
		},
	}
}

func placeOf(s letter.Setup) (settings.Connection, string, error) {
	name := strings.ToLower(s.Name)
	if len(name) < 3 || len(name) > 63 || !lawful.MatchString(name) {
		return settings.Connection{}, "", fault.New(fault.Invalid, "function "+s.Function,
			"its dead letters go to a queue %q, which is no name of a queue: it has 3 to 63 letters, digits, and single hyphens between them", s.Name)
	}
	conn, err := s.Settings.StorageConnection(settings.StorageQueues, s.Connection)
	return conn, name, err
}

// Most implements letter.Store: base64 makes four bytes of three.
func (s *letters) Most() int {
	if s.config.Plain {
		return MaxText
	}
	return MaxText / 4 * 3
}

// Count implements letter.Store.
func (s *letters) Count(ctx context.Context) (int, error) { return s.q.Length(ctx) }

// Put implements letter.Store.
func (s *letters) Put(ctx context.Context, all []*letter.Letter) error {
	for _, l := range all {
		text, err := l.Encode()
		if err == nil {
			err = s.q.Put(ctx, s.config.encode(text), -1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keptFor is for how long a letter that stays is out of a walk's way. What the walk leaves
// behind when it is killed comes back after that.
const keptFor = time.Hour

// Walk implements letter.Store. A letter is hidden from others while it is looked at, and
// until the end of the walk when it stays.
func (s *letters) Walk(ctx context.Context, see func(context.Context, *letter.Letter) (letter.Verdict, error)) (err error) {
	total, err := s.q.Length(ctx)
	if err != nil {
		return err
	}
	settling := context.WithoutCancel(ctx)
	var stay []*held
	defer func() {
		for _, h := range stay {
			if e := h.hide(settling, 0); e != nil && !fault.Is(e, fault.Gone) {
				err = errors.Join(err, e)
			}
		}
	}()
	for range total {
		if err := ctx.Err(); err != nil {
			return err
		}
		got, err := s.q.Get(ctx, 1, Hold)
		if err != nil || len(got) == 0 {
			return err
		}
		h := &held{s: &Source{Queue: s.q}, m: &got[0], receipt: got[0].Receipt}
		v, err := s.see(ctx, h, see)
		if err == nil && v.Gone {
			err = s.replace(settling, h, v)
		} else {
			stay = append(stay, h)
			err = errors.Join(err, h.hide(settling, keptFor))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// see shows a letter while it is kept from others.
func (s *letters) see(ctx context.Context, h *held, see func(context.Context, *letter.Letter) (letter.Verdict, error)) (letter.Verdict, error) {
	body, err := s.config.decode(h.m.Text)
	if err != nil {
		body = h.m.Text
	}
	l, err := letter.Decode(body)
	if err != nil {
		l = &letter.Letter{
			ID: h.m.ID, Raw: true,
			Item: letter.Item{Body: body, MessageID: h.m.ID, At: h.m.Inserted, Expires: h.m.Expires, DequeueCount: h.m.Dequeued},
		}
	}
	keeping, let := context.WithCancel(context.WithoutCancel(ctx))
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		for run.Pause(keeping, Hold/2) == nil {
			if h.Renew(keeping) != nil {
				return // what follows says so
			}
		}
	}()
	v, err := see(ctx, l)
	let()
	<-kept
	return v, err
}

// replace takes a letter out, after the one that takes its place is durable.
func (s *letters) replace(ctx context.Context, h *held, v letter.Verdict) error {
	if v.Instead != nil {
		if err := s.Put(ctx, []*letter.Letter{v.Instead}); err != nil {
			return err
		}
	}
	if err := h.Complete(ctx); err != nil {
		return err
	}
	return v.Ended(ctx)
}

package portal

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// tick reads the counters of the history, and every topic that is watched.
func (s *Server) tick(now time.Time) {
	wanted := s.topics.wanted(now)
	s.rates.mu.Lock()
	defer s.rates.mu.Unlock()
	s.rates.begin(now)
	s.count(now)
	s.cfg.Notices.look(now, s.troubles())
	for kind := range s.lists {
		if !wanted[kind] {
			delete(s.lists, kind)
		}
	}
	for topic := range wanted {
		s.publish(topic, now)
	}
}

// publishLate publishes a topic between two ticks.
func (s *Server) publishLate(topic string, now time.Time) {
	s.rates.mu.Lock()
	defer s.rates.mu.Unlock()
	s.rates.now = now
	s.publish(topic, now)
}

// publish reads a topic and publishes what is new. rates.mu is held.
func (s *Server) publish(topic string, now time.Time) {
	var err error
	name, over, board := boardOf(topic)
	switch p, id, found := s.page(topic); {
	case board:
		err = s.publishBoard(topic, name, over, now)
	case topic == summaryTopic:
		err = s.publishValue(topic, s.summary(now), now)
	case topic == noticesTopic:
		err = s.publishValue(topic, s.cfg.Notices.list(now), now)
	case topic == tasksTopic:
		err = s.publishValue(topic, s.cfg.Tasks.list(), now)
	case found && id == "":
		err = s.publishList(p, now)
	case found:
		v, gone := p.Detail(id, s.rates)
		if gone != nil {
			v = nil // null says that there is no such thing
		}
		err = s.publishValue(topic, v, now)
	}
	if err != nil {
		s.cfg.Log.Error("a topic cannot be encoded", "topic", topic, "error", err)
	}
}

func (s *Server) publishList(p *Page, now time.Time) error {
	l := s.lists[p.Kind]
	if l == nil {
		l = &list{}
		s.lists[p.Kind] = l
	}
	fresh := l.rev == 0
	delta, err := l.update(p.Rows(s.rates))
	if err != nil {
		return err
	}
	if delta == nil {
		s.topics.same(p.Kind, now)
		return nil
	}
	if fresh {
		delta = nil // whoever has an older message has it of another time
	}
	s.topics.publish(p.Kind, sync.OnceValue(l.whole()), delta, now)
	return nil
}

func (s *Server) publishValue(topic string, v any, now time.Time) error {
	body, err := json.Marshal(v)
	if err == nil {
		s.topics.publishValue(topic, body, now)
	}
	return err
}

// publishAlarms publishes the dashboards that have new alarms without waiting
// for the tick: a second message within the second, never a third.
func (s *Server) publishAlarms(now time.Time) {
	wanted := s.topics.wanted(now)
	urgent := s.cfg.Boards.Urgent()
	maps.DeleteFunc(s.hasty, func(topic string, _ time.Time) bool { return !wanted[topic] })
	for topic := range wanted {
		name, _, board := boardOf(topic)
		if board && slices.Contains(urgent, name) && now.Sub(s.hasty[topic]) >= fresh {
			s.hasty[topic] = now
			s.publish(topic, now)
		}
	}
}

// publishBoard computes a dashboard's tiles and publishes them.
func (s *Server) publishBoard(topic, name string, over dashboard.Range, now time.Time) error {
	board, err := s.cfg.Boards.Board(name)
	if err != nil {
		return s.publishValue(topic, nil, now) // null says that there is no such one
	}
	return s.publishValue(topic, board.Evaluate(now, over), now)
}

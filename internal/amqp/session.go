package amqp

// Session is one session of a connection. Its pointer is its identity.
type Session struct{ conn *Conn }

// Conn returns the session's connection.
func (s *Session) Conn() *Conn { return s.conn }

// End sends End with the error (nil: none) and drops the session's links.
func (s *Session) End(err *Error) {}

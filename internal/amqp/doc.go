// Package amqp speaks AMQP 1.0 (OASIS, 2012): the type codec, the message
// sections, and the connection, session and link state machines for a server
// and for a client.
//
// The one idea: bytes that belong to somebody else stay bytes. A transfer's
// payload is handed on as the slice that came off the socket, and a stored
// message leaves as [transfer performative][prefix sections][stored bytes],
// without being decoded in between.
//
// One goroutine per connection reads frames and calls the handlers; another
// owns the socket's write side and sends whatever has gathered, so that many
// transfers, dispositions and flows share one system call:
//
//	socket ─▶ reader ─▶ performative ─▶ session ─▶ link ─▶ OnTransfer(Delivery)
//	socket ◀─ writer ◀─ out buffer   ◀─ windows ◀─ credit ◀─ Link.Send
//	                        ▲ dispositions, gathered into ranges ◀─ Delivery.Accept
//
// A connection's life, seen from the server (Dial mirrors it):
//
//	accept ─▶ SASL header ─▶ SASL outcome ─▶ AMQP header ─▶ Open ⇄ Open
//	   ─▶ {Begin ─▶ {Attach ─▶ Flow/Transfer/Disposition … ─▶ Detach} ─▶ End}
//	   ─▶ Close ⇄ Close ─▶ gone
//
// What it does not do: transactions (a coordinator target is refused), link
// recovery (an unsettled map is ignored, a resumed link starts afresh), and
// anything that belongs to a particular service: addresses, filters, claims
// and message meaning are the business of the ConnHandler.
package amqp

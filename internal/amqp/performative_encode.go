package amqp

import "encoding/binary"

// Performatives are written at full length: every field of part 2, section
// 2.7 is there, null where we have nothing to say, because some clients index
// the list without looking at its length.

// listWriter appends the fields of a described list.
type listWriter struct {
	b     []byte
	mark  int
	count int
	err   error // of the first value that could not be encoded
}

func openList(dst []byte, descriptor byte) listWriter {
	dst = append(dst, ctorDescribed, ctorSmallUlong, descriptor)
	dst, mark := openCompound(dst)
	return listWriter{b: dst, mark: mark}
}

func (w *listWriter) close() []byte { return closeCompound(w.b, w.mark, ctorList8, w.count) }

func (w *listWriter) null()           { w.b = AppendNull(w.b); w.count++ }
func (w *listWriter) bool(v bool)     { w.b = AppendBool(w.b, v); w.count++ }
func (w *listWriter) ubyte(v uint8)   { w.b = append(w.b, ctorUbyte, v); w.count++ }
func (w *listWriter) uint(v uint32)   { w.b = AppendUint(w.b, v); w.count++ }
func (w *listWriter) ulong(v uint64)  { w.b = AppendUlong(w.b, v); w.count++ }
func (w *listWriter) string(v string) { w.b = AppendString(w.b, v); w.count++ }
func (w *listWriter) binary(v []byte) { w.b = AppendBinary(w.b, v); w.count++ }

func (w *listWriter) ushort(v uint16) {
	w.b = binary.BigEndian.AppendUint16(append(w.b, ctorUshort), v)
	w.count++
}

// optionalString and the like write null for the zero value.
func (w *listWriter) optionalString(v string) {
	if v == "" {
		w.null()
		return
	}
	w.string(v)
}

func (w *listWriter) optionalSymbol(v Symbol) {
	if v == "" {
		w.null()
		return
	}
	w.b = AppendSymbol(w.b, v)
	w.count++
}

func (w *listWriter) optionalUint(present bool, v uint32) {
	if !present {
		w.null()
		return
	}
	w.uint(v)
}

func (w *listWriter) symbols(v []Symbol) {
	if len(v) == 0 {
		w.null()
		return
	}
	a := make(Array, len(v))
	for i, s := range v {
		a[i] = s
	}
	w.value(a)
}

func (w *listWriter) mapping(v Map) {
	if v == nil {
		w.null()
		return
	}
	w.value(v)
}

// value writes a value. One that cannot be encoded travels as null rather
// than tearing the frame, and is noted in err.
func (w *listWriter) value(v Value) {
	b, err := AppendValue(w.b, v)
	if err != nil {
		b = AppendNull(w.b)
		if w.err == nil {
			w.err = err
		}
	}
	w.b = b
	w.count++
}

func (w *listWriter) error(e *Error) {
	if e == nil {
		w.null()
		return
	}
	in := openList(w.b, descError)
	in.b = AppendSymbol(in.b, e.Condition)
	in.count++
	in.optionalString(e.Description)
	in.mapping(e.Info)
	w.b = in.close()
	w.count++
}

func (w *listWriter) outcome(o Outcome) {
	var in listWriter
	switch o.Kind {
	case OutcomeNone:
		w.null()
		return
	case OutcomeReceived:
		in = openList(w.b, descReceived)
		in.uint(0)
		in.ulong(0)
	case OutcomeAccepted:
		in = openList(w.b, descAccepted)
	case OutcomeRejected:
		in = openList(w.b, descRejected)
		in.error(o.Error)
	case OutcomeReleased:
		in = openList(w.b, descReleased)
	case OutcomeModified:
		in = openList(w.b, descModified)
		in.bool(o.DeliveryFailed)
		in.bool(o.UndeliverableHere)
		in.mapping(o.Annotations)
	}
	w.b = in.close()
	w.count++
}

func (w *listWriter) source(s *Source) {
	if s == nil {
		w.null()
		return
	}
	in := openList(w.b, descSource)
	in.optionalString(s.Address)
	in.uint(s.Durable)
	in.optionalSymbol(s.ExpiryPolicy)
	in.uint(s.Timeout)
	in.bool(s.Dynamic)
	in.mapping(s.DynamicNodeProperties)
	in.optionalSymbol(s.DistributionMode)
	in.mapping(s.Filter)
	in.value(s.DefaultOutcome)
	in.symbols(s.Outcomes)
	in.symbols(s.Capabilities)
	w.b = in.close()
	w.count++
}

func (w *listWriter) target(t *Target) {
	if t == nil {
		w.null()
		return
	}
	in := openList(w.b, descTarget)
	in.optionalString(t.Address)
	in.uint(t.Durable)
	in.optionalSymbol(t.ExpiryPolicy)
	in.uint(t.Timeout)
	in.bool(t.Dynamic)
	in.mapping(t.DynamicNodeProperties)
	in.symbols(t.Capabilities)
	w.b = in.close()
	w.count++
}

// frameWith appends an AMQP frame holding one performative.
func frameWith(dst []byte, channel uint16, body func([]byte) []byte) []byte {
	dst, mark := openFrame(dst, frameTypeAMQP, channel)
	return closeFrame(body(dst), mark)
}

func (o *Open) append(dst []byte) []byte {
	w := openList(dst, descOpen)
	w.string(o.ContainerID)
	w.optionalString(o.Hostname)
	w.uint(o.MaxFrameSize)
	w.ushort(o.ChannelMax)
	w.optionalUint(o.IdleTimeout > 0, durationMillis(o.IdleTimeout))
	w.symbols(o.OutgoingLocales)
	w.symbols(o.IncomingLocales)
	w.symbols(o.OfferedCapabilities)
	w.symbols(o.DesiredCapabilities)
	w.mapping(o.Properties)
	return w.close()
}

func (b *begin) append(dst []byte) []byte {
	w := openList(dst, descBegin)
	if b.HasRemoteChannel {
		w.ushort(b.RemoteChannel)
	} else {
		w.null()
	}
	w.uint(b.NextOutgoingID)
	w.uint(b.IncomingWindow)
	w.uint(b.OutgoingWindow)
	w.uint(b.HandleMax)
	w.symbols(b.OfferedCapabilities)
	w.symbols(b.DesiredCapabilities)
	w.mapping(b.Properties)
	return w.close()
}

func (a *Attach) append(dst []byte) []byte {
	w := openList(dst, descAttach)
	w.string(a.Name)
	w.uint(a.Handle)
	w.bool(bool(a.Role))
	w.ubyte(uint8(a.SndSettleMode))
	w.ubyte(uint8(a.RcvSettleMode))
	w.source(a.Source)
	w.target(a.Target)
	w.null() // unsettled
	w.bool(false)
	w.optionalUint(a.Role == RoleSender, a.InitialDeliveryCount)
	w.ulong(a.MaxMessageSize)
	w.symbols(a.OfferedCapabilities)
	w.symbols(a.DesiredCapabilities)
	w.mapping(a.Properties)
	return w.close()
}

func (f *flow) append(dst []byte) []byte {
	w := openList(dst, descFlow)
	w.optionalUint(f.HasNextIncomingID, f.NextIncomingID)
	w.uint(f.IncomingWindow)
	w.uint(f.NextOutgoingID)
	w.uint(f.OutgoingWindow)
	w.optionalUint(f.HasHandle, f.Handle)
	w.optionalUint(f.HasDeliveryCount, f.DeliveryCount)
	w.optionalUint(f.HasLinkCredit, f.LinkCredit)
	w.optionalUint(f.HasHandle, f.Available)
	w.bool(f.Drain)
	w.bool(f.Echo)
	w.mapping(f.Properties)
	return w.close()
}

// append writes the narrow list by hand: it is on the path of every
// message sent. The tag has at most 32 bytes, so that the list fits one byte
// of size.
func (t *transfer) append(dst []byte) []byte {
	dst = append(dst, ctorDescribed, ctorSmallUlong, descTransfer, ctorList8, 0, 11)
	mark := len(dst)
	dst = AppendUint(dst, t.Handle)
	if t.HasDeliveryID {
		dst = AppendUint(dst, t.DeliveryID)
		dst = AppendBinary(dst, t.DeliveryTag)
		dst = AppendUint(dst, t.MessageFormat)
	} else {
		dst = append(dst, ctorNull, ctorNull, ctorNull)
	}
	dst = AppendBool(dst, t.Settled)
	dst = AppendBool(dst, t.More)
	dst = append(dst, ctorNull, ctorNull) // rcv-settle-mode, state
	dst = AppendBool(dst, t.Resume)
	dst = AppendBool(dst, t.Aborted)
	dst = AppendBool(dst, t.Batchable)
	dst[mark-2] = byte(len(dst) - mark + 1)
	return dst
}

func (p *disposition) append(dst []byte) []byte {
	w := openList(dst, descDisposition)
	w.bool(bool(p.Role))
	w.uint(p.First)
	w.uint(p.Last)
	w.bool(p.Settled)
	w.outcome(p.State)
	w.bool(false) // batchable
	return w.close()
}

func (t *detach) append(dst []byte) []byte {
	w := openList(dst, descDetach)
	w.uint(t.Handle)
	w.bool(t.Closed)
	w.error(t.Error)
	return w.close()
}

func (e *end) append(dst []byte) []byte {
	w := openList(dst, descEnd)
	w.error(e.Error)
	return w.close()
}

func (c *closing) append(dst []byte) []byte {
	w := openList(dst, descClose)
	w.error(c.Error)
	return w.close()
}

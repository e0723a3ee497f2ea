package amqp

import "time"

// Every function here reads the list after a performative's descriptor, in
// the field order of part 2, section 2.7. Defaults of absent fields are set
// first.

const maxUint32 = 1<<32 - 1

func decodeOpen(d *decoder) (o Open) {
	f := openFields(d, "open")
	o.MaxFrameSize, o.ChannelMax = maxUint32, 65535
	f.need(f.string(&o.ContainerID), "container-id")
	f.string(&o.Hostname)
	f.uint(&o.MaxFrameSize)
	f.ushort(&o.ChannelMax)
	f.millis(&o.IdleTimeout)
	f.symbols(&o.OutgoingLocales)
	f.symbols(&o.IncomingLocales)
	f.symbols(&o.OfferedCapabilities)
	f.symbols(&o.DesiredCapabilities)
	f.mapping(&o.Properties)
	f.close(d)
	return o
}

func decodeBegin(d *decoder) (b begin) {
	f := openFields(d, "begin")
	b.HandleMax = maxUint32
	b.HasRemoteChannel = f.ushort(&b.RemoteChannel)
	f.need(f.uint(&b.NextOutgoingID), "next-outgoing-id")
	f.need(f.uint(&b.IncomingWindow), "incoming-window")
	f.need(f.uint(&b.OutgoingWindow), "outgoing-window")
	f.uint(&b.HandleMax)
	f.symbols(&b.OfferedCapabilities)
	f.symbols(&b.DesiredCapabilities)
	f.mapping(&b.Properties)
	f.close(d)
	return b
}

func decodeAttach(d *decoder) (a Attach) {
	f := openFields(d, "attach")
	a.SndSettleMode = SenderMixed
	f.need(f.string(&a.Name), "name")
	f.need(f.uint(&a.Handle), "handle")
	f.need(f.bool((*bool)(&a.Role)), "role")
	f.ubyte((*uint8)(&a.SndSettleMode))
	f.ubyte((*uint8)(&a.RcvSettleMode))
	if a.SndSettleMode > SenderMixed || a.RcvSettleMode > ReceiverSecond {
		f.fail("attach with an unknown settle mode")
	}
	a.Source = f.source()
	a.Target, a.Coordinator = f.target()
	f.ignore() // unsettled: links are not resumed
	f.ignore() // incomplete-unsettled
	f.uint(&a.InitialDeliveryCount)
	f.ulong(&a.MaxMessageSize)
	f.symbols(&a.OfferedCapabilities)
	f.symbols(&a.DesiredCapabilities)
	f.mapping(&a.Properties)
	f.close(d)
	return a
}

func decodeFlow(d *decoder) (w flow) {
	f := openFields(d, "flow")
	w.HasNextIncomingID = f.uint(&w.NextIncomingID)
	f.need(f.uint(&w.IncomingWindow), "incoming-window")
	f.need(f.uint(&w.NextOutgoingID), "next-outgoing-id")
	f.need(f.uint(&w.OutgoingWindow), "outgoing-window")
	w.HasHandle = f.uint(&w.Handle)
	w.HasDeliveryCount = f.uint(&w.DeliveryCount)
	w.HasLinkCredit = f.uint(&w.LinkCredit)
	f.uint(&w.Available)
	f.bool(&w.Drain)
	f.bool(&w.Echo)
	f.mapping(&w.Properties)
	f.close(d)
	return w
}

func decodeTransfer(d *decoder) (t transfer) {
	f := openFields(d, "transfer")
	f.need(f.uint(&t.Handle), "handle")
	t.HasDeliveryID = f.uint(&t.DeliveryID)
	f.binary(&t.DeliveryTag)
	t.HasMessageFormat = f.uint(&t.MessageFormat)
	t.HasSettled = f.bool(&t.Settled)
	f.bool(&t.More)
	t.HasRcvSettleMode = f.ubyte((*uint8)(&t.RcvSettleMode))
	f.ignore() // state
	f.bool(&t.Resume)
	f.bool(&t.Aborted)
	f.bool(&t.Batchable)
	f.close(d)
	return t
}

func decodeDisposition(d *decoder) (p disposition) {
	f := openFields(d, "disposition")
	f.need(f.bool((*bool)(&p.Role)), "role")
	f.need(f.uint(&p.First), "first")
	if !f.uint(&p.Last) {
		p.Last = p.First
	}
	f.bool(&p.Settled)
	p.State = f.outcome()
	f.close(d)
	return p
}

func decodeDetach(d *decoder) (t detach) {
	f := openFields(d, "detach")
	f.need(f.uint(&t.Handle), "handle")
	f.bool(&t.Closed)
	t.Error = f.error()
	f.close(d)
	return t
}

func decodeEnd(d *decoder) (e end) {
	f := openFields(d, "end")
	e.Error = f.error()
	f.close(d)
	return e
}

func decodeClose(d *decoder) (c closing) {
	f := openFields(d, "close")
	c.Error = f.error()
	f.close(d)
	return c
}

// error reads an optional error field.
func (f *fields) error() *Error {
	code, ok := f.described()
	if !ok {
		return nil
	}
	if code != descError {
		f.fail("%s has descriptor 0x%02x where an error belongs", f.what, code)
		return nil
	}
	e := &Error{}
	in := openFields(&f.decoder, "error")
	in.need(in.symbol(&e.Condition), "condition")
	in.string(&e.Description)
	in.mapping(&e.Info)
	in.close(&f.decoder)
	return e
}

// outcome reads an optional delivery state. States of extensions, such as
// those of transactions, are refused.
func (f *fields) outcome() (o Outcome) {
	code, ok := f.described()
	if !ok {
		return o
	}
	in := openFields(&f.decoder, "delivery state")
	switch code {
	case descReceived:
		o.Kind = OutcomeReceived
	case descAccepted:
		o.Kind = OutcomeAccepted
	case descRejected:
		o.Kind = OutcomeRejected
		o.Error = in.error()
	case descReleased:
		o.Kind = OutcomeReleased
	case descModified:
		o.Kind = OutcomeModified
		in.bool(&o.DeliveryFailed)
		in.bool(&o.UndeliverableHere)
		in.mapping(&o.Annotations)
	default:
		in.fail("unknown delivery state 0x%02x", code)
	}
	in.close(&f.decoder)
	return o
}

// source reads an optional source field.
func (f *fields) source() *Source {
	code, ok := f.described()
	if !ok {
		return nil
	}
	if code != descSource {
		f.fail("attach has descriptor 0x%02x where a source belongs", code)
		return nil
	}
	s := &Source{ExpiryPolicy: "session-end"}
	in := openFields(&f.decoder, "source")
	in.address(&s.Address)
	in.uint(&s.Durable)
	in.symbol(&s.ExpiryPolicy)
	in.uint(&s.Timeout)
	in.bool(&s.Dynamic)
	in.mapping(&s.DynamicNodeProperties)
	in.symbol(&s.DistributionMode)
	in.mapping(&s.Filter)
	in.any(&s.DefaultOutcome)
	in.symbols(&s.Outcomes)
	in.symbols(&s.Capabilities)
	in.close(&f.decoder)
	return s
}

// target reads an optional target field, or reports a coordinator.
func (f *fields) target() (t *Target, coordinator bool) {
	code, ok := f.described()
	if !ok {
		return nil, false
	}
	switch code {
	case descCoordinator:
		in := openFields(&f.decoder, "coordinator")
		in.close(&f.decoder)
		return nil, true
	case descTarget:
	default:
		f.fail("attach has descriptor 0x%02x where a target belongs", code)
		return nil, false
	}
	t = &Target{ExpiryPolicy: "session-end"}
	in := openFields(&f.decoder, "target")
	in.address(&t.Address)
	in.uint(&t.Durable)
	in.symbol(&t.ExpiryPolicy)
	in.uint(&t.Timeout)
	in.bool(&t.Dynamic)
	in.mapping(&t.DynamicNodeProperties)
	in.symbols(&t.Capabilities)
	in.close(&f.decoder)
	return t, false
}

// address reads a terminus address, which may be of any type on the wire; we
// take strings and symbols.
func (f *fields) address(v *string) {
	var a Value
	f.any(&a)
	switch s := a.(type) {
	case nil:
	case string:
		*v = s
	case Symbol:
		*v = string(s)
	default:
		f.fail("address is not a string but %T", a)
	}
}

// own returns v with the binary values inside copied, so that it outlives the
// frame it was decoded from.
func own(v Value) Value {
	switch x := v.(type) {
	case []byte:
		return append([]byte{}, x...)
	case []any:
		for i := range x {
			x[i] = own(x[i])
		}
	case Array:
		for i := range x {
			x[i] = own(x[i])
		}
	case Map:
		for i := range x {
			x[i].Key, x[i].Value = own(x[i].Key), own(x[i].Value)
		}
	case Described:
		return Described{Descriptor: own(x.Descriptor), Value: own(x.Value)}
	}
	return v
}

// durationMillis turns a timeout into the protocol's uint milliseconds.
func durationMillis(d time.Duration) uint32 {
	return uint32(min(max(d.Milliseconds(), 0), maxUint32))
}

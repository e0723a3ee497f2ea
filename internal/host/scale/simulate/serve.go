package simulate

// serve lets the instances of a group work for a second: as many invocations begin as
// there are places for, and as the cores allow.
func (r *run) serve(g *group, second int64) {
	var need int64 // of the cores, for all that could begin; see cores
	for _, f := range r.functions {
		if f.group != g {
			continue
		}
		f.offer(g.ready)
		need += f.starts * f.cores()
	}
	room := int64(g.ready)*int64(r.o.Size.MilliCores.Value)*1000 - g.debt
	used, invocations, atOnce := int64(0), int64(0), int64(0)
	for _, f := range r.functions {
		if f.group != g {
			continue
		}
		f.limit(need, room)
		used += f.starts * f.cores()
		f.begin(second)
		invocations, atOnce = invocations+f.starts, atOnce+f.atOnce
		r.bill.executed(f.starts, f.millis)
	}
	g.debt = max(0, used-room)
	r.bill.second(g, invocations, (atOnce+999)/1000)
}

// cores is what an invocation needs of the cores, in milliseconds of a thousandth of one.
func (f *function) cores() int64 { return f.millis * int64(f.work.CPU) * 10 }

// offer finds out how many invocations could begin in this second for all that the
// cores say, and how many items each would have.
func (f *function) offer(instances int) {
	f.starts, f.atOnce = 0, 0
	slots := f.work.slots(instances)
	if slots == 0 || f.waiting.length == 0 {
		return
	}
	f.batch, f.millis = 1, f.work.millis(1)
	places := f.places(slots)
	for range 3 { // larger batches take longer, and there are fewer of them
		if places == 0 {
			return
		}
		f.batch = min(ceil(f.waiting.length, places), int64(f.work.Batch))
		f.millis = f.work.millis(f.batch)
		places = f.places(slots)
	}
	f.starts = min(places, ceil(f.waiting.length, f.batch))
}

// places is how many invocations could begin in a second: several in each slot, one
// after the other, if they are short, and only in free slots if they are not.
func (f *function) places(slots int64) int64 {
	if f.millis < 1000 {
		return max(0, slots-f.running) * 1000 / f.millis
	}
	return max(0, slots-f.running)
}

// limit takes the function's share of what cores there are. Fewer invocations have more
// items each, as in a batch that waits for its turn. Where there is any room, one may
// begin that needs more than that, which the next seconds pay.
func (f *function) limit(need, room int64) {
	if need <= room || f.starts == 0 || f.cores() == 0 {
		return
	}
	if room <= 0 {
		f.starts, f.atOnce = 0, 0
		return
	}
	mine := share(f.starts*f.cores(), room, need)
	for range 3 {
		f.starts = max(1, mine/f.cores())
		f.batch = min(ceil(f.waiting.length, f.starts), int64(f.work.Batch))
		f.millis = f.work.millis(f.batch)
	}
	f.starts = min(max(1, mine/f.cores()), ceil(f.waiting.length, f.batch))
}

// share is n * part / whole without overflow.
func share(n, part, whole int64) int64 {
	for part > 1<<31 {
		part, whole = part>>1, whole>>1
	}
	return n * part / max(whole, 1)
}

// begin lets this second's invocations begin.
func (f *function) begin(second int64) {
	before := f.waiting.length
	f.waiting.take(f.starts*f.batch, func(c cohort) {
		ms := (second-c.second)*1000 + f.millis
		f.latency.add(ms, c.items)
		f.lately.add(ms, c.items)
	})
	items := before - f.waiting.length
	f.done, f.point.Done, f.executed = f.done+items, f.point.Done+items, f.executed+f.starts
	f.short = 0
	if f.starts > 0 && f.millis < 1000 {
		f.short = ceil(items*f.millis, 1000)
		f.atOnce = f.starts * f.millis
	} else if f.starts > 0 {
		f.long = append(f.long, ending{second + ceil(f.millis, 1000), f.starts, items})
		f.running, f.items = f.running+f.starts, f.items+items
	}
	f.atOnce += f.running * 1000
	if f.point.Waiting = max(f.point.Waiting, f.waiting.length); f.waiting.length > f.most {
		f.most, f.mostAt = f.waiting.length, second
	}
}

func ceil(n, by int64) int64 { return (n + by - 1) / by }

package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// refJoin joins each row with the version of the reference data that is valid at
// its time. It indexes a version by the join's keys when it first needs it.
type refJoin struct {
	node    *streamsql.RefJoin
	data    *refData
	out     emitter
	version *refVersion // that index is of
	index   *table      // one word: first row of the chain, from 1
	next    []uint32    // by row: the next of its chain, from 1
	key     []byte
}

func newRefJoin(e *env, node *streamsql.RefJoin, data *refData, next port) *refJoin {
	return &refJoin{node: node, data: data, out: newEmitter(e, next, node.Schema().Width), index: newTable(2)}
}

func (j *refJoin) process(rows []streamsql.Row) error {
	for i := range rows {
		if err := j.row(&rows[i]); err != nil {
			return err
		}
	}
	return j.out.flush()
}

func (j *refJoin) row(in *streamsql.Row) error {
	env := j.out.env
	if v := j.data.at(in.Time); v != j.version {
		j.build(v)
	}
	var hasKey, dates bool
	j.key, hasKey, dates = joinKey(j.key[:0], j.node.LeftKeys, in)
	if env.dataError(in) {
		return nil
	}
	matched := false
	if hasKey && j.version != nil {
		if id := j.index.find(j.key); id != missing {
			for n := uint32(j.index.state(id)[0]); n != 0; n = j.next[n-1] {
				right := streamsql.Row{Slots: j.version.rows[n-1], Scratch: &env.scratch}
				if dates && !equalKeys(j.node.LeftKeys, j.node.RightKeys, in, &right) {
					continue
				}
				ok, err := j.emit(in, right.Slots)
				if err != nil {
					return err
				}
				matched = matched || ok
			}
		}
	}
	if !matched && j.node.Outer {
		_, err := j.emit(in, nil)
		return err
	}
	return nil
}

// emit adds the joined row if the condition holds; a nil right side is none,
// and needs no condition.
func (j *refJoin) emit(in *streamsql.Row, right []streamsql.Value) (bool, error) {
	row, err := j.out.add(in.Time)
	if err != nil {
		return false, err
	}
	row.Arrival, row.Partition = in.Arrival, in.Partition
	fillJoined(row, j.node.Slots, in.Slots, right, in.Time, in.Time)
	ok := right == nil || j.node.Residual == nil || j.node.Residual.Test(row)
	if j.out.env.dataError(row) || !ok {
		j.out.undo()
		return false, nil
	}
	return true, nil
}

// build indexes a version. Rows with a NULL in a key match nothing.
func (j *refJoin) build(v *refVersion) {
	j.version = v
	j.index.reset()
	j.next = j.next[:0]
	if v == nil {
		return
	}
	j.next = append(j.next, make([]uint32, len(v.rows))...)
	row := streamsql.Row{Scratch: &j.out.env.scratch}
	for i := range v.rows {
		row.Slots, row.Err = v.rows[i], nil
		var hasKey bool
		j.key, hasKey, _ = joinKey(j.key[:0], j.node.RightKeys, &row)
		if j.out.env.dataError(&row) || !hasKey {
			continue
		}
		id, added := j.index.insert(j.key, nil)
		chain := j.index.state(id)
		if added {
			chain[0] = uint64(i + 1)
		} else {
			j.next[chain[1]-1] = uint32(i + 1)
		}
		chain[1] = uint64(i + 1)
	}
}

func (j *refJoin) advance(wm int64) error { return j.out.next.advance(wm) }

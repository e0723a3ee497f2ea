package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// refJoin joins each row with the version of the reference data that is valid at
// its time. It indexes a version by the join's keys when it first needs it.
type refJoin struct {
	node    *streamsql.RefJoin
	data    *refData
	out     emitter
	indexes *refIndexes
	*refIndex
	key []byte
}

// refIndex is a version of reference data by the keys of a join.
type refIndex struct {
	version *refVersion // nil: before the first
	rows    [][]streamsql.Value
	index   *table   // two words: first and last row of the chain, from 1
	next    []uint32 // by row: the next of its chain, from 1
}

// refIndexes are the indexes that a join of a lane uses, of few versions: the
// substreams of TIMESTAMP BY … OVER share them.
type refIndexes struct{ of map[*refVersion]*refIndex }

const keptIndexes = 4

func newRefJoin(e *env, node *streamsql.RefJoin, data *refData, indexes *refIndexes, next port) *refJoin {
	return &refJoin{node: node, data: data, out: newEmitter(e, next, node.Schema().Width), indexes: indexes, refIndex: &refIndex{}}
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
		if err := j.use(v); err != nil {
			return err
		}
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
				if err := env.look(); err != nil {
					return err
				}
				right := streamsql.Row{Slots: j.rows[n-1], Scratch: &env.scratch}
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

// use takes the index of a version, making it if nobody has.
func (j *refJoin) use(v *refVersion) error {
	if v == nil {
		j.refIndex = &refIndex{}
		return nil
	}
	if known := j.indexes.of[v]; known != nil {
		j.refIndex = known
		return nil
	}
	rows, err := j.data.rows(j.out.env.ctx, v)
	if err != nil {
		return err
	}
	if len(j.indexes.of) >= keptIndexes {
		clear(j.indexes.of)
	}
	j.refIndex = &refIndex{version: v, rows: rows, index: newTable(2), next: make([]uint32, len(rows))}
	j.indexes.of[v] = j.refIndex
	j.fill()
	return nil
}

// fill indexes a version. Rows with a NULL in a key match nothing.
func (j *refJoin) fill() {
	row := streamsql.Row{Scratch: &j.out.env.scratch}
	for i := range j.rows {
		row.Slots, row.Err = j.rows[i], nil
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

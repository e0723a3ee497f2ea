package objectstore

import "context"

// CheckPut says what PutBlob, CommitBlocks or CopyFrom would refuse now, without the
// content: conditions and lease. It changes nothing, and the answer is good for the
// moment only; it is for asking before a large body is sent.
func (a Account) CheckPut(ctx context.Context, addr Address, cond Conditions) error {
	t, err := a.glance(ctx, addr)
	if err != nil {
		return err
	}
	return t.creatable(cond)
}

// CheckWrite is CheckPut for changes of a blob that must be there.
func (a Account) CheckWrite(ctx context.Context, addr Address, cond Conditions) error {
	t, err := a.glance(ctx, addr)
	if err != nil {
		return err
	}
	return t.existing(cond)
}

// glance is a change that will not happen: what it asks can be asked.
func (a Account) glance(ctx context.Context, addr Address) (*txn, error) {
	v, err := a.look(ctx, addr)
	if err != nil {
		return nil, err
	}
	if err := v.read(a.s.db); err != nil {
		return nil, err
	}
	return &txn{s: a.s, c: v.c, name: addr.Blob, now: v.now, old: v.rec}, nil
}

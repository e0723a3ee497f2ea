package kv

import (
	"errors"
	"fmt"
)

// Each calls use with every key that begins with the prefix and its value, in order,
// until one fails; the error names its key. Both are good during the call only.
func Each(from Reader, prefix []byte, use func(key, value []byte) error) (err error) {
	it, err := from.Iter(prefix, PrefixEnd(prefix))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		if err := use(it.Key(), it.Value()); err != nil {
			return fmt.Errorf("record %x: %w", it.Key(), err)
		}
	}
	return nil
}

// RangesOf are the keys that begin with each of the prefixes, as GiveBack takes them.
func RangesOf(prefixes ...[]byte) [][2][]byte {
	ranges := make([][2][]byte, len(prefixes))
	for i, p := range prefixes {
		ranges[i] = [2][]byte{p, PrefixEnd(p)}
	}
	return ranges
}

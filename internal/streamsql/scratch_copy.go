package streamsql

// Copy returns the value with its text copied into the scratch, valid until
// Reset, for a value whose own buffer is about to be overwritten.
func (s *Scratch) Copy(v Value) Value {
	if v.str != "" {
		v.str = s.keep(append(s.buffer(len(v.str)), v.str...))
	}
	return v
}

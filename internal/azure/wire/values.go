package wire

// Values is memory for the values of a reply's headers, so that each costs no slice.
// net/http reads them after the operation is over: it is never used again.
type Values struct {
	all  [24]string
	used int
}

// Of is a header's value of one string.
func (v *Values) Of(s string) []string {
	if v.used == len(v.all) {
		return []string{s}
	}
	v.all[v.used] = s
	v.used++
	return v.all[v.used-1 : v.used : v.used]
}

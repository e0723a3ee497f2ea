package portal

// Asked is what clients asked of a thing since the program was started.
type Asked struct {
	Requests int64   `json:"requests"` // that were answered
	Refused  int64   `json:"refused"`  // of these, with 4xx: as they are asked, they cannot be done
	Failed   int64   `json:"failed"`   // likewise with 5xx, or not at all
	Rate     float64 `json:"rate"`     // requests per second, over the last four seconds
}

// Asked is a with its rate; key names the thing.
func (r *Rates) Asked(key string, a Asked) Asked {
	a.Rate = r.Of(key+" requests", a.Requests)
	return a
}

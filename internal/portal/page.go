package portal

import "net/http"

// Page is a kind of thing as the portal shows it: a list, what there is to know
// of each, and what can be done. Every function may be called from any goroutine,
// but never two at a time with the same Rates.
type Page struct {
	// Kind names the list: the topic, and GET /api/lists/KIND. Item, with a colon and
	// a row's id behind it, names one thing's topic: "hubs" and "hub:orders".
	Kind string
	Item string
	// Rows reads all rows. It is called once a second while somebody watches.
	Rows func(*Rates) []Row
	// Detail reads one thing; its error says that there is no such thing. nil
	// where the row says it all.
	Detail func(id string, r *Rates) (any, error)
	// Count is how many rows there are. It is called once a second while
	// somebody watches anything.
	Count func() int
	// Failing is how many of them fail now, for the mark beside the list's name.
	// It is called as Count is; nil where things of the kind cannot fail.
	Failing func() int
	// Troubles reports what is wrong now. It is called every second, also when
	// nobody watches, so it must be cheap.
	Troubles func(report func(Trouble))
	// Totals adds up counters over all things of the kind: they become the
	// rates of the summary and the history. Series does so for each thing that
	// has a history of its own, by its name in the history ("hub:orders").
	// Levels are numbers that go up and down. All are read every second, also
	// when nobody watches, so they must be cheap: no walk over partitions.
	Totals func(add func(name string, total int64))
	Series func(add func(name string, total int64))
	Levels func(set func(name string, value int64))
	// Metrics reads what Prometheus is told, at each of its calls. nil: nothing.
	Metrics func(emit func(Metric))
	Routes  []Route
}

// Row is a row of a list: its id, by which it is known between two messages,
// and a value whose JSON is an object that holds the id too.
type Row struct {
	ID    string
	Value any
}

// Route is an address of a page: a pattern of http.ServeMux. An error that it
// returns becomes the answer; then it must not have written anything.
type Route struct {
	Pattern string
	Serve   func(http.ResponseWriter, *http.Request) error
}

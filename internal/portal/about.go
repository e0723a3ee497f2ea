package portal

import "net/http"

// About is the answer to GET /api/about: where this process is and what it
// takes.
type About struct {
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	Go        string    `json:"go"`      // that built it
	Dir       string    `json:"dir"`     // of the project
	DataDir   string    `json:"dataDir"` //
	Sync      string    `json:"sync"`    // when writes reach the disk
	Addresses []Address `json:"addresses"`
	Data      []Use     `json:"data"`
	Free      int64     `json:"free"`    // bytes left on the data folder's disk
	Streams   int       `json:"streams"` // of events that are open: one for each browser
	Modules   []string  `json:"modules"` // that are built in: path and version
}

// Address is where a service answers.
type Address struct {
	Service string `json:"service"` // as in the instance file: amqp, cosmos, functions/NAME
	Address string `json:"address"` // host:port
	Key     string `json:"key"`     // of the port in the project file
}

// Use is what a part of the data folder takes.
type Use struct {
	Part  string `json:"part"`
	Bytes int64  `json:"bytes"`
}

// getAbout serves GET /api/about. It reads the sizes of the data folder's
// files.
func (s *Server) getAbout(w http.ResponseWriter, _ *http.Request) error {
	about := About{Name: s.cfg.Name, Version: s.cfg.Version, Addresses: []Address{}, Data: []Use{}, Modules: []string{}}
	if s.cfg.About != nil {
		about = s.cfg.About()
	}
	about.Streams = s.topics.count()
	WriteJSON(w, http.StatusOK, about)
	return nil
}

// Package usage is what the portal's interface says of the disk that blobs take. It
// has no page of its own; `lazuli storage usage` speaks to it.
package usage

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Usage is what the blobs of an instance take, in bytes.
type Usage struct {
	Disk     int64     `json:"disk"` // of all files of content
	Live     int64     `json:"live"` // of it, what blobs, snapshots and versions hold; what several share is counted as often
	Files    int       `json:"files"`
	Accounts []Account `json:"accounts"`
}

// Account is what a storage account holds.
type Account struct {
	Name       string      `json:"name"`
	Containers []Container `json:"containers"`
}

// Container is what a container holds, without snapshots, versions and what is deleted.
type Container struct {
	Name  string `json:"name"`
	Blobs int64  `json:"blobs"`
	Bytes int64  `json:"bytes"`
}

// Pages returns the address, GET /api/storage/usage. ask is asked at each call.
func Pages(ask func() (Usage, error)) []portal.Page {
	return []portal.Page{{Routes: []portal.Route{{
		Pattern: "GET /api/storage/usage",
		Serve: func(w http.ResponseWriter, _ *http.Request) error {
			u, err := ask()
			if err == nil {
				portal.WriteJSON(w, http.StatusOK, u)
			}
			return err
		},
	}}}}
}

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/terminal"
)

func newStorageUsageCmd(s *session) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "usage",
		Short: "Say what the blobs of the running lazuli take of the disk",
		Long: `Say what blobs take of the disk: what is alive, and what of deleted and overwritten blobs
is still there; files that are mostly dead are tidied up while lazuli runs. Then, by
account and container, what is in them, without snapshots, versions and what is deleted.
The store has these numbers at hand: nothing is listed.`,
		Example: `  lazuli storage usage
  lazuli storage usage --json`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return s.storageUsage(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, in bytes")
	return cmd
}

// blobUsage is GET /api/storage/usage, in bytes.
type blobUsage struct {
	Disk, Live int64
	Files      int
	Accounts   []struct {
		Name       string
		Containers []struct {
			Name         string
			Blobs, Bytes int64
		}
	}
}

func (s *session) storageUsage(ctx context.Context, asJSON bool) error {
	portal, err := s.portal()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := portal.do(ctx, http.MethodGet, "/api/storage/usage", nil, &raw); err != nil {
		return err
	}
	if asJSON {
		_, err := fmt.Fprintf(s.data, "%s\n", raw)
		return err
	}
	var u blobUsage
	if err := json.Unmarshal(raw, &u); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "On disk  %s in %s\n", bytesText(u.Disk), count(u.Files, "file"))
	fmt.Fprintf(s.out, "Alive    %s; what copies and snapshots share counts for each\n", bytesText(u.Live))
	fmt.Fprintf(s.out, "Dead     %s or more\n", bytesText(max(0, u.Disk-u.Live)))
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, a := range u.Accounts {
		var blobs, bytes int64
		for _, c := range a.Containers {
			blobs, bytes = blobs+c.Blobs, bytes+c.Bytes
		}
		fmt.Fprintf(table, "\n%s\t%s\t%s\n", terminal.Clean(a.Name), count(int(blobs), "blob"), bytesText(bytes))
		for _, c := range a.Containers {
			fmt.Fprintf(table, "  %s\t%s\t%s\n", terminal.Clean(c.Name), count(int(c.Blobs), "blob"), bytesText(c.Bytes))
		}
	}
	return table.Flush()
}

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/terminal"
	"github.com/lazuli-dev/lazuli/internal/transfer"
)

// rmOptions are the flags of `lazuli storage rm`.
type rmOptions struct {
	account   storageFlags
	recursive bool
	snapshots bool
	yes       bool
	quiet     bool
	parallel  int
}

func newStorageRmCmd(s *session) *cobra.Command {
	var o rmOptions
	cmd := &cobra.Command{
		Use:   "rm PLACE",
		Short: "Delete blobs, folders of them, and containers",
		Long: `Delete a blob; with -r all blobs of a folder, or a container. blob://ACCOUNT/CONTAINER is
the container itself, with a slash at its end only what is in it. It asks first, except
for a single blob. What an account keeps of deleted blobs (soft delete) can come back.`,
		Example: `  lazuli storage rm blob:///web/old.html
  lazuli storage rm -r blob:///web/images/      a folder
  lazuli storage rm -r blob:///web/ --yes       all blobs; the container stays
  lazuli storage rm -r blob:///web              the container`,
		Args: exactArgs("PLACE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := blobPlace(cmd, args[0], "container")
			if err == nil && !o.recursive && (p.Name == "" || p.Slash) {
				err = &usageError{cmd, fmt.Errorf("%s; -r deletes it with all that is in it", whatIs(p, args[0]))}
			}
			if err == nil && (o.parallel < 1 || o.parallel > 256) {
				err = &usageError{cmd, fmt.Errorf("--parallel %d: from 1 to 256", o.parallel)}
			}
			if err != nil {
				return err
			}
			return s.rm(cmd.Context(), p, o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.recursive, "recursive", "r", false, "a folder with all that is in it, or a container")
	f.BoolVar(&o.snapshots, "include-snapshots", false, "blobs that have snapshots too, with them")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no summary; failures are still told")
	f.IntVarP(&o.parallel, "parallel", "p", 16, "requests at a time")
	o.account.register(cmd)
	return cmd
}

// whatIs says what a place is that is no single blob.
func whatIs(p transfer.Place, text string) string {
	switch {
	case p.Name == "" && p.Slash:
		return text + " is all blobs of a container"
	case p.Name == "":
		return text + " is a container"
	}
	return text + " is a folder"
}

func (s *session) rm(ctx context.Context, p transfer.Place, o rmOptions) error {
	side, account, err := o.account.side(ctx, s, p)
	if err != nil {
		return err
	}
	if o.recursive && p.Name == "" && !p.Slash {
		return s.rmContainer(ctx, side, account, o)
	}
	if o.recursive && !o.yes {
		t, err := transfer.Count(ctx, side)
		if err != nil {
			return s.storageError(ctx, p, account, err)
		}
		if err := s.confirm(fmt.Sprintf("Delete %s (%s) in %s? [y/N] ", count(int(t.Blobs), "blob"), bytesText(t.Bytes), terminal.Clean(p.Text))); err != nil {
			return err
		}
	}
	r, err := transfer.Remove(ctx, side, transfer.Removal{Recursive: o.recursive, Snapshots: o.snapshots, Parallel: o.parallel}, func(int64) {})
	for _, f := range r.Failures {
		fmt.Fprintf(s.err, "%s: %s\n", terminal.Clean(f.Name), terminal.Lines(said(f.Err).Error()))
	}
	if !o.quiet && (err == nil || r.Copied > 0) {
		fmt.Fprintf(s.err, "deleted %s\n", count(int(r.Copied), "blob"))
	}
	switch {
	case err != nil:
		return s.storageError(ctx, p, account, err)
	case r.Failed > 0:
		return fmt.Errorf("%d of %d were not deleted", r.Failed, r.Failed+r.Copied)
	case r.Copied == 0 && p.Name != "":
		return s.storageError(ctx, p, account, fmt.Errorf("there is nothing in %s", p.Text))
	}
	return nil
}

// rmContainer deletes a container with all that is in it.
func (s *session) rmContainer(ctx context.Context, side transfer.Side, account *blobAccount, o rmOptions) error {
	if !o.yes {
		t, err := transfer.Count(ctx, side)
		if err != nil {
			return s.storageError(ctx, side.Place, account, err)
		}
		question := fmt.Sprintf("Delete the container %s of %s with %s (%s)? [y/N] ",
			terminal.Clean(side.Place.Container), terminal.Clean(account.name), count(int(t.Blobs), "blob"), bytesText(t.Bytes))
		if err := s.confirm(question); err != nil {
			return err
		}
	}
	_, err := side.Container.Delete(ctx, nil)
	if bloberror.HasCode(err, bloberror.LeaseIDMissing) {
		err = errors.Join(errors.New("somebody holds a lease on the container"), err)
	}
	if err == nil && !o.quiet {
		fmt.Fprintf(s.err, "deleted the container %s\n", terminal.Clean(side.Place.Container))
	}
	return s.storageError(ctx, side.Place, account, err)
}

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/transfer"
)

// catOptions are the flags of `lazuli storage cat`.
type catOptions struct {
	account storageFlags
	offset  int64
	count   int64
}

func newStorageCatCmd(s *session) *cobra.Command {
	var o catOptions
	cmd := &cobra.Command{
		Use:   "cat BLOB ...",
		Short: "Print blobs",
		Long: `Write the bytes of blobs to standard output, as they are: a terminal obeys what is in
them. Each piece is checked against the service's checksum before it is written.`,
		Example: `  lazuli storage cat blob:///logs/today.log
  lazuli storage cat blob:///logs/today.log --offset -1000    the last 1000 bytes
  lazuli storage cat blob:///data/big.bin --offset 4096 --count 16 | xxd`,
		Args: func(cmd *cobra.Command, args []string) error {
			return exactArgs("BLOB")(cmd, args[:min(len(args), 1)])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, arg := range args {
				p, err := blobPlace(cmd, arg, "blob")
				if err != nil {
					return err
				}
				if err := s.cat(cmd.Context(), p, o); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.Int64Var(&o.offset, "offset", 0, "first byte, from 0; a negative one counts from the end")
	f.Int64Var(&o.count, "count", -1, "most bytes; -1 is all the rest")
	o.account.register(cmd)
	return cmd
}

func (s *session) cat(ctx context.Context, p transfer.Place, o catOptions) error {
	side, account, err := o.account.side(ctx, s, p)
	if err != nil {
		return err
	}
	_, err = transfer.New(transfer.Options{Parallel: 4}).Write(ctx, side, o.offset, o.count, s.data)
	return s.storageError(ctx, p, account, err)
}

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"github.com/lazuli-dev/lazuli/internal/terminal"
	"github.com/lazuli-dev/lazuli/internal/transfer"
)

// cpOptions are the flags of `lazuli storage cp`.
type cpOptions struct {
	account   storageFlags
	recursive bool
	parallel  int
	overwrite string
	force     bool
	newer     bool
	create    bool
	typ       string
	metadata  []string
	limit     string
	quiet     bool
}

func newStorageCpCmd(s *session) *cobra.Command {
	var o cpOptions
	cmd := &cobra.Command{
		Use:   "cp SOURCE ... TARGET",
		Short: "Copy files and blobs, each way",
		Long: `Copy files to blobs, blobs to files, and blobs to blobs; - is standard input or output.
A blob is copied by the service itself where it can reach both accounts.

With -r a folder is copied with its name, and what is in it alone if SOURCE ends in a
slash: cp -r site blob:///web makes web/site/…, and cp -r site/ blob:///web makes web/….

Run again what was interrupted: it goes on with the blocks and the parts of files that
are there. What is there with the same bytes is not copied again; what is there with
other bytes is asked about, or without a terminal refused. Names of blobs that would
lead out of the target's folder are refused, the others are copied.

Every block and range is checked by its MD5 on the way, and a whole blob's MD5 is stored
with it and checked when it is read. Files get the time of their blob. Memory is about
4 MiB for each of --parallel.`,
		Example: `  lazuli storage cp report.csv blob:///data/                     into a container or folder
  lazuli storage cp -r --create ./site/ blob:///web              what is in site
  lazuli storage cp -r --if-newer blob:///web/ ./site            only what is newer
  lazuli storage cp blob:///data/report.csv -                    to standard output
  pg_dump shop | lazuli storage cp - blob://contoso/backups/shop.sql
  lazuli storage cp -r blob:///web/ blob://contoso/web/          to Azure`,
		Args: func(cmd *cobra.Command, args []string) error {
			return exactArgs("SOURCE", "TARGET")(cmd, args[:min(len(args), 2)])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			places, err := parsePlaces(cmd, args)
			if err == nil {
				err = o.check(cmd, places)
			}
			if err != nil {
				return err
			}
			return s.cp(cmd.Context(), places, o)
		},
	}
	o.register(cmd)
	return cmd
}

func (o *cpOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&o.recursive, "recursive", "r", false, "folders, with all that is in them")
	f.IntVarP(&o.parallel, "parallel", "p", 8, "requests at a time")
	f.StringVar(&o.overwrite, "overwrite", string(transfer.Ask), "what to do with a target that has other bytes: ask, always, newer or never")
	f.BoolVarP(&o.force, "force", "f", false, "the same as --overwrite always")
	f.BoolVarP(&o.newer, "if-newer", "u", false, "the same as --overwrite newer")
	f.BoolVar(&o.create, "create", false, "create the target's container if there is none")
	f.StringVar(&o.typ, "content-type", "", "media type of new blobs (default: by their names' extensions)")
	f.StringArrayVar(&o.metadata, "metadata", nil, "NAME=VALUE of new blobs, in place of what a copied blob has")
	f.StringVar(&o.limit, "limit", "", "most bytes in a second, such as 500K or 10M")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no bar and no summary; failures are still told")
	cmd.MarkFlagsMutuallyExclusive("overwrite", "force", "if-newer")
	o.account.register(cmd)
}

// check refuses flags that cannot be.
func (o *cpOptions) check(cmd *cobra.Command, places []transfer.Place) error {
	switch {
	case o.force:
		o.overwrite = string(transfer.Always)
	case o.newer:
		o.overwrite = string(transfer.Newer)
	}
	_, limited := parseSize(o.limit)
	_, described := o.metadataMap()
	target, toBlobs := places[len(places)-1], false
	for _, p := range places[:len(places)-1] {
		toBlobs = toBlobs || p.Blob
	}
	var err error
	switch {
	case !slices.Contains(transfer.Overwrites(), transfer.Overwrite(o.overwrite)):
		err = fmt.Errorf("--overwrite %s: ask, always, newer or never", o.overwrite)
	case o.parallel < 1 || o.parallel > 256:
		err = fmt.Errorf("--parallel %d: from 1 to 256", o.parallel)
	case limited != nil:
		err = fmt.Errorf("--limit %w", limited)
	case described != nil:
		err = described
	case !target.Blob && (o.create || o.typ != "" || o.metadata != nil):
		err = errors.New("--create, --content-type and --metadata are for a target in a storage account")
	case toBlobs && o.typ != "":
		err = errors.New("--content-type is for files; a copied blob keeps its own")
	}
	if err != nil {
		return &usageError{cmd, err}
	}
	return nil
}

func (o *cpOptions) metadataMap() (map[string]string, error) {
	if o.metadata == nil {
		return nil, nil
	}
	m := map[string]string{}
	for _, pair := range o.metadata {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--metadata %q: write NAME=VALUE", pair)
		}
		m[name] = value
	}
	return m, nil
}

// parseSize reads a number of bytes, with K, M or G (of 1024) or without; "" is 0.
func parseSize(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	digits := strings.TrimRight(strings.ToUpper(text), "KMGIB")
	scale, ok := map[string]int64{"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text[len(digits):]), "B"), "I")]
	n, err := strconv.ParseInt(digits, 10, 40)
	if err != nil || !ok || n <= 0 {
		return 0, fmt.Errorf("%q: write a number of bytes, as 500K, 10M or 1G", text)
	}
	return n * scale, nil
}

// leastBurst is what may move at once under a limit: a piece.
const leastBurst = 4 << 20

func (s *session) cp(ctx context.Context, places []transfer.Place, o cpOptions) error {
	sides, accounts := make([]transfer.Side, len(places)), make([]*blobAccount, len(places))
	for i, p := range places {
		var err error
		if sides[i], accounts[i], err = o.account.side(ctx, s, p); err != nil {
			return err
		}
	}
	last := len(places) - 1
	options := transfer.Options{
		Parallel: o.parallel, Overwrite: transfer.Overwrite(o.overwrite), Recursive: o.recursive, Create: o.create, ContentType: o.typ,
		In: s.in, Out: s.data,
	}
	options.Metadata, _ = o.metadataMap()  // checked
	if n, _ := parseSize(o.limit); n > 0 { // checked
		options.Limit = rate.NewLimiter(rate.Limit(n), leastBurst)
	}
	in, fromFile := s.in.(*os.File)
	stop, aside := func() {}, func(f func()) { f() }
	if s.errIsTerminal() && !o.quiet {
		bars := newCopyProgress(s.screen)
		options.Watch, stop, aside = bars, bars.close, bars.aside
	}
	if fromFile && isatty.IsTerminal(in.Fd()) && s.errIsTerminal() {
		options.Ask = func(source, target transfer.Known) (yes bool, err error) {
			aside(func() { yes, err = s.ask(source, target) })
			return yes, err
		}
	}
	copier, began := transfer.New(options), time.Now()
	err := copier.Run(ctx, sides[:last], sides[last])
	stop()
	return s.copied(ctx, copier.Result(), time.Since(began), copyEnd{places, accounts, o, err})
}

// copyEnd is how a copy ended.
type copyEnd struct {
	places   []transfer.Place
	accounts []*blobAccount
	o        cpOptions
	err      error
}

// copied says what was done, and why it ended.
func (s *session) copied(ctx context.Context, r transfer.Result, took time.Duration, end copyEnd) error {
	for _, f := range r.Skipped {
		fmt.Fprintf(s.err, "skipped %s: %v\n", terminal.Clean(f.Name), f.Err)
	}
	for _, f := range r.Failures {
		fmt.Fprintf(s.err, "%s: %s\n", terminal.Clean(f.Name), terminal.Lines(said(f.Err).Error()))
	}
	if more := r.Failed - int64(len(r.Failures)); more > 0 {
		fmt.Fprintf(s.err, "and %d more failed\n", more)
	}
	if !end.o.quiet && (end.err == nil || r.Copied > 0) {
		fmt.Fprintln(s.summaryTo(end.places), copySummary(r, took))
	}
	if errors.Is(end.err, context.Canceled) {
		fmt.Fprintln(s.err, "interrupted; run the same command again, and it goes on with what is there")
	}
	if end.err == nil && r.Failed > 0 {
		return fmt.Errorf("%d of %d were not copied%s", r.Failed, r.Failed+r.Copied+r.Same+r.Kept, existsHint(r))
	}
	place, account := end.meant()
	return s.storageError(ctx, place, account, end.err)
}

func existsHint(r transfer.Result) string {
	for _, f := range r.Failures {
		if errors.Is(f.Err, transfer.ErrExists) {
			return "; --force overwrites what is there, --if-newer what is older, --overwrite never keeps it"
		}
	}
	return ""
}

// summaryTo keeps standard output for the bytes that go there.
func (s *session) summaryTo(places []transfer.Place) interface{ Write([]byte) (int, error) } {
	if places[len(places)-1].Std {
		return s.err
	}
	return s.out
}

// meant is the place that an error is about: the one whose container was asked, else
// the first in an account.
func (e copyEnd) meant() (transfer.Place, *blobAccount) {
	var refused *azcore.ResponseError
	asked := ""
	if errors.As(e.err, &refused) && refused.RawResponse != nil && refused.RawResponse.Request != nil {
		u := refused.RawResponse.Request.URL
		asked = u.Host + u.Path + "/"
	}
	first := len(e.places) - 1
	for i, a := range slices.Backward(e.accounts) {
		if a == nil {
			continue
		}
		first = i
		u, err := url.Parse(a.client.NewContainerClient(e.places[i].Container).URL())
		if err == nil && strings.HasPrefix(asked, u.Host+strings.TrimSuffix(u.Path, "/")+"/") {
			break
		}
	}
	return e.places[first], e.accounts[first]
}

func copySummary(r transfer.Result, took time.Duration) string {
	text := fmt.Sprintf("Copied %d (%s) in %s", r.Copied, bytesText(r.Bytes), took.Round(time.Millisecond))
	if moved := r.Bytes - r.Resumed; moved > 1<<20 && took > 0 {
		text += fmt.Sprintf(", %s/s", bytesText(int64(float64(moved)/took.Seconds())))
	}
	for _, part := range []struct {
		n    int64
		what string
	}{{r.Same, "there already"}, {r.Kept, "kept"}, {r.Failed, "failed"}} {
		if part.n > 0 {
			text += fmt.Sprintf("; %d %s", part.n, part.what)
		}
	}
	if r.Resumed > 0 {
		text += fmt.Sprintf("; %s were there already", bytesText(r.Resumed))
	}
	return text
}

// bytesText is a number of bytes for people.
func bytesText(n int64) string {
	units, v := []string{"B", "KiB", "MiB", "GiB", "TiB"}, float64(n)
	i := 0
	for ; v >= 1024 && i < len(units)-1; i++ {
		v /= 1024
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}

// ask asks about a target that is there.
func (s *session) ask(source, target transfer.Known) (bool, error) {
	fmt.Fprintf(s.err, "%s is there (%s, %s). Overwrite it with %s (%s)? [y/N/q] ", terminal.Clean(target.Name), bytesText(target.Size),
		target.Modified.Local().Format("2006-01-02 15:04:05"), terminal.Clean(source.Name), bytesText(max(source.Size, 0)))
	line, err := bufio.NewReaderSize(s.in, 16).ReadString('\n')
	if err != nil {
		return false, errors.New("not overwritten")
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	case "q", "quit":
		return false, transfer.ErrStop
	}
	return false, nil
}

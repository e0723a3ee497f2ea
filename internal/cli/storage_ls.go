package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/terminal"
	"github.com/lazuli-dev/lazuli/internal/transfer"
)

// lsOptions are the flags of `lazuli storage ls`.
type lsOptions struct {
	account   storageFlags
	recursive bool
	long      bool
	asJSON    bool
}

func newStorageLsCmd(s *session) *cobra.Command {
	var o lsOptions
	cmd := &cobra.Command{
		Use:   "ls [PLACE]",
		Short: "List accounts, containers, and blobs by folders",
		Long: `List what is at a place: without one, the storage accounts of the running lazuli; of
blob://ACCOUNT, its containers; of blob://ACCOUNT/CONTAINER[/FOLDER], the blobs and the
folders, which end in a slash. -l adds size in bytes, time of the last change, kind and
lease.`,
		Example: `  lazuli storage ls
  lazuli storage ls blob://                        containers of devstoreaccount1
  lazuli storage ls -l blob:///web/images/
  lazuli storage ls -r --json blob://contoso/web   on Azure, unless an account here has the name`,
		Args: atMostOne("place"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return s.listAccounts(o)
			}
			p, err := blobPlace(cmd, args[0], "")
			if err != nil {
				return err
			}
			return s.list(cmd.Context(), p, o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.recursive, "recursive", "r", false, "all blobs below, by their whole names")
	f.BoolVarP(&o.long, "long", "l", false, "size, time, kind and lease too")
	f.BoolVar(&o.asJSON, "json", false, "one JSON value per line, with all that -l shows")
	o.account.register(cmd)
	return cmd
}

// entry is a line of a listing.
type entry struct {
	Name        string     `json:"name"`
	Kind        string     `json:"kind"` // account, container, folder, or the type of a blob
	Size        *int64     `json:"size,omitempty"`
	Modified    *time.Time `json:"modified,omitempty"`
	ContentType string     `json:"contentType,omitempty"`
	ETag        string     `json:"etag,omitempty"`
	MD5         []byte     `json:"md5,omitempty"`
	Tier        string     `json:"tier,omitempty"`
	Lease       string     `json:"lease,omitempty"` // available, leased, breaking, broken or expired
	Access      string     `json:"publicAccess,omitempty"`
}

// lister prints entries: as JSON, as names, or as a table.
type lister struct {
	out   io.Writer
	json  *json.Encoder
	table *tabwriter.Writer
}

func (s *session) lister(o lsOptions) *lister {
	l := &lister{out: s.out}
	switch {
	case o.asJSON:
		l.json = json.NewEncoder(s.data)
		l.json.SetEscapeHTML(false)
	case o.long:
		l.table = tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	}
	return l
}

func (l *lister) print(e entry) error {
	if l.json != nil {
		return l.json.Encode(e)
	}
	name := terminal.Clean(e.Name)
	if l.table == nil {
		_, err := fmt.Fprintln(l.out, name)
		return err
	}
	size, modified, held := "-", "-", "-"
	if e.Size != nil {
		size = fmt.Sprint(*e.Size)
	}
	if e.Modified != nil {
		modified = e.Modified.UTC().Format("2006-01-02 15:04:05")
	}
	if e.Lease != "" && e.Lease != string(lease.StateTypeAvailable) {
		held = e.Lease
	}
	_, err := fmt.Fprintf(l.table, "%12s\t%s\t%s\t%s\t%s\n", size, modified, terminal.Clean(e.Kind), terminal.Clean(held), name)
	return err
}

// page lets a person see what is there so far.
func (l *lister) page() error {
	if l.table == nil {
		return nil
	}
	return l.table.Flush()
}

func (s *session) listAccounts(o lsOptions) error {
	info, err := s.instance()
	if err != nil {
		return fmt.Errorf("%w; blob://ACCOUNT lists one of Azure", err)
	}
	l := s.lister(o)
	for _, a := range info.Accounts {
		if a.Type == instance.StorageAccounts {
			name := a.Name
			if !o.asJSON {
				name = transfer.Scheme + name
			}
			if err := l.print(entry{Name: name, Kind: "account"}); err != nil {
				return err
			}
		}
	}
	return l.page()
}

func (s *session) list(ctx context.Context, p transfer.Place, o lsOptions) error {
	side, account, err := o.account.side(ctx, s, p)
	if err != nil {
		return err
	}
	l := s.lister(o)
	switch {
	case p.Container == "" && o.recursive:
		err = errors.New("-r lists the blobs of one container; name it")
	case p.Container == "":
		err = listContainers(ctx, account.client, l)
	case o.recursive:
		err = listAll(ctx, side, l)
	default:
		err = listFolder(ctx, side, l)
	}
	if flushed := l.page(); err == nil {
		err = flushed
	}
	return s.storageError(ctx, p, account, err)
}

func listContainers(ctx context.Context, client *service.Client, l *lister) error {
	for pager := client.NewListContainersPager(nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, c := range page.ContainerItems {
			e := entry{Name: *c.Name, Kind: "container"}
			if p := c.Properties; p != nil {
				e.Modified, e.Lease, e.Access = p.LastModified, str(p.LeaseState), str(p.PublicAccess)
			}
			if err := l.print(e); err != nil {
				return err
			}
		}
		if err := l.page(); err != nil {
			return err
		}
	}
	return nil
}

// listAll lists the blobs of a folder and below, or the one that is named.
func listAll(ctx context.Context, side transfer.Side, l *lister) error {
	found := false
	err := transfer.EachBlob(ctx, side.Container, side.Prefix(), func(b *container.BlobItem) error {
		found = true
		return l.print(blobEntry(b))
	})
	if err != nil || found || side.Name == "" {
		return err
	}
	return listOne(ctx, side, l, false)
}

// listFolder lists the blobs and folders of a folder, and the blob of its name.
func listFolder(ctx context.Context, side transfer.Side, l *lister) error {
	prefix, found := side.Prefix(), false
	pager := side.Container.NewListBlobsHierarchyPager("/", &container.ListBlobsHierarchyOptions{Prefix: &prefix})
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, e := range inOrder(page.Segment) {
			found = true
			if err := l.print(e); err != nil {
				return err
			}
		}
		if err := l.page(); err != nil {
			return err
		}
	}
	if side.Name == "" || side.Slash {
		if !found && side.Name != "" {
			return fmt.Errorf("there is nothing in %s", side.Text)
		}
		return nil
	}
	return listOne(ctx, side, l, found)
}

// listOne lists the blob that is named; with folder, there may be none.
func listOne(ctx context.Context, side transfer.Side, l *lister, folder bool) error {
	p, err := side.Container.NewBlobClient(side.Name).GetProperties(ctx, nil)
	if folder && bloberror.HasCode(err, bloberror.BlobNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return l.print(entry{
		Name: side.Name, Kind: blobKind(p.BlobType), Size: p.ContentLength, Modified: p.LastModified, ContentType: str(p.ContentType),
		ETag: etagText(p.ETag), MD5: p.ContentMD5, Tier: str(p.AccessTier), Lease: str(p.LeaseState),
	})
}

// inOrder merges the blobs and folders of a page by name.
func inOrder(s *container.BlobHierarchyListSegment) []entry {
	var out []entry
	blobs, folders := s.BlobItems, s.BlobPrefixes
	for len(blobs) > 0 || len(folders) > 0 {
		if len(folders) == 0 || len(blobs) > 0 && *blobs[0].Name < *folders[0].Name {
			out = append(out, blobEntry(blobs[0]))
			blobs = blobs[1:]
			continue
		}
		out = append(out, entry{Name: *folders[0].Name, Kind: "folder"})
		folders = folders[1:]
	}
	return out
}

func blobEntry(b *container.BlobItem) entry {
	e := entry{Name: str(b.Name)}
	if p := b.Properties; p != nil {
		e.Kind, e.Size, e.Modified, e.ContentType = blobKind(p.BlobType), p.ContentLength, p.LastModified, str(p.ContentType)
		e.ETag, e.MD5, e.Tier, e.Lease = etagText(p.ETag), p.ContentMD5, str(p.AccessTier), str(p.LeaseState)
	}
	return e
}

// str is the text behind a pointer of the SDK, or "".
func str[T ~string](p *T) string {
	if p == nil {
		return ""
	}
	return string(*p)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/nearest"
	"github.com/lazuli-dev/lazuli/internal/transfer"
)

// storageAdvice is what helps after an answer of the service, by its code.
var storageAdvice = map[bloberror.Code]string{
	bloberror.LeaseIDMissing:                      "somebody holds a lease on it; when that ends, or is broken, it can be written",
	bloberror.SnapshotsPresent:                    "it has snapshots; --include-snapshots deletes them too",
	bloberror.ConditionNotMet:                     "it was changed meanwhile; run the command again",
	bloberror.InvalidBlockList:                    "somebody else wrote the blob meanwhile; run the command again",
	bloberror.InvalidBlobOrBlock:                  "another program's unfinished upload of this blob is there, with blocks of another kind; let it end, or store and delete a blob of this name",
	bloberror.InvalidBlobType:                     "it is a page or an append blob; delete it first",
	bloberror.BlobArchived:                        "it is archived; set its tier to Hot or Cool, and wait until it is there",
	bloberror.AuthorizationPermissionMismatch:     "what you are may not do that; the role Storage Blob Data Contributor may (Reader reads), and of a signature its letters (sp=) decide",
	bloberror.AuthorizationFailure:                "what you are may not do that from here; look at the account's network rules, and at what the signature allows",
	bloberror.AuthenticationFailed:                "the key, the signature or the token is refused; look at its end date, and at this machine's clock",
	bloberror.NoAuthenticationInformation:         "sign in, or give a signature with --sas",
	"KeyBasedAuthenticationNotPermitted":          "keys open nothing in this account; leave the connection string out, and sign in",
	bloberror.InvalidResourceName:                 "names of containers have 3 to 63 small letters, digits and single hyphens",
	bloberror.OutOfRangeInput:                     "names of containers have 3 to 63 small letters, digits and single hyphens",
	bloberror.InsufficientAccountPermissions:      "what you are may not do that in this account",
	bloberror.AuthorizationResourceTypeMismatch:   "the signature is for other kinds of things (srt=)",
	bloberror.ContainerBeingDeleted:               "the container is being deleted; wait half a minute",
	"AccountIsDisabled":                           "the account is disabled",
	"PublicAccessNotPermitted":                    "sign in, or give a signature with --sas",
	bloberror.AuthorizationServiceMismatch:        "the signature is for another service (ss=)",
	bloberror.MD5Mismatch:                         "the bytes changed on their way; run the command again",
	bloberror.BlobUsesCustomerSpecifiedEncryption: "it is encrypted with a key of its own, which this command does not take",
}

// storageError says what to try after a failure at a place.
func (s *session) storageError(ctx context.Context, p transfer.Place, account *blobAccount, err error) error {
	var noToken *signInError
	switch {
	case err == nil || errors.Is(err, context.Canceled) || errors.Is(err, instance.ErrNone):
		return err
	case errors.As(err, &noToken):
		return err
	case errors.Is(err, transfer.ErrExists):
		return fmt.Errorf("%w; --force overwrites it, --if-newer does if the source is newer, --overwrite never keeps it", err)
	case bloberror.HasCode(err, bloberror.ContainerNotFound):
		return errors.New(containerMeant(ctx, p, account))
	case bloberror.HasCode(err, bloberror.BlobNotFound), isStatus(err, 404):
		return fmt.Errorf("there is no blob %s%s", p.Text, blobMeant(ctx, p, account))
	}
	if address := unreachable(err); address != "" {
		return fmt.Errorf("nothing answers at %s; does `lazuli status` say that it runs? (%w)", address, err)
	}
	if untrusted(err) {
		return fmt.Errorf("%s (%w)", trustHint, err)
	}
	if strings.Contains(err.Error(), "no such host") && account != nil && !account.local {
		return noStorageAccount(s, account.name, errors.New("no account of that name is on Azure either, or this machine is offline"))
	}
	return said(err)
}

// said is err with what the service says in place of the SDK's dump of it.
func said(err error) error {
	var refused *azcore.ResponseError
	if !errors.As(err, &refused) {
		return err
	}
	text := serviceSays(refused)
	if advice := storageAdvice[bloberror.Code(refused.ErrorCode)]; advice != "" {
		text += "; " + advice
	}
	return &plainError{err, text}
}

// serviceSays takes the message out of the XML that the service answers: its first
// line, without the request's id. An answer to HEAD has no body.
func serviceSays(refused *azcore.ResponseError) string {
	text := ""
	if refused.RawResponse != nil {
		_, rest, _ := strings.Cut(refused.Error(), "<Message>")
		text, _, _ = strings.Cut(rest, "\n")
		text, _, _ = strings.Cut(text, "</Message>")
		text = strings.TrimSuffix(strings.TrimSpace(text), ".")
	}
	if text == "" {
		return fmt.Sprintf("the service answered %d %s", refused.StatusCode, refused.ErrorCode)
	}
	return fmt.Sprintf("%s (%s)", text, refused.ErrorCode)
}

func isStatus(err error, status int) bool {
	var refused *azcore.ResponseError
	return errors.As(err, &refused) && refused.StatusCode == status
}

// containerMeant names the container that was meant, or says how to make one.
func containerMeant(ctx context.Context, p transfer.Place, account *blobAccount) string {
	hint := fmt.Sprintf("there is no container %s", p.Container)
	if account == nil {
		return hint
	}
	var names []string
	page, err := account.client.NewListContainersPager(&service.ListContainersOptions{}).NextPage(ctx)
	if err == nil {
		for _, c := range page.ContainerItems {
			names = append(names, *c.Name)
		}
	}
	switch meant := nearest.Name(p.Container, names); {
	case meant != "":
		hint += "; did you mean " + meant + "?"
	case err == nil && len(names) == 0:
		hint += ", and none at all in the account " + account.name
	case len(names) > 0:
		hint += "; there are " + strings.Join(names[:min(len(names), 5)], ", ")
		if len(names) > 5 {
			hint += fmt.Sprintf(" and %d more", len(names)-5)
		}
	}
	return hint + " (cp --create makes one)"
}

// blobMeant names the blob of the same folder that was meant.
func blobMeant(ctx context.Context, p transfer.Place, account *blobAccount) string {
	if account == nil || p.Container == "" || p.Name == "" {
		return ""
	}
	dir := p.Name[:strings.LastIndexByte(p.Name, '/')+1]
	names, err := blobNames(ctx, account.client.NewContainerClient(p.Container), dir)
	if err != nil {
		return ""
	}
	for _, name := range names {
		if name == p.Name+"/" {
			return "; it is a folder: -r takes all that is in it"
		}
	}
	if meant := nearest.Name(p.Name, names); meant != "" {
		return "; did you mean " + p.At(meant) + "?"
	}
	return ""
}

// noStorageAccount says which accounts there are, where one was not found.
func noStorageAccount(s *session, name string, err error) error {
	info, none := s.instance()
	if none != nil {
		return fmt.Errorf("account %s: %w", name, err)
	}
	var names []string
	for _, a := range info.Accounts {
		if a.Type == instance.StorageAccounts {
			names = append(names, a.Name)
		}
	}
	hint := fmt.Sprintf("the running lazuli has no storage account %s (there are %s)", name, strings.Join(names, ", "))
	if meant := nearest.Name(name, names); meant != "" {
		hint = fmt.Sprintf("the running lazuli has no storage account %s; did you mean %s?", name, meant)
	}
	return fmt.Errorf("%s\nOn Azure: %w", hint, err)
}

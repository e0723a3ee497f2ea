package blobs

import (
	"context"
	"errors"
	"regexp"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Keeper is a Container whose blobs can be listed and deleted.
type Keeper interface {
	Container
	// List returns at most most names after a name, in their order.
	List(ctx context.Context, prefix, after string, most int) ([]string, error)
	// Delete deletes a blob; fault.NotFound.
	Delete(ctx context.Context, blob string) error
}

// letters keeps dead letters in a container, a blob each, named by function and time. A
// letter that is put back after a redrive stays where it is.
type letters struct {
	c Keeper
	// function is whose blobs are looked at, by the beginning of their names.
	function string
}

// lawfulContainer is the rule for names of containers.
var lawfulContainer = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9]){2,62}$`)

// Letters is the kind of place that a container is for dead letters.
func (e End) Letters() letter.Kind {
	return letter.Kind{
		Name: "container",
		Check: func(s letter.Setup) error {
			_, err := lettersAt(s)
			return err
		},
		Open: func(ctx context.Context, s letter.Setup) (letter.Store, error) {
			conn, err := lettersAt(s)
			if err != nil {
				return nil, err
			}
			c, err := e.Blobs.Need(ctx, conn, s.Name, Write)
			if err != nil {
				return nil, err
			}
			k, ok := c.(Keeper)
			if !ok {
				return nil, fault.New(fault.Invalid, "container "+s.Name, "dead letters are kept only in containers of storage accounts of this process yet")
			}
			return &letters{k, s.Function}, nil
		},
	}
}

func lettersAt(s letter.Setup) (settings.Connection, error) {
	if !lawfulContainer.MatchString(s.Name) {
		return settings.Connection{}, fault.New(fault.Invalid, "function "+s.Function,
			"its dead letters go to a container %q, which is no name of a container: it has 3 to 63 small letters, digits, and single hyphens between them", s.Name)
	}
	return s.Settings.StorageConnection(settings.Storage, s.Connection)
}

// Most implements letter.Store.
func (s *letters) Most() int { return 0 }

// pageOfLetters is how many names are listed together.
const pageOfLetters = 1000

// Count implements letter.Store. It counts the function's.
func (s *letters) Count(ctx context.Context) (int, error) {
	names, err := s.names(ctx)
	return len(names), err
}

func (s *letters) names(ctx context.Context) (all []string, err error) {
	for after := ""; ; after = all[len(all)-1] {
		page, err := s.c.List(ctx, s.function+"/", after, pageOfLetters)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < pageOfLetters {
			return all, nil
		}
	}
}

// Put implements letter.Store.
func (s *letters) Put(ctx context.Context, all []*letter.Letter) error {
	errs := make([]error, len(all))
	free := make(chan struct{}, atOnce)
	var writing sync.WaitGroup
	for i, l := range all {
		free <- struct{}{}
		writing.Go(func() {
			errs[i] = s.write(ctx, letter.BlobName(l), l)
			<-free
		})
	}
	writing.Wait()
	return errors.Join(errs...)
}

func (s *letters) write(ctx context.Context, blob string, l *letter.Letter) error {
	text, err := l.Encode()
	if err != nil {
		return err
	}
	return s.c.Write(ctx, blob, text)
}

// Read implements letter.Single.
func (s *letters) Read(ctx context.Context, blob string) (*letter.Letter, error) {
	text, _, err := s.c.Read(ctx, blob, "")
	if err != nil {
		return nil, err
	}
	return letter.Decode(text)
}

// Delete implements letter.Single.
func (s *letters) Delete(ctx context.Context, blob string) error { return s.c.Delete(ctx, blob) }

// Walk implements letter.Store.
func (s *letters) Walk(ctx context.Context, see func(context.Context, *letter.Letter) (letter.Verdict, error)) error {
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	settling := context.WithoutCancel(ctx)
	for _, blob := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		l, err := s.Read(ctx, blob)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
			continue // another took it, or it is none
		}
		if err != nil {
			return err
		}
		v, err := see(ctx, l)
		switch {
		case err != nil:
			return err
		case v.Gone && v.Instead != nil:
			err = s.write(settling, blob, v.Instead)
		case v.Gone:
			err = s.Delete(settling, blob)
		}
		if err == nil && v.Gone {
			err = v.Ended(settling)
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

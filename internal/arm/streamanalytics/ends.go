package streamanalytics

import (
	"context"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// end is the type of inputs or of outputs.
func (p Provider) end(typ string, secret ...string) arm.Type {
	return arm.Type{
		Name: Type + "/" + typ, Named: partName, Plain: true, Secret: secret,
		Put: func(ctx context.Context, c *arm.Call) error {
			keepKeys(c.Body, c.Old)
			if err := p.check(part{c.ID, c.Body}); err != nil {
				return err
			}
			if err := p.stands(c.ID); err != nil {
				return err
			}
			return p.changed(ctx, c.ID)
		},
		Get: func(ctx context.Context, c *arm.Call) error {
			hideAccountKeys(c.Body)
			return stored(ctx, c)
		},
		Delete: func(ctx context.Context, c *arm.Call) error {
			if c.Whole {
				return nil
			}
			if err := p.stands(c.ID); err != nil {
				return err
			}
			return p.changed(ctx, c.ID)
		},
		Actions: map[string]arm.Action{"test": p.test},
	}
}

// secrets are the keys in a datasource, which are never shown.
var secrets = []string{"sharedAccessPolicyKey", "accountKey", "apiKey"}

// hide takes the keys out of a body.
func hide(b arm.Body) {
	hideAccountKeys(b)
	for _, name := range secrets {
		b.Remove("properties", "datasource", "properties", name)
	}
}

func hideAccountKeys(b arm.Body) {
	for _, a := range b.Objects("properties", "datasource", "properties", "storageAccounts") {
		a.Remove("accountKey")
	}
}

// keepKeys gives a body the keys that it had and does not send again.
func keepKeys(b, old arm.Body) {
	at := b.Object("properties", "datasource", "properties")
	had := old.Object("properties", "datasource", "properties")
	if at == nil || had == nil || !strings.EqualFold(b.Text("properties", "datasource", "type"), old.Text("properties", "datasource", "type")) {
		return
	}
	for _, name := range secrets {
		if had.Has(name) {
			at.Default(had.Get(name), name)
		}
	}
	for _, a := range at.Objects("storageAccounts") {
		for _, h := range had.Objects("storageAccounts") {
			if strings.EqualFold(a.Text("accountName"), h.Text("accountName")) && h.Has("accountKey") {
				a.Default(h.Get("accountKey"), "accountKey")
			}
		}
	}
}

// source is a datasource while it is read: the first thing that is wrong with it.
type source struct {
	arm.Body // its properties
	where    string
	err      error
}

// need is a text that must be there.
func (s *source) need(name string) string {
	v := s.Text(name)
	if v == "" && s.err == nil {
		s.err = bad(s.where+"."+name, "The property '%s' of %s must not be empty.", name, s.where)
	}
	return v
}

// refuse refuses a property that is there with another value than those.
func (s *source) refuse(name, why string, unless ...string) {
	v := s.Get(name)
	for _, u := range unless {
		if text, is := v.(string); is && strings.EqualFold(text, u) {
			return
		}
	}
	if v != nil && v != "" && s.err == nil {
		s.err = bad(s.where+"."+name, "The property '%s' of %s is not served by Lazuli with this value: %s.", name, s.where, why)
	}
}

// msi reports whether the job's own identity opens it.
func (s *source) msi() bool {
	switch mode := s.Text("authenticationMode"); {
	case mode == "", strings.EqualFold(mode, "ConnectionString"):
	case strings.EqualFold(mode, "Msi"):
		return true
	case s.err == nil:
		s.err = bad(s.where+".authenticationMode", "The authentication mode '%s' of %s is not one of ConnectionString and Msi.", mode, s.where)
	}
	return false
}

// hub is a hub, with what opens it.
func (s *source) hub(p Provider, job string, writes bool) Reach {
	r := Reach{
		Job: job, End: s.where, Kind: p.c.Kinds.Hub, Account: accountName(s.need("serviceBusNamespace")), Target: s.need("eventHubName"),
		Write: writes, Msi: s.msi(), Policy: s.Text("sharedAccessPolicyName"), Key: s.Text("sharedAccessPolicyKey"),
	}
	if !r.Msi {
		s.need("sharedAccessPolicyName")
		s.need("sharedAccessPolicyKey")
	}
	return r
}

// accountName is the name of an account that may be given as its host.
func accountName(text string) string {
	name, _, _ := strings.Cut(text, ".")
	return name
}

// blobs are blobs in a container, with what opens it.
func (s *source) blobs(p Provider, job string, writes bool) Reach {
	accounts := s.Objects("storageAccounts")
	if len(accounts) != 1 && s.err == nil {
		s.err = bad(s.where+".storageAccounts", "The property 'storageAccounts' of %s has %d accounts; one is read.", s.where, len(accounts))
	}
	r := Reach{Job: job, End: s.where, Kind: p.c.Kinds.Blob, Target: s.need("container"), Write: writes, Msi: s.msi()}
	if len(accounts) == 1 {
		a := source{Body: accounts[0], where: s.where + ".storageAccounts", err: s.err}
		r.Account, r.Key = a.need("accountName"), a.Text("accountKey")
		if !r.Msi {
			a.need("accountKey")
		}
		s.err = a.err
	}
	return r
}

// delimiters are those of CSV, as the engine calls them.
var delimiters = map[string]string{"": "", ",": "comma", ";": "semicolon", " ": "space", "\t": "tab", "|": "bar"}

// serialization is how rows are written: json, array or csv, and CSV's delimiter.
func serialization(b arm.Body, where string) (format, delimiter string, err error) {
	s := b.Object("properties", "serialization")
	switch typ := s.Text("type"); strings.ToLower(typ) {
	case "json":
		format = "json"
		if f := s.Text("properties", "format"); strings.EqualFold(f, "Array") {
			format = "array"
		} else if f != "" && !strings.EqualFold(f, "LineSeparated") {
			return "", "", bad(where+".serialization.format", "The JSON format '%s' is not one of LineSeparated and Array.", f)
		}
	case "csv":
		format = "csv"
		var known bool
		if delimiter, known = delimiters[s.Text("properties", "fieldDelimiter")]; !known {
			return "", "", bad(where+".serialization.fieldDelimiter", "The delimiter '%s' is not one of comma, semicolon, space, tab and vertical bar.", s.Text("properties", "fieldDelimiter"))
		}
	case "":
		return "", "", bad(where+".serialization", "The property 'serialization' of %s must not be empty.", where)
	default:
		return "", "", unserved(where+".serialization.type", "The serialization '"+typ+"'", "Json", "Csv")
	}
	if e := s.Text("properties", "encoding"); e != "" && !strings.EqualFold(e, "UTF8") {
		return "", "", unserved(where+".serialization.encoding", "The encoding '"+e+"'", "UTF8")
	}
	return format, delimiter, nil
}

// test opens an input or output as a start would, and says whether that can be done.
func (p Provider) test(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	body, found := c.Manager.Body(c.ID)
	if !found {
		return arm.Answer{}, missing(c.ID)
	}
	var reach Reach
	var err error
	if c.ID.Types[1] == inputs {
		var in jobs.Input
		if in, reach, err = p.input(c.ID, body); err == nil {
			err = p.c.May(reach)
		}
		if err == nil {
			err = p.c.Rows().TryInput(ctx, in)
		}
	} else {
		var out jobs.Output
		if out, reach, err = p.output(c.ID, body); err == nil {
			err = p.c.May(reach)
		}
		if err == nil {
			err = p.c.Rows().TryOutput(ctx, out)
		}
	}
	if err != nil {
		f := arm.FailureOf(err)
		return arm.Answer{Long: true, Body: map[string]any{"status": "TestFailed", "error": map[string]any{"code": f.Code, "message": f.Message}}}, nil
	}
	return arm.Answer{Long: true, Body: map[string]any{"status": "TestSucceeded"}}, nil
}

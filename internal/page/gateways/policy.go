package gateways

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// maxPolicy bounds a document, in bytes.
const maxPolicy = policy.MaxBytes

// maxOrder bounds the JSON of a request that has one, where it may be all escapes.
const maxOrder = 8 * maxPolicy

// Policy is the answer to GET and PUT /api/gateways/{gateway}/policy?product=&api=&operation=.
type Policy struct {
	Text string `json:"text"` // "": there is none
	// File is where the project file has it: what is saved is written there.
	File string `json:"file"`
	// Key says that the project file declares the scope and no document for it: one
	// that is put is gone with the next start, unless it is named there.
	Key   string  `json:"key"`
	Above []Above `json:"above"` // what <base /> runs, the innermost first
}

// Above is a document of an outer scope.
type Above struct {
	Scope string `json:"scope"` // api or service
	Text  string `json:"text"`
}

// PolicyText is the body of PUT …/policy and POST …/policy/check.
type PolicyText struct {
	Text string `json:"text"` // "" of a PUT takes the document away
	Was  string `json:"was"`  // that the editor began with
}

// PolicyCheck is the answer to POST …/policy/check.
type PolicyCheck struct {
	Problems []portal.Problem `json:"problems"`
}

// scope reads which document is meant.
func (p page) scope(r *http.Request) (Gateway, gateway.Scope, error) {
	g, err := p.gateway(r.PathValue("gateway"))
	q := r.URL.Query()
	at := gateway.Scope{Product: q.Get("product"), API: q.Get("api"), Operation: q.Get("operation")}
	if err == nil && (at.Product != "" && at.API != "" || at.Operation != "" && at.API == "") {
		err = fault.New(fault.Invalid, "scope", "name a product, an API, or an API and its operation")
	}
	return g, at, err
}

// text is the document of a scope; "" where there is none.
func text(g Gateway, at gateway.Scope) (string, error) {
	d, err := g.Policies(at).Get(gateway.PolicyName)
	if fault.Is(err, fault.NotFound) && g.Policies(at).Parent() == nil {
		err = nil
	}
	return d.Text, err
}

func (p page) getPolicy(w http.ResponseWriter, r *http.Request) error {
	g, at, err := p.scope(r)
	if err != nil {
		return err
	}
	return p.writePolicy(w, g, at)
}

func (p page) writePolicy(w http.ResponseWriter, g Gateway, at gateway.Scope) error {
	own, err := text(g, at)
	if err != nil {
		return err
	}
	place := p.Place(g.Name, at)
	out := Policy{Text: own, Above: []Above{}}
	if out.Key = place.Key; place.File != "" {
		out.File, out.Key = filepath.Base(place.File), ""
	}
	outer := []struct {
		name string
		at   gateway.Scope
	}{{"api", gateway.Scope{API: at.API}}, {"service", gateway.Scope{}}}
	for _, o := range outer {
		if o.at == at || o.name == "api" && at.Operation == "" {
			continue
		}
		above, err := text(g, o.at)
		if err != nil {
			return err
		}
		if above != "" {
			out.Above = append(out.Above, Above{o.name, above})
		}
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func (p page) checkPolicy(w http.ResponseWriter, r *http.Request) error {
	g, at, err := p.scope(r)
	var body PolicyText
	if err == nil {
		err = portal.ReadJSON(w, r, maxOrder, &body)
	}
	if err != nil {
		return err
	}
	out := PolicyCheck{Problems: []portal.Problem{}}
	if body.Text != "" {
		if err := check(g, at, body.Text); err != nil {
			out.Problems = append(out.Problems, problemOf(err))
		}
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func check(g Gateway, at gateway.Scope, document string) error {
	if len(document) > maxPolicy {
		return fault.New(fault.TooLarge, "policy", "%d bytes; a document has at most %d", len(document), maxPolicy)
	}
	return placed(g.Policies(at).Check(gateway.PolicyName, gateway.Policy{Text: document}))
}

func problemOf(err error) portal.Problem {
	var syntax *portal.SyntaxError
	if errors.As(err, &syntax) {
		return portal.Problem{Error: syntax.Message, Kind: "syntax", Place: syntax.Place}
	}
	return portal.Problem{Error: err.Error(), Kind: fault.KindOf(err).String()}
}

// placed gives a mistake in a document its line and column.
func placed(err error) error {
	at := gateway.PolicyFault(err)
	if at == nil {
		return err
	}
	message := at.Message
	if at.Element != "" {
		message = at.Element + ": " + message
	}
	return &portal.SyntaxError{Message: message, Place: portal.Place{Line: max(1, at.Line), Col: max(1, at.Column)}}
}

// putPolicy has a document run from now on, and writes it to its file, where the
// project file names one. The answer is 412 where it was changed meanwhile.
func (p page) putPolicy(w http.ResponseWriter, r *http.Request) error {
	g, at, err := p.scope(r)
	var body PolicyText
	if err == nil {
		err = portal.ReadJSON(w, r, maxOrder, &body)
	}
	if err != nil {
		return err
	}
	if err := p.save(r, g, at, body); err != nil {
		return err
	}
	p.Log.Info("a policy was changed", "gateway", g.Name, "product", at.Product, "api", at.API, "operation", at.Operation, "remote", r.RemoteAddr)
	return p.writePolicy(w, g, at)
}

func (p page) save(r *http.Request, g Gateway, at gateway.Scope, body PolicyText) error {
	now, err := text(g, at)
	switch {
	case err != nil:
		return err
	case now != body.Was:
		return fault.New(fault.PreconditionFailed, "policy", "somebody else changed it meanwhile: load it anew")
	}
	file := p.Place(g.Name, at).File
	if body.Text == "" {
		if file != "" {
			return fault.New(fault.Conflict, "policy", "the project file names %s: take the line out there, and start again", filepath.Base(file))
		}
		if now == "" {
			return nil
		}
		return g.Policies(at).Delete(r.Context(), gateway.PolicyName)
	}
	if err := check(g, at, body.Text); err != nil {
		return err
	}
	if file != "" {
		if err := rewrite(file, body); err != nil {
			return err
		}
	}
	_, err = g.Policies(at).Put(r.Context(), gateway.PolicyName, gateway.Policy{Text: body.Text})
	return placed(err)
}

// rewrite replaces a file that still is what the editor began with.
func rewrite(file string, body PolicyText) error {
	there, err := textfile.ReadFollowed(file, maxPolicy)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && strings.TrimSpace(string(there)) != strings.TrimSpace(body.Was) {
		return fault.New(fault.PreconditionFailed, filepath.Base(file), "the file on the disk is another than what runs, which was read at the start: start again to have it run, and then edit it here")
	}
	followed, err := filepath.EvalSymlinks(file)
	if err != nil {
		followed = file // it is not there
	}
	root, err := os.OpenRoot(filepath.Dir(followed))
	if err != nil {
		return err
	}
	defer root.Close()
	return textfile.Replace(root, filepath.Base(followed), []byte(body.Text), modeOf(followed))
}

func modeOf(file string) fs.FileMode {
	if info, err := os.Stat(file); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
}

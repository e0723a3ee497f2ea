package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// Section is a part of a document.
type Section uint8

// The sections.
const (
	Inbound Section = iota
	Backend
	Outbound
	OnError
)

// String is the element's name.
func (s Section) String() string { return [...]string{"inbound", "backend", "outbound", "on-error"}[s] }

// sections says where a kind of policy may stand.
type sections uint8

const (
	in       sections = 1 << Inbound
	back     sections = 1 << Backend
	outgoing sections = 1 << Outbound
	onErr    sections = 1 << OnError
	anywhere          = in | back | outgoing | onErr
)

// Level is the kind of scope of a document.
type Level uint8

// The scopes.
const (
	Global Level = iota
	Product
	API
	Operation
)

// String is the scope as LastError has it.
func (l Level) String() string { return [...]string{"global", "product", "api", "operation"}[l] }

// Names are what a document may name.
type Names struct {
	// Value returns what {{name}} stands for.
	Value func(name string) (string, bool)
	// Fragment returns the text of a fragment.
	Fragment func(id string) (string, bool)
	// Backend and Logger report whether there is one; nil: all are.
	Backend, Logger, Certificate func(id string) bool
	// Schema says why there is no schema of that name, or no part of it at a reference;
	// nil: all are.
	Schema func(id, ref string, more Beside) error
}

// Document is a compiled document of one scope. It is safe for concurrent use.
type Document struct {
	Level    Level
	Scope    string // tells its counters from those of others
	sections [4][]step
	has      [4]bool
	// early says that cors stands in it, which runs before the key is asked for.
	early bool
}

// step is one compiled element.
type step struct {
	name, id, path string
	pos            Pos
	do             action
}

// action is what a policy does.
type action interface {
	run(x *Exchange) error
}

// actionFunc is an action without state of its own.
type actionFunc func(x *Exchange) error

func (f actionFunc) run(x *Exchange) error { return f(x) }

// Compile compiles the text of a document.
func Compile(text string, level Level, scope string, names Names) (*Document, error) {
	root, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if root.Name != "policies" {
		return nil, faultIn(root.Name, root.Pos, "a policy document is <policies>")
	}
	c := compiler{table: kinds(), names: names, level: level, scope: scope, seen: map[string]bool{}}
	d := &Document{Level: level, Scope: scope}
	if err := c.noText(root); err != nil {
		return nil, err
	}
	if len(root.Attrs) > 0 {
		return nil, faultIn(root.Name, root.Attrs[0].Pos, "the attribute '%s' is not known", root.Attrs[0].Name)
	}
	for _, e := range root.Children {
		i := slices.Index([]string{"inbound", "backend", "outbound", "on-error"}, e.Name)
		if i < 0 {
			return nil, faultIn(e.Name, e.Pos, "in <policies> stand inbound, backend, outbound and on-error")
		}
		if d.has[i] {
			return nil, faultIn(e.Name, e.Pos, "the section is there twice")
		}
		d.has[i] = true
		c.section = Section(i) //nolint:gosec // 0 to 3
		if d.sections[i], err = c.steps(e, ""); err != nil {
			return nil, err
		}
	}
	d.early = c.seen["cors"]
	return d, nil
}

// CheckFragment compiles a fragment for itself: what is wrong in it whatever section it
// is included in.
func CheckFragment(text string, names Names) error {
	root, err := Parse(text)
	if err != nil {
		return err
	}
	if root.Name != "fragment" {
		return faultIn(root.Name, root.Pos, "a policy fragment is <fragment>")
	}
	c := compiler{table: kinds(), names: names, section: Inbound, level: Global, seen: map[string]bool{}, loose: true}
	_, err = c.steps(root, "")
	return err
}

// compiler compiles one document.
type compiler struct {
	table    map[string]kind
	names    Names
	section  Section
	level    Level
	scope    string
	seen     map[string]bool // kinds met
	loose    bool            // of a fragment: sections are not held
	within   string          // the element whose own children these are
	fragment []string        // those that are being included
	count    int
}

// maxSteps bounds the elements of a document, fragments included.
const maxSteps = 5000

// steps compiles the policies in an element.
func (c *compiler) steps(e *Element, path string) ([]step, error) {
	if err := c.noText(e); err != nil {
		return nil, err
	}
	var all []step
	of := map[string]int{}
	for _, child := range e.Children {
		of[child.Name]++
		at := fmt.Sprintf("%s%s[%d]", path, child.Name, of[child.Name])
		s, err := c.step(child, at)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (c *compiler) step(e *Element, path string) (step, error) {
	if c.count++; c.count > maxSteps {
		return step{}, faultIn(e.Name, e.Pos, "the document has more than %d policies, fragments included", maxSteps)
	}
	k, ok := c.table[e.Name]
	if !ok {
		hint := ""
		if best := nearest.Name(e.Name, slices.Collect(maps.Keys(c.table))); best != "" {
			hint = "; did you mean " + best + "?"
		}
		return step{}, faultIn(e.Name, e.Pos, "the policy is not served here%s", hint)
	}
	if k.where&(1<<c.section) == 0 && !c.loose {
		return step{}, faultIn(e.Name, e.Pos, "the policy is not allowed in the section %s", c.section)
	}
	c.seen[e.Name] = true
	r := &args{c: c, e: e, path: path, used: map[string]bool{"id": true}}
	do := k.compile(r)
	if r.err == nil {
		r.leftovers()
	}
	if r.err != nil {
		return step{}, r.err
	}
	id := ""
	for _, a := range e.Attrs {
		if a.Name == "id" {
			id = a.Value
		}
	}
	return step{e.Name, id, path, e.Pos, do}, nil
}

func (c *compiler) noText(e *Element) error {
	if s := strings.TrimSpace(e.Text); s != "" {
		return faultIn(e.Name, e.TextPos, "text is not allowed here: %q", clip(s))
	}
	return nil
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// args reads attributes and children of an element. The first fault stays; what was
// not read in the end is not known.
type args struct {
	c    *compiler
	e    *Element
	path string
	used map[string]bool // attributes, and children as <name>
	text bool            // its text was read
	err  error
}

func (r *args) fail(at Pos, format string, a ...any) {
	if r.err == nil {
		r.err = faultIn(r.e.Name, at, format, a...)
	}
}

// leftovers refuses what nobody has read.
func (r *args) leftovers() {
	for _, a := range r.e.Attrs {
		if !r.used[a.Name] {
			known := slices.DeleteFunc(slices.Collect(maps.Keys(r.used)), func(n string) bool { return strings.HasPrefix(n, "<") })
			hint := ""
			if best := nearest.Name(a.Name, known); best != "" {
				hint = "; did you mean " + best + "?"
			}
			r.fail(a.Pos, "the attribute '%s' is not known%s", a.Name, hint)
		}
	}
	for _, child := range r.e.Children {
		if !r.used["<"+child.Name] {
			r.err = orFirst(r.err, faultIn(child.Name, child.Pos, "the element is not allowed in '%s'", r.e.Name))
		}
	}
	if !r.text {
		if s := strings.TrimSpace(r.e.Text); s != "" {
			r.fail(r.e.TextPos, "text is not allowed here: %q", clip(s))
		}
	}
}

func orFirst(err error, next *Error) error {
	if err != nil {
		return err
	}
	return next
}

// find is an attribute, named values put in.
func (r *args) find(name string) (Attr, bool) {
	r.used[name] = true
	for _, a := range r.e.Attrs {
		if a.Name == name {
			a.Value = r.substitute(a.Value, a.Pos)
			return a, true
		}
	}
	return Attr{}, false
}

// namedValue is {{name}}.
var namedValue = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_.-]{1,256})\s*\}\}`)

func (r *args) substitute(s string, at Pos) string {
	if !strings.Contains(s, "{{") {
		return s
	}
	return namedValue.ReplaceAllStringFunc(s, func(m string) string {
		name := strings.TrimSpace(strings.Trim(m, "{}"))
		if r.c.names.Value != nil {
			if v, ok := r.c.names.Value(name); ok {
				return v
			}
		}
		r.fail(at, "Cannot find a property '%s'", name)
		return m
	})
}

// value is an attribute that may be an expression; nil where it is missing.
func (r *args) value(name string) *value {
	a, ok := r.find(name)
	if !ok {
		return nil
	}
	return r.compiled(a.Value, a.Pos)
}

// required is a value that must be there.
func (r *args) required(name string) *value {
	v := r.value(name)
	if v == nil {
		r.fail(r.e.Pos, "the attribute '%s' is missing", name)
		return &value{}
	}
	return v
}

// or is a value with a default.
func (r *args) or(name, fallback string) *value {
	if v := r.value(name); v != nil {
		return v
	}
	return &value{literal: fallback, pos: r.e.Pos}
}

// literal is an attribute that may not be an expression.
func (r *args) literal(name, fallback string) string {
	a, ok := r.find(name)
	if !ok {
		return fallback
	}
	if isExpression(a.Value) {
		r.fail(a.Pos, "the attribute '%s' takes no expression", name)
	}
	return a.Value
}

func (r *args) requiredLiteral(name string) string {
	if _, ok := r.find(name); !ok {
		r.fail(r.e.Pos, "the attribute '%s' is missing", name)
	}
	return r.literal(name, "")
}

// oneOf is a literal among words; the first is the default.
func (r *args) oneOf(name string, words ...string) string {
	s := r.literal(name, words[0])
	if !slices.Contains(words, s) {
		r.fail(r.place(name), "the attribute '%s' is '%s'; it may be %s", name, clip(s), strings.Join(words, ", "))
	}
	return s
}

// place is where an attribute's value stands.
func (r *args) place(name string) Pos {
	for _, a := range r.e.Attrs {
		if a.Name == name {
			return a.Pos
		}
	}
	return r.e.Pos
}

func (r *args) flag(name string, fallback bool) bool {
	s := r.literal(name, strconv.FormatBool(fallback))
	b, err := strconv.ParseBool(strings.ToLower(s))
	if err != nil {
		r.fail(r.place(name), "the attribute '%s' is true or false", name)
	}
	return b
}

// number is a literal number within bounds; a missing one is fallback, or a fault
// where that is below low.
func (r *args) number(name string, fallback, low, high int) int {
	a, ok := r.find(name)
	if !ok {
		if fallback < low {
			r.fail(r.e.Pos, "the attribute '%s' is missing", name)
		}
		return fallback
	}
	n, err := strconv.Atoi(r.literal(name, ""))
	if err != nil || n < low || n > high {
		r.fail(a.Pos, "the attribute '%s' is a number from %d to %d", name, low, high)
	}
	return n
}

// children are those of a name.
func (r *args) children(name string) (all []*Element) {
	r.used["<"+name] = true
	for _, child := range r.e.Children {
		if child.Name == name {
			all = append(all, child)
		}
	}
	return all
}

// child is the one of a name, or nil.
func (r *args) child(name string) *Element {
	all := r.children(name)
	if len(all) > 1 {
		r.err = orFirst(r.err, faultIn(name, all[1].Pos, "the element is there twice"))
	}
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// sub reads an element below.
func (r *args) sub(e *Element, read func(*args)) {
	inner := &args{c: r.c, e: e, path: r.path, used: map[string]bool{}}
	read(inner)
	if inner.err == nil {
		inner.leftovers()
	}
	if r.err == nil {
		r.err = inner.err
	}
}

// steps are the policies that the element holds.
func (r *args) steps(e *Element) []step {
	for _, child := range e.Children {
		if e == r.e {
			r.used["<"+child.Name] = true
		}
	}
	all, err := r.c.steps(e, r.path+"/")
	if r.err == nil {
		r.err = err
	}
	return all
}

// textValue is the element's text as a value.
func (r *args) textValue() *value {
	r.text = true
	text := r.e.Text
	if r.e.Name != "set-body" {
		text = strings.TrimSpace(text)
	} else if isExpression(strings.TrimSpace(text)) {
		text = strings.TrimSpace(text)
	}
	return r.compiled(r.substitute(text, r.e.TextPos), r.e.TextPos)
}

// texts are the values of children, as of <value>.
func (r *args) texts(child string) (all []*value) {
	for _, e := range r.children(child) {
		r.sub(e, func(in *args) { all = append(all, in.textValue()) })
	}
	return all
}

// plainTexts are the literal texts of children of a child: <audiences><audience>….
func (r *args) plainTexts(list, item string) (all []*value) {
	e := r.child(list)
	if e == nil {
		return nil
	}
	r.sub(e, func(in *args) {
		all = in.texts(item)
		if len(all) == 0 && in.err == nil {
			in.fail(e.Pos, "at least one <%s> belongs into it", item)
		}
	})
	return all
}

func isExpression(s string) bool { return strings.HasPrefix(s, "@(") || strings.HasPrefix(s, "@{") }

// value is a literal or an expression.
type value struct {
	literal   string
	program   *expression.Program
	parts     []*value // literals and expressions, side by side
	pos       Pos
	usesReply bool // it looks at context.Response
}

func (r *args) compiled(s string, at Pos) *value {
	v := &value{literal: s, pos: at}
	if !isExpression(s) {
		return v
	}
	end, err := expression.End(s, 1, at)
	if err == nil && end != len(s) {
		r.fail(at, "a value is one expression, or a text without any")
		return v
	}
	v.program, err = r.program(s[1:], Pos{Line: at.Line, Column: at.Column + 1})
	if err != nil {
		r.failExpression(at, err)
	}
	v.usesReply = strings.Contains(s, "Response")
	return v
}

// mixed is a text with expressions in it, as the template of rewrite-uri.
func (r *args) mixed(name string) *value {
	a, ok := r.find(name)
	if !ok {
		r.fail(r.e.Pos, "the attribute '%s' is missing", name)
		return &value{}
	}
	v := &value{pos: a.Pos}
	for rest := a.Value; rest != ""; {
		at := strings.Index(rest, "@(")
		if b := strings.Index(rest, "@{"); b >= 0 && (at < 0 || b < at) {
			at = b
		}
		if at < 0 {
			v.parts = append(v.parts, &value{literal: rest, pos: a.Pos})
			break
		}
		if at > 0 {
			v.parts = append(v.parts, &value{literal: rest[:at], pos: a.Pos})
		}
		end, err := expression.End(rest, at+1, a.Pos)
		if err != nil {
			r.failExpression(a.Pos, err)
			return v
		}
		v.parts = append(v.parts, r.compiled(rest[at:end], a.Pos))
		rest = rest[end:]
	}
	return v
}

// program compiles an expression. Documents that were made as XML have entities in
// it: where it is none as it stands, it is read with them resolved.
func (r *args) program(src string, at Pos) (*expression.Program, error) {
	p, err := expression.Compile(src, at, "context")
	if err == nil || !strings.Contains(src, "&") {
		return p, err
	}
	if plain := unescape(src); plain != src {
		if q, again := expression.Compile(plain, at, "context"); again == nil {
			return q, nil
		}
	}
	return nil, err
}

func (r *args) failExpression(at Pos, err error) {
	if e, ok := err.(*expression.Error); ok { //nolint:errorlint // Compile gives them bare
		r.fail(e.Pos, "the expression is wrong: %s", e.Message)
		return
	}
	r.fail(at, "the expression is wrong: %v", err)
}

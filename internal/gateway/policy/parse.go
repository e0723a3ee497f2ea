package policy

import (
	"html"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// Element is one element of a document.
type Element struct {
	Name     string
	Pos      Pos
	Attrs    []Attr
	Children []*Element
	Text     string // what stands in it besides children, entities resolved but in expressions
	TextPos  Pos
}

// Attr is an attribute.
type Attr struct {
	Name  string
	Value string // of an expression with its @, as it stands
	Pos   Pos    // of the value
}

// Parse cuts the text of a document into elements.
func Parse(text string) (*Element, error) {
	if len(text) > MaxBytes {
		return nil, faultIn("", Pos{Line: 1, Column: 1}, "the document has %d bytes; at most %d are taken", len(text), MaxBytes)
	}
	p := reader{src: strings.TrimPrefix(text, "\ufeff"), pos: Pos{Line: 1, Column: 1}}
	if err := p.between(); err != nil {
		return nil, err
	}
	root, err := p.element(0)
	if err != nil {
		return nil, err
	}
	if err := p.between(); err != nil {
		return nil, err
	}
	if p.at < len(p.src) {
		return nil, faultIn("", p.pos, "there is text behind the end of the document")
	}
	return root, nil
}

// reader walks through a document.
type reader struct {
	src string
	at  int
	pos Pos
}

func (p *reader) rest() string { return p.src[p.at:] }

func (p *reader) has(s string) bool { return strings.HasPrefix(p.src[p.at:], s) }

func (p *reader) advance(n int) {
	for _, r := range p.src[p.at : p.at+n] {
		if r == '\n' {
			p.pos.Line++
			p.pos.Column = 1
		} else {
			p.pos.Column++
		}
	}
	p.at += n
}

func (p *reader) space() {
	rest := p.rest()
	p.advance(len(rest) - len(strings.TrimLeft(rest, " \t\r\n")))
}

// between passes over white space, comments and processing instructions.
func (p *reader) between() error {
	for {
		p.space()
		switch {
		case p.has("<!--"):
			if err := p.past("-->", "the comment"); err != nil {
				return err
			}
		case p.has("<?"):
			if err := p.past("?>", "the instruction"); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (p *reader) past(end, what string) error {
	n := strings.Index(p.rest(), end)
	if n < 0 {
		return faultIn("", p.pos, "%s has no end", what)
	}
	p.advance(n + len(end))
	return nil
}

// maxDepth bounds elements in each other.
const maxDepth = 60

func (p *reader) element(depth int) (*Element, error) {
	e := &Element{Pos: p.pos}
	if depth > maxDepth {
		return nil, faultIn("", p.pos, "elements are nested too deeply")
	}
	if !p.has("<") {
		return nil, faultIn("", p.pos, "an element belongs here, as in <policies>")
	}
	p.advance(1)
	if e.Name = p.name(); e.Name == "" {
		return nil, faultIn("", p.pos, "an element's name belongs behind <")
	}
	for {
		p.space()
		switch {
		case p.has("/>"):
			p.advance(2)
			return e, nil
		case p.has(">"):
			p.advance(1)
			return e, p.content(e, depth)
		case p.at == len(p.src):
			return nil, faultIn(e.Name, e.Pos, "the element has no end")
		}
		if err := p.attribute(e); err != nil {
			return nil, err
		}
	}
}

func (p *reader) name() string {
	rest := p.rest()
	n := 0
	for n < len(rest) && (rest[n] == '-' || rest[n] == '_' || rest[n] == ':' || rest[n] == '.' || rest[n] >= '0' && rest[n] <= '9' ||
		rest[n]|0x20 >= 'a' && rest[n]|0x20 <= 'z' || rest[n] >= 0x80) {
		n++
	}
	name := strings.ToValidUTF8(rest[:n], "\ufffd")
	p.advance(n)
	return name
}

func (p *reader) attribute(e *Element) error {
	a := Attr{Pos: p.pos}
	if a.Name = p.name(); a.Name == "" {
		return faultIn(e.Name, p.pos, "an attribute, > or /> belongs here")
	}
	for _, b := range e.Attrs {
		if b.Name == a.Name {
			return faultIn(e.Name, a.Pos, "the attribute '%s' is there twice", a.Name)
		}
	}
	p.space()
	if !p.has("=") {
		return faultIn(e.Name, p.pos, "the attribute '%s' has no value", a.Name)
	}
	p.advance(1)
	p.space()
	if !p.has(`"`) && !p.has("'") {
		return faultIn(e.Name, p.pos, "the value of '%s' stands in quotes", a.Name)
	}
	quote := p.src[p.at]
	p.advance(1)
	a.Pos = p.pos
	value, err := p.value(e, quote)
	if err != nil {
		return err
	}
	a.Value = value
	e.Attrs = append(e.Attrs, a)
	return nil
}

// value reads up to the quote. Expressions are passed over whole, at its begin or
// within it; one whose brackets do not match is text, and is refused when it is
// compiled.
func (p *reader) value(e *Element, quote byte) (string, error) {
	var out strings.Builder
	for p.at < len(p.src) {
		if p.has("@(") || p.has("@{") {
			if end, err := expression.End(p.src, p.at+1, p.pos); err == nil {
				out.WriteString(p.src[p.at:end])
				p.advance(end - p.at)
				continue
			}
		}
		if p.src[p.at] == quote {
			p.advance(1)
			return out.String(), nil
		}
		n := strings.IndexAny(p.rest()[1:], "@"+string(rune(quote))) + 1
		if n == 0 {
			break
		}
		out.WriteString(unescape(p.rest()[:n]))
		p.advance(n)
	}
	return "", faultIn(e.Name, p.pos, "the value has no end: a %c is missing", quote)
}

func unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return html.UnescapeString(s)
}

// verbatim are elements whose text may hold elements that are not ours.
var verbatim = map[string]bool{"set-body": true, "message": false}

func (p *reader) content(e *Element, depth int) error {
	e.TextPos = p.pos
	if verbatim[e.Name] {
		return p.verbatim(e)
	}
	var text strings.Builder
	for {
		rest := p.rest()
		switch {
		case rest == "":
			return faultIn(e.Name, e.Pos, "the element has no end: </%s> is missing", e.Name)
		case p.has("</"):
			e.Text = text.String()
			return p.closing(e)
		case p.has("<!--"):
			if err := p.past("-->", "the comment"); err != nil {
				return err
			}
		case p.has("<![CDATA["):
			s, err := p.cdata(e)
			if err != nil {
				return err
			}
			text.WriteString(s)
		case p.has("<"):
			child, err := p.element(depth + 1)
			if err != nil {
				return err
			}
			e.Children = append(e.Children, child)
		case p.has("@(") || p.has("@{"):
			p.mark(e, &text)
			if end, err := expression.End(p.src, p.at+1, p.pos); err == nil {
				text.WriteString(p.src[p.at:end])
				p.advance(end - p.at)
				continue
			}
			text.WriteString("@")
			p.advance(1)
		default:
			n := strings.IndexAny(rest[1:], "<@") + 1
			if n == 0 {
				n = len(rest)
			}
			if strings.TrimSpace(rest[:n]) != "" {
				p.mark(e, &text)
			}
			text.WriteString(unescape(rest[:n]))
			p.advance(n)
		}
	}
}

// mark remembers where the text begins.
func (p *reader) mark(e *Element, text *strings.Builder) {
	if strings.TrimSpace(text.String()) != "" {
		return
	}
	text.Reset()
	rest := p.rest()
	p.advance(len(rest) - len(strings.TrimLeft(rest, " \t\r\n")))
	e.TextPos = p.pos
	p.at -= len(rest) - len(strings.TrimLeft(rest, " \t\r\n"))
	p.pos = p.place(p.at)
}

// place is where a byte of the text is.
func (p *reader) place(at int) Pos {
	before := p.src[:at]
	return Pos{Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1}
}

func (p *reader) cdata(e *Element) (string, error) {
	start := p.at + len("<![CDATA[")
	n := strings.Index(p.src[start:], "]]>")
	if n < 0 {
		return "", faultIn(e.Name, p.pos, "the CDATA has no end")
	}
	p.advance(len("<![CDATA[") + n + len("]]>"))
	return p.src[start : start+n], nil
}

func (p *reader) closing(e *Element) error {
	at := p.pos
	p.advance(2)
	name := p.name()
	p.space()
	if name != e.Name || !p.has(">") {
		return faultIn(e.Name, at, "</%s> stands where </%s> belongs", name, e.Name)
	}
	p.advance(1)
	return nil
}

// verbatim reads everything up to the element's end: an expression, CDATA, or text that
// may look like XML.
func (p *reader) verbatim(e *Element) error {
	p.space()
	e.TextPos = p.pos
	if p.has("@(") || p.has("@{") {
		if end, err := expression.End(p.src, p.at+1, p.pos); err == nil {
			rest := strings.TrimLeft(p.src[end:], " \t\r\n")
			if strings.HasPrefix(rest, "</"+e.Name) {
				e.Text = p.src[p.at:end]
				p.advance(end - p.at)
				p.space()
				return p.closing(e)
			}
		}
	}
	if p.has("<![CDATA[") {
		s, err := p.cdata(e)
		if err != nil {
			return err
		}
		e.Text = s
		p.space()
		return p.closing(e)
	}
	n := strings.Index(p.rest(), "</"+e.Name)
	if n < 0 {
		return faultIn(e.Name, e.Pos, "the element has no end: </%s> is missing", e.Name)
	}
	text := p.rest()[:n]
	if !strings.Contains(text, "<") {
		text = unescape(text)
	}
	e.Text = text
	p.advance(n)
	return p.closing(e)
}

package liquid

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// parser reads pieces into nodes.
type parser struct {
	all []piece
	at  int
}

// ending is the tag that ended a block: its name, and what stands behind it.
type ending struct {
	name, rest string
	pos        expression.Pos
}

func (p *parser) fail(pos expression.Pos, format string, args ...any) error {
	return errorf(pos, format, args...)
}

// ends are the tags that end a block.
var ends = []string{"else", "elsif", "when", "endif", "endunless", "endcase", "endfor", "endcapture", "endcomment"}

// nodes reads up to a tag that ends the block, or to the end of the template.
func (p *parser) nodes(depth int) (all []node, end ending, err error) {
	if depth > maxDepth {
		return nil, ending{}, p.fail(p.all[p.at-1].pos, "tags are nested too deeply")
	}
	for p.at < len(p.all) {
		x := p.all[p.at]
		p.at++
		switch x.kind {
		case 't':
			all = append(all, textNode(x.text))
		case '!':
			return nil, ending{}, p.fail(x.pos, "there is no '%s' that closes it", x.text)
		case 'v':
			v, err := readValue(x.text, x.pos)
			if err != nil {
				return nil, ending{}, err
			}
			all = append(all, &valueNode{v})
		default:
			name, rest, _ := strings.Cut(x.text, " ")
			rest = strings.TrimSpace(rest)
			if slices.Contains(ends, name) {
				return all, ending{name, rest, x.pos}, nil
			}
			n, err := p.tag(name, rest, x.pos, depth+1)
			if err != nil {
				return nil, ending{}, err
			}
			if n != nil {
				all = append(all, n)
			}
		}
	}
	return all, ending{}, nil
}

// block reads a block that one tag alone ends.
func (p *parser) block(name string, pos expression.Pos, depth int) ([]node, error) {
	body, end, err := p.nodes(depth)
	if err == nil && end.name != "end"+name {
		err = p.fail(pos, "'%s' is not closed by 'end%s'", name, name)
	}
	return body, err
}

var assignment = regexp.MustCompile(`^([A-Za-z_][\w.-]*)\s*=\s*(?s:(.*))$`)

func (p *parser) tag(name, rest string, pos expression.Pos, depth int) (node, error) {
	switch name {
	case "if", "unless":
		return p.conditional(name, rest, pos, depth)
	case "case":
		return p.choice(rest, pos, depth)
	case "for":
		return p.loop(rest, pos, depth)
	case "assign":
		m := assignment.FindStringSubmatch(rest)
		if m == nil {
			return nil, p.fail(pos, "'assign' is written: assign NAME = VALUE")
		}
		v, err := readValue(m[2], pos)
		return &assignNode{m[1], v}, err
	case "capture":
		into := strings.Trim(rest, `"' `)
		if into == "" {
			return nil, p.fail(pos, "'capture' needs a name")
		}
		body, err := p.block(name, pos, depth)
		return &captureNode{into, body}, err
	case "comment":
		return nil, p.comment(pos)
	case "break":
		return leaveNode{errBreak}, nil
	case "continue":
		return leaveNode{errContinue}, nil
	case "increment", "decrement":
		if rest == "" {
			return nil, p.fail(pos, "'%s' needs a name", name)
		}
		return &countNode{rest, name == "decrement"}, nil
	case "cycle":
		return readCycle(rest, pos)
	}
	return nil, p.fail(pos, "the tag '%s' is not served here", name)
}

// comment skips to its end; comments may hold what is no template, and comments.
func (p *parser) comment(pos expression.Pos) error {
	open := 1
	for p.at < len(p.all) {
		x := p.all[p.at]
		p.at++
		switch name, _, _ := strings.Cut(x.text, " "); {
		case x.kind == '%' && name == "comment":
			open++
		case x.kind == '%' && name == "endcomment":
			if open--; open == 0 {
				return nil
			}
		}
	}
	return p.fail(pos, "'comment' is not closed by 'endcomment'")
}

func (p *parser) conditional(name, rest string, pos expression.Pos, depth int) (node, error) {
	n := &ifNode{}
	c, err := readCondition(rest, pos)
	if err != nil {
		return nil, err
	}
	if name == "unless" {
		c = notOf{c}
	}
	for {
		body, end, err := p.nodes(depth)
		if err != nil {
			return nil, err
		}
		n.arms = append(n.arms, arm{c, body})
		switch end.name {
		case "elsif":
			if c, err = readCondition(end.rest, end.pos); err != nil {
				return nil, err
			}
		case "else":
			body, err := p.block(name, pos, depth)
			n.arms = append(n.arms, arm{nil, body})
			return n, err
		case "end" + name:
			return n, nil
		default:
			return nil, p.fail(pos, "'%s' is not closed by 'end%s'", name, name)
		}
	}
}

func (p *parser) choice(rest string, pos expression.Pos, depth int) (node, error) {
	of, err := readValue(rest, pos)
	if err != nil {
		return nil, err
	}
	n := &ifNode{}
	_, end, err := p.nodes(depth) // what stands before the first when is not written
	for {
		switch {
		case err != nil:
			return nil, err
		case end.name == "endcase":
			return n, nil
		case end.name != "when" && end.name != "else":
			return nil, p.fail(pos, "'case' is not closed by 'endcase'")
		}
		var c condition
		if end.name == "when" {
			any, err := readList(end.rest, end.pos)
			if err != nil {
				return nil, err
			}
			c = oneOf{of, any}
		}
		var body []node
		body, end, err = p.nodes(depth)
		n.arms = append(n.arms, arm{c, body})
	}
}

var forHead = regexp.MustCompile(`^([A-Za-z_][\w-]*)\s+in\s+(?s:(.+))$`)

func (p *parser) loop(rest string, pos expression.Pos, depth int) (node, error) {
	m := forHead.FindStringSubmatch(rest)
	if m == nil {
		return nil, p.fail(pos, "'for' is written: for NAME in LIST")
	}
	r := reader{toks: lex(m[2]), pos: pos}
	over, err := r.operand()
	if err != nil {
		return nil, err
	}
	n := &forNode{name: m[1], over: over}
	for !r.end() {
		word := r.next()
		switch {
		case word.text == "reversed":
			n.reversed = true
		case (word.text == "limit" || word.text == "offset") && r.take(":"):
			v, err := r.operand()
			if err != nil {
				return nil, err
			}
			if word.text == "limit" {
				n.limit = v
			} else {
				n.offset = v
			}
		default:
			return nil, p.fail(pos, "'for' takes limit:, offset: and reversed, not '%s'", word.text)
		}
	}
	body, end, err := p.nodes(depth)
	if err == nil && end.name == "else" {
		n.none, end.name = nil, ""
		if n.none, err = p.block("for", pos, depth); err == nil {
			end.name = "endfor"
		}
	}
	if err == nil && end.name != "endfor" {
		err = p.fail(pos, "'for' is not closed by 'endfor'")
	}
	n.body = body
	return n, err
}

func readCycle(rest string, pos expression.Pos) (node, error) {
	key := rest
	r := reader{toks: lex(rest), pos: pos}
	if len(r.toks) > 1 && r.toks[1].text == ":" {
		key = r.next().text
		r.next()
	}
	n := &cycleNode{key: key}
	for {
		v, err := r.operand()
		if err != nil {
			return nil, err
		}
		if n.of = append(n.of, v); r.end() {
			return n, nil
		}
		if !r.take(",") {
			return nil, errorf(pos, "'cycle' takes values with commas between them")
		}
	}
}

// token is a word, number, text or sign in a tag.
type token struct {
	kind byte // 'w', 'n', 's', or 'o'
	text string
}

var words = regexp.MustCompile(`"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|\.\.|==|!=|<>|<=|>=|[A-Za-z_][\w-]*\??|\S`)

func lex(s string) (all []token) {
	for _, w := range words.FindAllString(s, -1) {
		switch c := w[0]; {
		case (c == '"' || c == '\'') && len(w) > 1:
			all = append(all, token{'s', w[1 : len(w)-1]})
		case c >= '0' && c <= '9' || c == '-' && len(w) > 1:
			all = append(all, token{'n', w})
		case c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z':
			all = append(all, token{'w', w})
		default:
			all = append(all, token{'o', w})
		}
	}
	return all
}

// reader reads what stands in a tag.
type reader struct {
	toks []token
	at   int
	pos  expression.Pos
	deep int
}

func (r *reader) end() bool { return r.at >= len(r.toks) }

func (r *reader) peek() token {
	if r.end() {
		return token{}
	}
	return r.toks[r.at]
}

func (r *reader) next() token {
	t := r.peek()
	r.at++
	return t
}

// take takes a sign, when it is the next.
func (r *reader) take(sign string) bool {
	if t := r.peek(); t.kind == 's' || t.text != sign || r.end() {
		return false
	}
	r.at++
	return true
}

func (r *reader) fail(format string, args ...any) error { return errorf(r.pos, format, args...) }

// readValue reads VALUE | FILTER: ARGUMENT, ….
func readValue(s string, pos expression.Pos) (operand, error) {
	r := reader{toks: lex(s), pos: pos}
	v, err := r.operand()
	if err != nil {
		return nil, err
	}
	for r.take("|") {
		f := filtered{of: v, name: r.next().text, pos: pos}
		known := filters[canonical(f.name)]
		if known.do == nil {
			return nil, r.fail("there is no filter '%s'", f.name)
		}
		if r.take(":") {
			for {
				a, err := r.operand()
				if err != nil {
					return nil, err
				}
				if f.args = append(f.args, a); !r.take(",") {
					break
				}
			}
		}
		if n := len(f.args); n < known.least || n > known.most {
			return nil, r.fail("the filter '%s' has %d arguments; it takes %d at least and %d at most", f.name, n, known.least, known.most)
		}
		f.do = known.do
		v = &f
	}
	if !r.end() {
		return nil, r.fail("'%s' is not expected here", r.peek().text)
	}
	return v, nil
}

// readList reads VALUE or VALUE, VALUE.
func readList(s string, pos expression.Pos) (all []operand, err error) {
	r := reader{toks: lex(s), pos: pos}
	for {
		v, err := r.operand()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
		if r.end() {
			return all, nil
		}
		if !r.take(",") && !r.take("or") {
			return nil, r.fail("'%s' is not expected here", r.peek().text)
		}
	}
}

// operand reads a literal, a range, or a variable with what is asked of it.
func (r *reader) operand() (operand, error) {
	if r.deep++; r.deep > maxDepth {
		return nil, r.fail("values are nested too deeply")
	}
	defer func() { r.deep-- }()
	t := r.next()
	switch t.kind {
	case 's':
		return literal{t.text}, nil
	case 'n':
		if n, err := strconv.ParseInt(t.text, 10, 64); err == nil {
			return literal{n}, nil
		}
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, r.fail("'%s' is no number", t.text)
		}
		return literal{f}, nil
	case 'w':
		switch t.text {
		case "true":
			return literal{true}, nil
		case "false":
			return literal{false}, nil
		case "nil", "null":
			return literal{nil}, nil
		case "empty", "blank":
			return literal{nothing{}}, nil
		}
		return r.path(t.text)
	}
	if t.text == "(" {
		return r.span()
	}
	if t.text == "" {
		return nil, r.fail("a value is missing")
	}
	return nil, r.fail("'%s' is no value", t.text)
}

func (r *reader) span() (operand, error) {
	low, err := r.operand()
	if err != nil {
		return nil, err
	}
	if !r.take("..") {
		return nil, r.fail("a range is written (FROM..TO)")
	}
	high, err := r.operand()
	if err != nil {
		return nil, err
	}
	if !r.take(")") {
		return nil, r.fail("a range is written (FROM..TO)")
	}
	return &spanOf{low, high}, nil
}

func (r *reader) path(name string) (operand, error) {
	v := &variable{name: name}
	for {
		switch {
		case r.take("."):
			t := r.next()
			if t.kind != 'w' && t.kind != 'n' {
				return nil, r.fail("a name is missing behind '.'")
			}
			v.steps = append(v.steps, literal{t.text})
		case r.take("["):
			in, err := r.operand()
			if err != nil {
				return nil, err
			}
			if !r.take("]") {
				return nil, r.fail("']' is missing")
			}
			v.steps = append(v.steps, in)
		default:
			return v, nil
		}
	}
}

// readCondition reads comparisons with and and or between them, which bind from the
// right.
func readCondition(s string, pos expression.Pos) (condition, error) {
	r := reader{toks: lex(s), pos: pos}
	c, err := r.condition(0)
	if err == nil && !r.end() {
		err = r.fail("'%s' is not expected here", r.peek().text)
	}
	return c, err
}

var operators = []string{"==", "!=", "<>", "<", ">", "<=", ">=", "contains"}

func (r *reader) condition(depth int) (condition, error) {
	if depth > maxDepth {
		return nil, r.fail("the condition is too long")
	}
	left, err := r.operand()
	if err != nil {
		return nil, err
	}
	c := condition(truth{left})
	if t := r.peek(); t.kind != 's' && slices.Contains(operators, strings.ToLower(t.text)) {
		r.next()
		right, err := r.operand()
		if err != nil {
			return nil, err
		}
		c = &comparison{left, right, strings.ToLower(t.text)}
	}
	and := r.take("and")
	if !and && !r.take("or") {
		return c, nil
	}
	right, err := r.condition(depth + 1)
	return &both{c, right, and}, err
}

package policy

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// converting is what json-to-xml and xml-to-json share: whether they apply.
type converting struct {
	always, accept bool
	from           string // json or xml, in content types
}

func (r *args) converting(from string) converting {
	c := converting{from: from}
	how := r.literal("apply", "always")
	if how != "always" && how != "content-type-"+from {
		r.fail(r.place("apply"), "the attribute 'apply' is always or content-type-%s", from)
	}
	c.always, c.accept = how == "always", r.flag("consider-accept-header", true)
	return c
}

func (c converting) applies(x *Exchange, to string) bool {
	if !c.always && !strings.Contains(strings.ToLower(x.header().Get("Content-Type")), c.from) {
		return false
	}
	accept := strings.ToLower(x.Request.Header.Get("Accept"))
	return !c.accept || x.section < Outbound || accept == "" || strings.Contains(accept, to) || strings.Contains(accept, "*/*")
}

// jsonToXML is json-to-xml.
type jsonToXML struct {
	converting
	separator, prefix string
}

func compileJSONToXML(r *args) action {
	c := &jsonToXML{converting: r.converting("json"), separator: r.literal("namespace-separator", "_"), prefix: r.literal("namespace-prefix", "xmlns")}
	r.flag("parse-date", true)
	r.literal("namespace-block-name", "")
	if r.literal("attribute-block-name", "") != "" {
		r.fail(r.place("attribute-block-name"), "attribute-block-name is not served: all values become elements")
	}
	return c
}

func (c *jsonToXML) run(x *Exchange) error {
	if x.body() == nil || !c.applies(x, "xml") {
		return nil
	}
	data, err := unpacked(x.body(), x.header())
	if err != nil {
		return err
	}
	t, err := expression.ParseJSON(data)
	if err != nil {
		return broken("json-to-xml", "InvalidJson", err.Error())
	}
	var out strings.Builder
	if t.Kind == expression.ObjectToken && len(t.Properties) == 1 && t.Properties[0].Value.Kind != expression.ArrayToken {
		writeXML(&out, t.Properties[0].Name, t.Properties[0].Value, 0)
	} else {
		writeXML(&out, "Document", t, 0)
	}
	x.setBodyBytes([]byte(out.String()))
	x.header().Set("Content-Type", "text/xml")
	return nil
}

func writeXML(out *strings.Builder, name string, t *expression.Token, depth int) {
	name = xmlName(name)
	if t.Kind == expression.ArrayToken && depth > 0 {
		for _, item := range t.Items {
			writeXML(out, name, item, depth+1)
		}
		return
	}
	out.WriteString("<" + name + ">")
	switch t.Kind {
	case expression.ObjectToken:
		for _, p := range t.Properties {
			writeXML(out, p.Name, p.Value, depth+1)
		}
	case expression.ArrayToken:
		for _, item := range t.Items {
			writeXML(out, "Array", item, depth+1)
		}
	default:
		text := expression.Text(t.Value)
		if b, ok := t.Value.(bool); ok {
			text = fmt.Sprint(b)
		}
		_ = xml.EscapeText(out, []byte(text)) // a builder takes everything
	}
	out.WriteString("</" + name + ">")
}

// xmlName is a name that an element may have: other characters become _xHHHH_.
func xmlName(s string) string {
	var out strings.Builder
	for i, r := range s {
		letter := r == '_' || r|0x20 >= 'a' && r|0x20 <= 'z' || r >= 0xc0
		if letter || i > 0 && (r == '-' || r == '.' || r >= '0' && r <= '9') {
			out.WriteRune(r)
			continue
		}
		fmt.Fprintf(&out, "_x%04X_", r)
	}
	if out.Len() == 0 {
		return "_"
	}
	return out.String()
}

// xmlToJSON is xml-to-json.
type xmlToJSON struct {
	converting
	direct, arrays bool
}

func compileXMLToJSON(r *args) action {
	c := &xmlToJSON{converting: r.converting("xml")}
	switch r.requiredLiteral("kind") {
	case "direct":
		c.direct = true
	case "javascript-friendly":
	default:
		r.fail(r.place("kind"), "the attribute 'kind' is direct or javascript-friendly")
	}
	c.arrays = r.flag("always-array-child-elements", false)
	return c
}

func (c *xmlToJSON) run(x *Exchange) error {
	if x.body() == nil || !c.applies(x, "json") {
		return nil
	}
	data, err := unpacked(x.body(), x.header())
	if err != nil {
		return err
	}
	t, err := c.convert(string(data))
	if err != nil {
		return broken("xml-to-json", "InvalidXml", err.Error())
	}
	x.setBodyBytes([]byte(t.JSON(false)))
	x.header().Set("Content-Type", "application/json")
	return nil
}

// node is an element on the way to JSON.
type xmlNode struct {
	name string
	at   *expression.Token
	text strings.Builder
}

const maxXMLDepth = 60

// convert reads XML as Newtonsoft does: attributes are @NAME (javascript-friendly:
// NAME), text beside others #text, elements of one name an array.
func (c *xmlToJSON) convert(text string) (*expression.Token, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	root := &expression.Token{Kind: expression.ObjectToken}
	stack := []*xmlNode{{at: root}}
	for {
		x, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch x := x.(type) {
		case xml.StartElement:
			if len(stack) > maxXMLDepth {
				return nil, errors.New("elements are nested too deeply")
			}
			n := &xmlNode{name: qualified(x.Name), at: &expression.Token{Kind: expression.ObjectToken}}
			for _, a := range x.Attr {
				n.at.Set(c.attributeName(qualified(a.Name)), &expression.Token{Value: a.Value})
			}
			stack = append(stack, n)
		case xml.CharData:
			top.text.Write(x)
		case xml.EndElement:
			if len(stack) == 1 || top.name != qualified(x.Name) {
				return nil, fmt.Errorf("</%s> closes nothing", qualified(x.Name))
			}
			stack = stack[:len(stack)-1]
			c.add(stack[len(stack)-1].at, top)
		}
	}
	if len(stack) > 1 {
		return nil, fmt.Errorf("<%s> has no end", stack[len(stack)-1].name)
	}
	return root, nil
}

func qualified(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func (c *xmlToJSON) attributeName(name string) string {
	if c.direct {
		return "@" + name
	}
	return name
}

func (c *xmlToJSON) add(to *expression.Token, n *xmlNode) {
	v, text := n.at, strings.TrimSpace(n.text.String())
	switch {
	case len(v.Properties) == 0 && text == "":
		v = &expression.Token{}
	case len(v.Properties) == 0:
		v = &expression.Token{Value: n.text.String()}
	case text != "":
		v.Set("#text", &expression.Token{Value: text})
	}
	old := to.Find(n.name)
	switch {
	case old == nil && c.arrays:
		v = &expression.Token{Kind: expression.ArrayToken, Items: []*expression.Token{v}}
	case old != nil && old.Kind == expression.ArrayToken:
		old.Items = append(old.Items, v)
		return
	case old != nil:
		v = &expression.Token{Kind: expression.ArrayToken, Items: []*expression.Token{old, v}}
	}
	to.Set(n.name, v)
}

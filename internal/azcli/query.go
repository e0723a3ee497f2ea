package azcli

import (
	"bufio"
	"strconv"
	"strings"

	"github.com/jmespath/go-jmespath"
)

// query picks from a result by a JMESPath expression. It also tells the keys of the
// objects that the expression makes, in their order, which tables keep.
func query(expression string, v any) (any, order, error) {
	if expression == "" {
		return v, nil, nil
	}
	tree, err := jmespath.NewParser().Parse(expression)
	if err != nil {
		return nil, nil, usage("argument --query: invalid jmespath_type value: %q: %s", expression, err)
	}
	compiled, err := jmespath.Compile(expression)
	if err != nil {
		return nil, nil, usage("argument --query: invalid jmespath_type value: %q: %s", expression, err)
	}
	out, err := compiled.Search(v)
	if err != nil {
		return nil, nil, usage("argument --query: %q: %s", expression, err)
	}
	return out, keysOf(tree), nil
}

// keysOf reads the keys of each object out of the printed form of the tree, which
// is all that the library shows of it: a key stands six spaces right of its object.
func keysOf(tree jmespath.ASTNode) order {
	var all order
	at := map[int]int{} // the object that began last, by its indentation
	pair := false
	lines := bufio.NewScanner(strings.NewReader(tree.PrettyPrint(0)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text := strings.TrimLeft(lines.Text(), " ")
		depth := len(lines.Text()) - len(text)
		name, value := strings.CutPrefix(text, "value: ")
		switch {
		case strings.HasPrefix(text, "ASTMultiSelectHash"):
			all = append(all, nil)
			at[depth] = len(all) - 1
		case pair && value:
			if key, err := strconv.Unquote(name); err == nil {
				n := at[depth-6]
				all[n] = append(all[n], key)
			}
		}
		pair = strings.HasPrefix(text, "ASTKeyValPair")
	}
	return all
}

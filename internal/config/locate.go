package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// located is a fault of the whole configuration with the place in the file that
// it speaks of: the node of its path, or the deepest one above it.
func located(docs []*ast.DocumentNode, f pathFault) error {
	var best ast.Node
	for _, doc := range docs {
		if n := locate(doc.Body, f.path); n != nil {
			best = n
		}
	}
	if best == nil {
		return f
	}
	return fmt.Errorf("%s", yaml.FormatError(&yaml.SyntaxError{Message: f.Error(), Token: best.GetToken()}, false, true))
}

// locate finds the node of a path such as eventHubs.rules[0].key; nil: not even
// its first key is there.
func locate(n ast.Node, path string) ast.Node {
	if path == "" {
		return n
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		return locate(n.Value, path)
	case *ast.MappingValueNode:
		return locateKey([]*ast.MappingValueNode{n}, path)
	case *ast.MappingNode:
		return locateKey(n.Values, path)
	case *ast.SequenceNode:
		index, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
		if i, err := strconv.Atoi(index); ok && err == nil && i < len(n.Values) {
			if found := locate(n.Values[i], strings.TrimPrefix(rest, ".")); found != nil {
				return found
			}
			return n.Values[i]
		}
	}
	return nil
}

func locateKey(values []*ast.MappingValueNode, path string) (best ast.Node) {
	longest := -1
	for _, v := range values {
		key := scalar(v.Key)
		rest, ok := strings.CutPrefix(path, key)
		if !ok || len(key) <= longest || rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		longest, best = len(key), v.Key
		if rest == "" {
			if _, isScalar := v.Value.(ast.ScalarNode); isScalar {
				best = v.Value
			}
			continue
		}
		if found := locate(v.Value, strings.TrimPrefix(rest, ".")); found != nil {
			best = found
		}
	}
	return best
}

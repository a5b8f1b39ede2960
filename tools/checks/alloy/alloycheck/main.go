// alloycheck reads Alloy's configuration with Alloy's own parser, printer and evaluator, and says what Alloy would refuse.
//
//	alloycheck FILE…          problems, one a line; exit code 1 when there are any
//	alloycheck -follow FILE   lines (JSON objects on standard input) as they leave for the log store
//
// The components are known by what kinds says about them: Alloy itself cannot be had as a library.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/diag"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
	"github.com/grafana/alloy/syntax/vm"
)

// component is one of a file, with its arguments when they are sound.
type component struct {
	id        string
	block     *ast.BlockStmt
	arguments any
	refers    []string
}

func main() {
	arguments := os.Args[1:]
	follow := len(arguments) == 2 && arguments[0] == "-follow"
	if follow {
		arguments = arguments[1:]
	}
	if len(arguments) == 0 || strings.HasPrefix(arguments[0], "-") {
		fmt.Fprintln(os.Stderr, "usage: alloycheck [-follow] FILE…")
		os.Exit(2)
	}
	failed := false
	for _, path := range arguments {
		components, problems := check(path)
		for _, problem := range problems {
			fmt.Println(problem)
		}
		failed = failed || len(problems) > 0
		if follow && !failed {
			if err := play(components, os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				failed = true
			}
		}
	}
	if failed {
		os.Exit(1)
	}
}

// check returns the components of a file by their names, and everything that is wrong with it.
func check(path string) (map[string]*component, []string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, []string{err.Error()}
	}
	file, err := parser.ParseFile(path, text)
	if err != nil {
		return nil, told(err)
	}
	var problems []string
	var formatted bytes.Buffer
	if err := printer.Fprint(&formatted, file); err != nil {
		return nil, told(err)
	}
	if !bytes.Equal(bytes.TrimSpace(formatted.Bytes()), bytes.TrimSpace(text)) {
		problems = append(problems, path+": is not as `alloy fmt` writes it")
	}
	components, found := collect(file)
	problems = append(problems, found...)
	scope := vm.NewScope(exported(components))
	for _, item := range ordered(components) {
		item.arguments = kinds[item.block.GetBlockName()].arguments()
		if err := vm.New(item.block.Body).Evaluate(scope, item.arguments); err != nil {
			problems = append(problems, told(err)...)
		}
	}
	return components, append(problems, loose(components)...)
}

// collect finds the components, and what is not one or is there twice.
func collect(file *ast.File) (map[string]*component, []string) {
	components, problems := map[string]*component{}, []string{}
	for _, statement := range file.Body {
		block, ok := statement.(*ast.BlockStmt)
		if !ok {
			problems = append(problems, fmt.Sprintf("%s: only components may stand here", place(statement)))
			continue
		}
		name := block.GetBlockName()
		id := strings.TrimSuffix(name+"."+block.Label, ".")
		_, known := kinds[name]
		_, twice := components[id]
		switch {
		case !known:
			problems = append(problems, fmt.Sprintf("%s: %s is no component that is known here", place(block), name))
		case twice:
			problems = append(problems, fmt.Sprintf("%s: %s is there already", place(block), id))
		case (block.Label == "") != (name == "logging"):
			problems = append(problems, fmt.Sprintf("%s: %s wants a label, and settings want none", place(block), name))
		default:
			components[id] = &component{id: id, block: block, refers: references(block)}
		}
	}
	return components, problems
}

// exported is what expressions may name: `loki.write.loki.receiver` as nested maps.
func exported(components map[string]*component) map[string]any {
	root := map[string]any{}
	for id, item := range components {
		names, level := strings.Split(id, "."), root
		for _, name := range names[:len(names)-1] {
			next, ok := level[name].(map[string]any)
			if !ok {
				next = map[string]any{}
				level[name] = next
			}
			level = next
		}
		level[names[len(names)-1]] = kinds[item.block.GetBlockName()].exports
	}
	return root
}

// loose says what Alloy refuses, a circle, and what it would accept, something that nobody sends to.
func loose(components map[string]*component) []string {
	var problems []string
	wanted := map[string]bool{}
	for _, item := range components {
		for _, name := range item.refers {
			wanted[owner(components, name)] = true
		}
	}
	for _, item := range ordered(components) {
		if len(kinds[item.block.GetBlockName()].exports) > 0 && !wanted[item.id] {
			problems = append(problems, fmt.Sprintf("%s: nothing refers to %s", place(item.block), item.id))
		}
		if reaches(components, item.id, item.id, map[string]bool{}) {
			problems = append(problems, fmt.Sprintf("%s: %s refers to itself in a circle", place(item.block), item.id))
		}
	}
	return problems
}

func reaches(components map[string]*component, from, to string, seen map[string]bool) bool {
	for _, name := range components[from].refers {
		next := owner(components, name)
		if next == to {
			return true
		}
		if next != "" && !seen[next] {
			seen[next] = true
			if reaches(components, next, to, seen) {
				return true
			}
		}
	}
	return false
}

// owner is the component that a reference is to; empty when there is none.
func owner(components map[string]*component, reference string) string {
	id := reference[:max(strings.LastIndex(reference, "."), 0)]
	if _, ok := components[id]; ok {
		return id
	}
	return ""
}

// finder collects the longest dotted names of expressions.
type finder struct{ found *[]string }

func (f finder) Visit(node ast.Node) ast.Visitor {
	if access, ok := node.(*ast.AccessExpr); ok {
		if name := dotted(access); name != "" {
			*f.found = append(*f.found, name)
			return nil
		}
	}
	return f
}

func references(block *ast.BlockStmt) []string {
	var found []string
	ast.Walk(finder{&found}, block.Body)
	return found
}

func dotted(expression ast.Expr) string {
	switch node := expression.(type) {
	case *ast.IdentifierExpr:
		return node.Ident.Name
	case *ast.AccessExpr:
		if left := dotted(node.Value); left != "" {
			return left + "." + node.Name.Name
		}
	}
	return ""
}

func ordered(components map[string]*component) []*component {
	var items []*component
	for _, item := range components {
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b *component) int { return strings.Compare(a.id, b.id) })
	return items
}

func place(node ast.Node) string { return ast.StartPos(node).Position().String() }

// told is each problem of an error on a line of its own.
func told(err error) []string {
	var found diag.Diagnostics
	if errors.As(err, &found) {
		var lines []string
		for _, item := range found {
			lines = append(lines, item.Error())
		}
		return lines
	}
	return []string{err.Error()}
}

package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// program is what the source says of the binary that the manifests run.
type program struct {
	commands    []string
	settings    []string
	metricsPort int
	publicPort  int
}

// readProgram reads the settings from the tags of type Config, and the
// commands from what func commands returns.
func readProgram(dir string) (program, error) {
	var p program
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return p, fmt.Errorf("listing the program's source: %w", err)
	}
	for _, name := range names {
		source, err := os.ReadFile(name) //nolint:gosec // the caller names the folder
		if err != nil {
			return p, fmt.Errorf("reading the program's source: %w", err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			return p, fmt.Errorf("parsing the program's source: %w", err)
		}
		if err := p.read(file); err != nil {
			return p, fmt.Errorf("understanding %s: %w", name, err)
		}
	}
	if len(p.settings) == 0 || len(p.commands) == 0 || p.publicPort == 0 || p.metricsPort == 0 {
		return p, fmt.Errorf("%s does not show its settings in type Config, its ports in HTTP_ADDR and METRICS_ADDR, and its commands in func commands", dir)
	}
	return p, nil
}

func (p *program) read(file *ast.File) (err error) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if fields, ok := n.Type.(*ast.StructType); ok && n.Name.Name == "Config" {
				err = cmp.Or(err, p.readSettings(fields))
			}
		case *ast.FuncDecl:
			if n.Name.Name == "commands" {
				p.readCommands(n)
			}
		}
		return err == nil
	})
	return err
}

// readSettings reads tags such as `env:"HTTP_ADDR, default=:8080"`.
func (p *program) readSettings(config *ast.StructType) error {
	for _, f := range config.Fields.List {
		if f.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			return err
		}
		name, options, _ := strings.Cut(reflect.StructTag(tag).Get("env"), ",")
		p.settings = append(p.settings, name)
		_, port, _ := strings.Cut(options, "default=:")
		switch name {
		case "HTTP_ADDR":
			p.publicPort, err = strconv.Atoi(port)
		case "METRICS_ADDR":
			p.metricsPort, err = strconv.Atoi(port)
		}
		if err != nil {
			return fmt.Errorf("reading the port of %s: %w", name, err)
		}
	}
	return nil
}

// readCommands takes the first string of each element of the list.
func (p *program) readCommands(f *ast.FuncDecl) {
	ast.Inspect(f, func(n ast.Node) bool {
		list, ok := n.(*ast.CompositeLit)
		if !ok || list.Type == nil {
			return true
		}
		for _, element := range list.Elts {
			one, ok := element.(*ast.CompositeLit)
			if !ok || len(one.Elts) == 0 {
				continue
			}
			if word, ok := one.Elts[0].(*ast.BasicLit); ok && word.Kind == token.STRING {
				p.commands = append(p.commands, strings.Trim(word.Value, `"`))
			}
		}
		return true
	})
}

// Command policy checks rendered Kubernetes manifests against what the schema
// of Kubernetes cannot know: the house rules for workloads, and the commands,
// settings and secrets that the program really has.
//
// It must never talk to a cluster, and never change what it reads.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	source := flag.String("source", "cmd/fte", "folder of the program's package main")
	secrets := flag.String("secrets", "", "file that names the keys of every Secret, as a JSON list of objects")
	flag.Parse()
	if err := run(os.Stdin, *source, *secrets); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run checks the objects that in holds as a JSON list.
func run(in io.Reader, source, secretFile string) error {
	prog, err := readProgram(source)
	if err != nil {
		return err
	}
	file, err := os.Open(secretFile) //nolint:gosec // the caller names the file
	if err != nil {
		return fmt.Errorf("opening the list of secrets: %w", err)
	}
	defer file.Close()
	secrets, err := decode(file)
	if err != nil {
		return fmt.Errorf("reading the list of secrets: %w", err)
	}
	objects, err := decode(in)
	if err != nil {
		return fmt.Errorf("reading the manifests: %w", err)
	}
	return check(objects, secrets, prog)
}

func decode(r io.Reader) ([]object, error) {
	var objects []object
	if err := json.NewDecoder(r).Decode(&objects); err != nil {
		return nil, err
	}
	return objects, nil
}

// check returns every breach of a rule, or nil.
func check(objects, secrets []object, prog program) error {
	c := &checker{program: prog, config: map[string]map[string]string{}, secrets: map[string]map[string]string{}}
	for _, s := range secrets {
		if s.Kind == "Secret" {
			c.secrets[s.Metadata.Name] = s.StringData
		}
	}
	for _, o := range objects {
		switch o.Kind {
		case "ConfigMap":
			c.config[o.Metadata.Name] = o.Data
		case "Secret":
			c.breach(o, "a Secret is part of the manifests; ship none")
		}
		if o.isWorkload() {
			c.workloads = append(c.workloads, o)
		}
	}
	if len(c.workloads) == 0 {
		c.breaches = append(c.breaches, errors.New("there is no workload to check"))
	}
	for _, w := range c.workloads {
		c.checkPod(w)
		for _, container := range w.Spec.Template.Spec.containers() {
			c.checkContainer(w, container)
			c.checkSettings(w, container)
		}
	}
	c.checkServing(objects)
	return errors.Join(c.breaches...)
}

// checker collects breaches.
type checker struct {
	program   program
	config    map[string]map[string]string
	secrets   map[string]map[string]string
	workloads []object
	breaches  []error
}

func (c *checker) breach(o object, format string, args ...any) {
	c.breaches = append(c.breaches, fmt.Errorf("%s/%s: %s", o.Kind, o.Metadata.Name, fmt.Sprintf(format, args...)))
}

package judge

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// smallest is the weight from which one is kept in a file.
const smallest = 0.3

// Write writes a model as Parse reads it, after lines that say where it comes
// from. Weights that hardly count are left out.
func (m *Model) Write(w io.Writer, origin ...string) error {
	var out strings.Builder
	for _, line := range origin {
		fmt.Fprintf(&out, "# %s\n", line)
	}
	line := func(name string, weights []float64, least float64) {
		var kept strings.Builder
		for c, v := range weights {
			if math.Abs(v) >= least {
				fmt.Fprintf(&kept, " %s %.2f", m.classes[c], v)
			}
		}
		if kept.Len() > 0 {
			out.WriteString(name + kept.String() + "\n")
		}
	}
	line("=", m.bias, 0)
	for _, f := range slices.Sorted(maps.Keys(m.weights)) {
		line(f, m.weights[f], smallest)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// Parse reads a model: a line a feature, with classes and weights in turn. The
// feature "=" comes first and holds the bias of every class.
func Parse(text string) (*Model, error) {
	m := &Model{weights: map[string][]float64{}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f)%2 == 0 || (f[0] == "=") == (m.bias != nil) {
			return nil, fmt.Errorf("line %d is not a feature with classes and weights", n)
		}
		if f[0] == "=" {
			for i := 1; i < len(f); i += 2 {
				m.classes = append(m.classes, f[i])
			}
		}
		weights := make([]float64, len(m.classes))
		for i := 1; i < len(f); i += 2 {
			v, err := strconv.ParseFloat(f[i+1], 64)
			c := slices.Index(m.classes, f[i])
			if err != nil || c < 0 {
				return nil, fmt.Errorf("line %d: %s %s is no class and weight", n, f[i], f[i+1])
			}
			weights[c] = v
		}
		if f[0] == "=" {
			m.bias = weights
		} else {
			m.weights[f[0]] = weights
		}
	}
	if len(m.classes) < 2 || m.classes[0] != Nobody {
		return nil, fmt.Errorf("a model begins with the bias of %s and of at least one code", Nobody)
	}
	return m, nil
}

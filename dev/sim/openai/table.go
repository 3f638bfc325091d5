package openai

import "strings"

// table makes statements of the rows of a markdown table: each cell with the
// head of its column.
type table struct {
	heads []string
}

// row takes the next line and returns its statement, or nothing for the heads
// and the rule below them.
func (t *table) row(line string) string {
	cells := strings.Split(strings.Trim(line, "| \t"), "|")
	if strings.HasPrefix(line, "| |") || strings.HasPrefix(line, "||") {
		cells = append([]string{""}, cells...)
	}
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(cell)
	}
	switch {
	case t.heads == nil:
		t.heads = cells
		return ""
	case strings.Trim(line, "|-: \t") == "":
		return ""
	}
	var parts []string
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		if i < len(t.heads) && t.heads[i] != "" {
			cell = t.heads[i] + ": " + cell
		}
		parts = append(parts, strings.TrimSuffix(cell, ".")+".")
	}
	return strings.Join(parts, " ")
}

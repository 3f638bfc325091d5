package play

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// Question is something a customer may ask.
type Question struct {
	Channel string `json:"channel"`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text"`
	// Escalate is true for those that a person has to answer.
	Escalate bool `json:"escalate"`
}

// readQuestions reads a file of questions, one JSON object a line.
func readQuestions(path string) ([]Question, error) {
	all := []Question{}
	if path == "" {
		return all, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the questions: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var q Question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return nil, fmt.Errorf("reading the questions: %w", err)
		}
		all = append(all, q)
	}
	return all, lines.Err()
}

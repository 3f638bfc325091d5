package openai

import (
	"encoding/json"
	"strings"
)

// chunk is a piece of the knowledge base as it stands in a prompt.
type chunk struct {
	ID      string `json:"chunk_id"`
	Title   string `json:"title"`
	Content string `json:"content"`
}

// evidence is all the model knows: what was asked, and what it may answer from.
type evidence struct {
	chunks   []chunk
	question string
}

// gather reads chunks from every message and the question from the last message
// that holds one; earlier questions have been answered.
func gather(messages []Message) evidence {
	var found evidence
	seen := map[string]bool{}
	lastUser := ""
	for _, message := range messages {
		if message.Role == "user" {
			lastUser = string(message.Content)
		}
		var asked []string
		for _, object := range objects(string(message.Content)) {
			if item, ok := asChunk(object); ok && !seen[item.ID] {
				seen[item.ID] = true
				found.chunks = append(found.chunks, item)
			}
			if text, ok := object["customer_message"]; ok {
				asked = append(asked, plain(object["subject"]), plain(text))
			}
		}
		if question := strings.TrimSpace(strings.Join(asked, "\n\n")); question != "" {
			found.question = question
		}
	}
	if found.question == "" {
		found.question = lastUser
	}
	return found
}

// objects finds the JSON objects that carry one of our keys, whatever stands
// around them. It looks inside other objects and arrays, but never inside a
// string, so text that a customer wrote cannot pose as a chunk.
func objects(text string) []map[string]json.RawMessage {
	var found []map[string]json.RawMessage
	for at := 0; ; {
		open := strings.IndexByte(text[at:], '{')
		if open < 0 {
			return found
		}
		at += open
		var object map[string]json.RawMessage
		decoder := json.NewDecoder(strings.NewReader(text[at:]))
		if decoder.Decode(&object) != nil {
			at++
			continue
		}
		end := at + int(decoder.InputOffset())
		_, isChunk := object["chunk_id"]
		_, isQuestion := object["customer_message"]
		if isChunk || isQuestion {
			found = append(found, object)
		} else {
			for _, key := range sortedKeys(object) {
				if value := object[key]; len(value) > 0 && (value[0] == '{' || value[0] == '[') {
					found = append(found, objects(string(value))...)
				}
			}
		}
		at = end
	}
}

func asChunk(object map[string]json.RawMessage) (chunk, bool) {
	item := chunk{ID: scalar(object["chunk_id"]), Title: plain(object["title"]), Content: plain(object["content"])}
	return item, item.ID != "" && item.Content != ""
}

// scalar reads an id that may be a string or a number.
func scalar(raw json.RawMessage) string {
	if text := plain(raw); text != "" {
		return text
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	return ""
}

// plain returns a JSON string's text, or all the strings of an object one below
// the other.
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return ""
	}
	var texts []string
	for _, key := range sortedKeys(fields) {
		if text := plain(fields[key]); text != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "\n")
}

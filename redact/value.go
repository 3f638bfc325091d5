package redact

import (
	"bytes"
	"encoding/json"
)

// Value returns v as encoding/json sees it with every text in it redacted, nil
// if it cannot be encoded. Numbers stay: they count how far something came.
func Value(v any) any {
	encoded, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil
	}
	return walk(tree)
}

func walk(v any) any {
	switch v := v.(type) {
	case string:
		return Text(v)
	case []any:
		for i := range v {
			v[i] = walk(v[i])
		}
		return v
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, value := range v {
			clean[Text(key)] = walk(value)
		}
		return clean
	default:
		return v
	}
}

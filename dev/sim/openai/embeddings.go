package openai

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// Limits of one embeddings request, as the real server has them.
const (
	maxInputs     = 2048
	maxInputBytes = 8192 * 4
	maxDimensions = 3072
)

type embeddingsRequest struct {
	Model          string          `json:"model"`
	Input          json.RawMessage `json:"input"`
	Dimensions     int             `json:"dimensions"`
	EncodingFormat string          `json:"encoding_format"`
}

func (r embeddingsRequest) inputs() ([]string, error) {
	if r.Model == "" {
		return nil, invalid("you must provide a model parameter")
	}
	if r.Dimensions < 0 || r.Dimensions > maxDimensions {
		return nil, invalid("Invalid value for 'dimensions': %d.", r.Dimensions)
	}
	var inputs []string
	var one string
	if json.Unmarshal(r.Input, &one) == nil {
		inputs = []string{one}
	} else if err := json.Unmarshal(r.Input, &inputs); err != nil {
		return nil, invalid("'$.input' is invalid. Only strings and arrays of strings are supported here.")
	}
	if len(inputs) == 0 || len(inputs) > maxInputs {
		return nil, invalid("Invalid 'input': expected an array of 1 to %d strings, but got %d.", maxInputs, len(inputs))
	}
	for i, input := range inputs {
		if input == "" {
			return nil, invalid("Invalid 'input[%d]': input cannot be an empty string.", i)
		}
		if len(input) > maxInputBytes {
			return nil, invalid("This model's maximum context length is 8192 tokens, however you requested %d tokens in input %d.", countTokens(input), i)
		}
	}
	return inputs, nil
}

func (s *Server) embeddings(w http.ResponseWriter, r *http.Request) {
	var request embeddingsRequest
	raw, err := decode(r, &request)
	if err != nil {
		writeError(w, err)
		return
	}
	inputs, err := request.inputs()
	if err != nil {
		writeError(w, err)
		return
	}
	type item struct {
		Object    string `json:"object"`
		Index     int    `json:"index"`
		Embedding any    `json:"embedding"`
	}
	items := make([]item, len(inputs))
	spent := 0
	for i, input := range inputs {
		vector := Embed(input, cmp.Or(request.Dimensions, s.options.Dimensions))
		items[i] = item{Object: "embedding", Index: i, Embedding: vector}
		if request.EncodingFormat == "base64" {
			var packed bytes.Buffer
			_ = binary.Write(&packed, binary.LittleEndian, vector)
			items[i].Embedding = base64.StdEncoding.EncodeToString(packed.Bytes())
		}
		spent += countTokens(input)
	}
	if err := s.record(Call{Kind: Embeddings, Model: request.Model, Input: inputs, Raw: raw}); err != nil {
		writeError(w, err)
		return
	}
	wire.WriteJSON(w, http.StatusOK, map[string]any{
		"object": "list", "model": request.Model, "data": items,
		"usage": usage{PromptTokens: spent, TotalTokens: spent},
	})
}

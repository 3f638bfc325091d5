package openai

import (
	"hash/fnv"
	"math"
	"strings"
)

// DefaultDimensions is the size of an embedding unless the request names one.
const DefaultDimensions = 384

// The weights of an embedding's features against each other.
const (
	wordWeight = 1.0
	stopWeight = 0.05
	pairWeight = 0.6
	gramWeight = 0.25
	// titleWeight multiplies the features of a first line that stands alone: it
	// says what the rest is about.
	titleWeight = 2.0
)

// Embed returns the vector of text: stems, pairs of stems and parts of words,
// hashed into dimensions buckets, of length 1. Texts that share words are near.
// Text without any word gets a unit vector of its own.
func Embed(text string, dimensions int) []float32 {
	counts := map[string]float64{}
	weights := map[string]float64{}
	add := func(feature string, weight float64) {
		counts[feature]++
		weights[feature] = max(weights[feature], weight)
	}
	if title, rest, ok := strings.Cut(text, "\n"); ok {
		features(title, titleWeight, add)
		features(rest, 1, add)
	} else {
		features(text, 1, add)
	}
	if len(counts) == 0 {
		add("t "+text, wordWeight)
	}
	vector := make([]float64, dimensions)
	// The order decides how the sums round, and equal input must give equal output.
	for _, feature := range sortedKeys(counts) {
		at := hash(feature)
		value := weights[feature] * (1 + math.Log(counts[feature]))
		if at>>63 == 1 {
			value = -value
		}
		vector[at%uint64(dimensions)] += value
	}
	return normalise(vector)
}

// features hands out what a text is made of, with the weight of each feature.
func features(text string, factor float64, add func(feature string, weight float64)) {
	stop := stopWords()
	previous := ""
	for _, word := range tokens(text) {
		if stop[word] {
			add("w "+word, stopWeight)
			continue
		}
		root := stem(word)
		add("w "+root, factor*wordWeight)
		if previous != "" {
			add("p "+previous+" "+root, factor*pairWeight)
		}
		previous = root
		runes := []rune("^" + root + "$")
		for i := 0; i+4 <= len(runes); i++ {
			add("g "+string(runes[i:i+4]), factor*gramWeight)
		}
	}
}

func normalise(vector []float64) []float32 {
	sum := 0.0
	for _, value := range vector {
		sum += value * value
	}
	unit := make([]float32, len(vector))
	if sum == 0 {
		// Features may cancel out; a zero vector has no cosine.
		unit[0] = 1
		return unit
	}
	for i, value := range vector {
		unit[i] = float32(value / math.Sqrt(sum))
	}
	return unit
}

func hash(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	// FNV's high bits mix badly for short input, and one of them is the sign.
	sum := h.Sum64()
	sum ^= sum >> 33
	sum *= 0xff51afd7ed558ccd
	return sum ^ sum>>29
}

package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/llm"
)

// width is that of the real vectors: what follows is zeros and is not kept.
const width = 384

// batchTexts is how many texts are embedded and kept at a time.
const batchTexts = 64

// vectorsOf returns the vectors of sentences, from the file that has the first
// ones and else from the model. What is embedded is appended at once, so that
// a run that is broken off goes on where it was.
func vectorsOf(ctx context.Context, path string, model *llm.Client, sentences []sentence, stderr io.Writer) (vectors [][]float32, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the kept vectors: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	vectors, err = readVectors(file, len(sentences))
	if err != nil {
		return nil, err
	}
	if len(vectors) == len(sentences) {
		return vectors, nil
	}
	if model == nil {
		return nil, fmt.Errorf("%s holds %d of %d vectors: name a server with -embeddings that makes the others", path, len(vectors), len(sentences))
	}
	if _, err := file.Seek(int64(len(vectors))*width*4, io.SeekStart); err != nil {
		return nil, fmt.Errorf("appending to the kept vectors: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan [][]float32, 1)
	have := len(vectors)
	group.Go(func() error {
		defer close(batches)
		for start := have; start < len(sentences); start += batchTexts {
			var texts []string
			for _, s := range sentences[start:min(start+batchTexts, len(sentences))] {
				texts = append(texts, s.text)
			}
			made, err := model.Embed(ctx, texts)
			if err != nil {
				return err
			}
			batches <- made
		}
		return nil
	})
	for batch := range batches {
		for _, v := range batch {
			vectors = append(vectors, v[:width])
			if err == nil {
				err = binary.Write(file, binary.LittleEndian, v[:width])
			}
		}
		if len(vectors)%6400 < batchTexts {
			_, _ = fmt.Fprintf(stderr, "embedded %d of %d sentences\n", len(vectors), len(sentences))
		}
	}
	return vectors, errors.Join(err, group.Wait())
}

// readVectors returns at most n vectors that a file holds whole.
func readVectors(file io.Reader, n int) ([][]float32, error) {
	in := bufio.NewReaderSize(file, 1<<20)
	var vectors [][]float32
	for len(vectors) < n {
		v := make([]float32, width)
		err := binary.Read(in, binary.LittleEndian, v)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the kept vectors: %w", err)
		}
		vectors = append(vectors, v)
	}
	return vectors, nil
}

// padded returns a vector as wide as the column.
func padded(v []float32) []float32 {
	wide := make([]float32, llm.MaxDimensions)
	copy(wide, v)
	return wide
}

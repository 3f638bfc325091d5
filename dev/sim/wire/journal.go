package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Journal is an append-only file of JSON lines. A nil Journal forgets
// everything, which is what a simulator without a state file wants.
type Journal[T any] struct {
	mu   sync.Mutex
	file *os.File
}

// OpenJournal opens or creates the file at path and hands each entry in it to
// replay, oldest first. A last line that a crash tore is cut off. With an empty
// path it returns nil.
func OpenJournal[T any](path string, replay func(T)) (*Journal[T], error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening state file: %w", err)
	}
	end, err := replayLines(file, replay)
	if err == nil {
		err = file.Truncate(end)
	}
	if err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading state file %s: %w", path, err), file.Close())
	}
	return &Journal[T]{file: file}, nil
}

// replayLines returns the offset behind the last whole entry.
func replayLines[T any](r io.Reader, replay func(T)) (int64, error) {
	var end int64
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return end, err
		}
		var entry T
		if err := json.Unmarshal(line, &entry); err != nil {
			return end, fmt.Errorf("entry at byte %d: %w", end, err)
		}
		replay(entry)
		end += int64(len(line))
	}
}

// Append writes entry. There is no fsync: it survives a killed process, not a
// power cut.
func (j *Journal[T]) Append(entry T) error {
	if j == nil {
		return nil
	}
	var line bytes.Buffer
	if err := json.NewEncoder(&line).Encode(entry); err != nil {
		return fmt.Errorf("encoding state entry: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(line.Bytes()); err != nil {
		return fmt.Errorf("writing state entry: %w", err)
	}
	return nil
}

// Close closes the file; the Journal must not be used afterwards.
func (j *Journal[T]) Close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}

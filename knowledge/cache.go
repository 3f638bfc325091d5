package knowledge

import (
	"container/list"
	"crypto/sha256"
	"sync"
)

// cachedQuestions bounds the cache: a vector has 6 KB.
const cachedQuestions = 512

// vectorKey is the hash of a model and a question, so that the cache holds
// nobody's words.
type vectorKey [sha256.Size]byte

func keyOf(model, question string) vectorKey {
	return sha256.Sum256([]byte(model + "\x00" + question))
}

// vectorCache keeps the vectors of the questions asked last. A retried or
// repeated question then costs no call.
type vectorCache struct {
	mu      sync.Mutex
	max     int
	recent  *list.List // of cached, the newest in front
	entries map[vectorKey]*list.Element
}

type cached struct {
	key    vectorKey
	vector []float32
}

func newVectorCache(size int) *vectorCache {
	return &vectorCache{max: size, recent: list.New(), entries: map[vectorKey]*list.Element{}}
}

func (c *vectorCache) get(key vectorKey) ([]float32, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok {
		return nil, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(cached).vector, true
}

func (c *vectorCache) put(key vectorKey, vector []float32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok {
		c.recent.MoveToFront(e)
		return
	}
	c.entries[key] = c.recent.PushFront(cached{key, vector})
	if c.recent.Len() > c.max {
		oldest := c.recent.Back()
		delete(c.entries, c.recent.Remove(oldest).(cached).key)
	}
}

package main

import (
	"slices"
	"sync"
)

// passagesOfChunk is how many vectors lead to a chunk beside its own, unless
// there are not enough statements.
const passagesOfChunk = 5

// passages returns how many of them there are for each of n chunks. The first
// of chunk i is statement n+i.
func (c corpus) passages(n int) int { return min(passagesOfChunk, len(c.vectors)/n-1) }

// nearestCount is how many neighbours a recall is about.
const nearestCount = 10

// exact returns, for each question, the nearest of n chunks with so many
// passages each, by comparing it with every one.
func (c corpus) exact(n, passages int) map[string]map[int]bool {
	nearest := map[string]map[int]bool{}
	var mu sync.Mutex
	var workers sync.WaitGroup
	work := make(chan string)
	for range 2 {
		workers.Go(func() {
			for text := range work {
				found := c.nearest(c.asked[text], n, passages)
				mu.Lock()
				nearest[text] = found
				mu.Unlock()
			}
		})
	}
	for _, q := range c.questions {
		work <- q.text
	}
	close(work)
	workers.Wait()
	return nearest
}

// nearest returns the chunks of which a vector, or that of a passage, is nearest.
func (c corpus) nearest(question []float32, n, passages int) map[int]bool {
	all := n * (1 + passages)
	nearest := make([]float32, n)
	for at, v := range c.vectors[:all] {
		var dot float32 // the vectors have length one, so this is the cosine
		for i := range width {
			dot += question[i] * v[i]
		}
		if id := at % n; at < n || dot > nearest[id] {
			nearest[id] = dot
		}
	}
	top := make([]byDistance, 0, nearestCount+1)
	for id, dot := range nearest {
		candidate := byDistance{id, 1 - dot}
		if len(top) == nearestCount && candidate.compare(top[nearestCount-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, candidate, byDistance.compare)
		top = slices.Insert(top, at, candidate)
		top = top[:min(len(top), nearestCount)]
	}
	found := map[int]bool{}
	for _, t := range top {
		found[t.id] = true
	}
	return found
}

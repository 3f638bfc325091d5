package wire

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxBody bounds what a simulator reads of one request: above Gmail's own limit
// of 35 MB for an upload.
const maxBody = 50 << 20

// Faults is the set of faults that wait for their requests. The zero value is
// ready to use.
type Faults struct {
	Signal

	// presets are set once, before the first request.
	presets []Preset

	mu      sync.Mutex
	pending []Fault
	hits    int
	cleared chan struct{}
}

// Set adds a fault behind those already waiting. The oldest that matches a
// request takes it.
func (f *Faults) Set(fault Fault) {
	defer f.Broadcast()
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault.Times == 0 {
		fault.Times = 1
	}
	f.pending = append(f.pending, fault)
}

// Clear forgets all faults and lets go of the requests that hang: those end
// with a dropped connection.
func (f *Faults) Clear() {
	defer f.Broadcast()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = nil
	if f.cleared != nil {
		close(f.cleared)
		f.cleared = nil
	}
}

// Pending returns the faults that still wait.
func (f *Faults) Pending() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.pending)
}

// Hits returns how many requests met a fault.
func (f *Faults) Hits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hits
}

// WaitForHits returns once n requests have met a fault, or with the context's
// error. For the accepting modes the request has been accepted by then.
func (f *Faults) WaitForHits(ctx context.Context, n int) error {
	return f.WaitFor(ctx, func() bool { return f.Hits() >= n })
}

func (f *Faults) take(request, body string) (Fault, bool) {
	return f.takeFirst(func(fault Fault) bool { return fault.matches(request, body) })
}

// takeFirst uses up one time of the oldest fault that fits.
func (f *Faults) takeFirst(fits func(Fault) bool) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.pending, fits)
	if i < 0 {
		return Fault{}, false
	}
	fault := f.pending[i]
	if fault.Times > 0 {
		if f.pending[i].Times--; f.pending[i].Times == 0 {
			f.pending = slices.Delete(f.pending, i, i+1)
		}
	}
	return fault, true
}

func (f *Faults) hit() {
	f.mu.Lock()
	f.hits++
	f.mu.Unlock()
	f.Broadcast()
}

func (f *Faults) whenCleared() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cleared == nil {
		f.cleared = make(chan struct{})
	}
	return f.cleared
}

// Wrap puts the faults in front of next, and serves /_sim/fault: GET lists what
// waits, POST adds a Fault, DELETE clears. It also serves /_sim/faults: see
// Offer.
func (f *Faults) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/_sim/fault" {
			f.serveControl(w, r)
			return
		}
		if r.URL.Path == "/_sim/faults" {
			f.servePresets(w, r)
			return
		}
		// net/http notices that a caller has gone only after the body is read.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "reading the request: "+err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.HasPrefix(r.URL.Path, "/_sim/") {
			next.ServeHTTP(w, r)
			return
		}
		fault, ok := f.take(r.Method+" "+r.URL.Path, string(body))
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		f.apply(fault, w, r, next)
	})
}

func (f *Faults) apply(fault Fault, w http.ResponseWriter, r *http.Request, next http.Handler) {
	cleared := f.whenCleared()
	switch fault.Mode {
	case AcceptThenAnswer, AcceptThenHang, AcceptThenDrop:
		// The work must not stop because the caller has gone.
		next.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
	default:
	}
	f.hit()
	switch fault.Mode {
	case Hang, AcceptThenHang:
		select {
		case <-r.Context().Done():
		case <-cleared:
		}
		panic(http.ErrAbortHandler)
	case Drop, AcceptThenDrop:
		panic(http.ErrAbortHandler)
	case Delay:
		wait := time.NewTimer(fault.delay())
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-cleared:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	default:
		answer(w, fault)
	}
}

func answer(w http.ResponseWriter, fault Fault) {
	if strings.HasPrefix(strings.TrimSpace(fault.Body), "{") {
		w.Header().Set("Content-Type", "application/json")
	}
	for name, value := range fault.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(cmp.Or(fault.Status, http.StatusInternalServerError))
	_, _ = io.WriteString(w, fault.Body)
}

func (f *Faults) serveControl(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		WriteJSON(w, http.StatusOK, f.Pending())
	case http.MethodPost:
		var fault Fault
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&fault); err != nil {
			http.Error(w, fmt.Sprintf("decoding the fault: %v", err), http.StatusBadRequest)
			return
		}
		if !fault.valid() {
			http.Error(w, "unknown mode or status", http.StatusBadRequest)
			return
		}
		f.Set(fault)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodDelete:
		f.Clear()
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

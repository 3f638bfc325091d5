package wire

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// WriteJSON answers with value as JSON.
func WriteJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// The caller may have gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(value)
}

// ServeLog answers GET /_sim/log with entries as a JSON array, from the index in
// the query parameter "after" on. With "wait" (a duration such as 10s) it holds
// the answer until there is at least one entry or the time is over.
func ServeLog[T any](changed *Signal, entries func() []T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		after, err := strconv.Atoi(r.URL.Query().Get("after"))
		if err != nil || after < 0 {
			after = 0
		}
		wait, err := time.ParseDuration(r.URL.Query().Get("wait"))
		if err != nil {
			wait = 0
		}
		deadline := time.NewTimer(wait)
		defer deadline.Stop()
		for {
			next := changed.Changed()
			if all := entries(); len(all) > after {
				WriteJSON(w, http.StatusOK, all[after:])
				return
			}
			select {
			case <-next:
			case <-deadline.C:
				WriteJSON(w, http.StatusOK, []T{})
				return
			case <-r.Context().Done():
				return
			}
		}
	}
}

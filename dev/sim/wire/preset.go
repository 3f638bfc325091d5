package wire

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// ErrUnknownPreset says that a simulator offers no failure of that name.
var ErrUnknownPreset = errors.New("no such failure")

// Preset is a failure that can be switched on by its name.
type Preset struct {
	// Name is in lower case with hyphens, and unique within its simulator.
	Name string
	// Does says in a sentence what happens then.
	Does string
	// Fault is set when the preset is switched on. Its Times are how often it
	// happens unless that is asked for otherwise: 0 means once, below 0 until it is
	// switched off.
	Fault Fault
	// Do is done at once, in place of setting the Fault; there is nothing to
	// switch off then.
	Do func() error
}

// Switch is a Preset as a person sees it.
type Switch struct {
	Name string `json:"name"`
	Does string `json:"does"`
	// AtOnce is true for what happens when it is switched on, and not later.
	AtOnce bool `json:"at_once,omitempty"`
	// Left is how often it will still happen: 0 is off, below 0 is until it is
	// switched off.
	Left int `json:"left"`
}

// Offer says which failures have names; a simulator calls it once, before it
// serves. Wrap then serves them at /_sim/faults: GET lists the switches, POST
// with {"name", "times"} switches one on, DELETE switches the one of the query
// parameter "name" off, or all faults without it.
func (f *Faults) Offer(presets ...Preset) {
	for i := range presets {
		presets[i].Fault.Name = presets[i].Name
	}
	f.presets = append(f.presets, presets...)
}

// SwitchOn makes the failure of that name happen the next times that it can: 0
// is the preset's own number, below 0 until it is switched off. It fails with
// ErrUnknownPreset, or with what went wrong when it was to happen at once.
func (f *Faults) SwitchOn(name string, times int) error {
	at := slices.IndexFunc(f.presets, func(p Preset) bool { return p.Name == name })
	if at < 0 {
		return fmt.Errorf("switching on %q: %w", name, ErrUnknownPreset)
	}
	preset := f.presets[at]
	if preset.Do != nil {
		if err := preset.Do(); err != nil {
			return fmt.Errorf("switching on %s: %w", name, err)
		}
		f.hit()
		return nil
	}
	fault := preset.Fault
	fault.Times = cmp.Or(times, fault.Times)
	f.Set(fault)
	return nil
}

// SwitchOff makes the failure of that name happen no more. Requests that hang
// because of it go on hanging until Clear.
func (f *Faults) SwitchOff(name string) {
	defer f.Broadcast()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = slices.DeleteFunc(f.pending, func(fault Fault) bool { return fault.Name == name })
}

// Switches lists the failures that have names, in the order they were offered.
func (f *Faults) Switches() []Switch {
	pending := f.Pending()
	switches := make([]Switch, 0, len(f.presets))
	for _, p := range f.presets {
		s := Switch{Name: p.Name, Does: p.Does, AtOnce: p.Do != nil}
		for _, fault := range pending {
			switch {
			case fault.Name != p.Name:
			case fault.Times < 0 || s.Left < 0:
				s.Left = -1
			default:
				s.Left += fault.Times
			}
		}
		switches = append(switches, s)
	}
	return switches
}

// Take reports whether the Inside fault of that name is to happen now, and uses
// up one of its times.
func (f *Faults) Take(name string) bool {
	_, ok := f.takeFirst(func(fault Fault) bool { return fault.Mode == Inside && fault.Name == name })
	if ok {
		f.hit()
	}
	return ok
}

func (f *Faults) servePresets(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		WriteJSON(w, http.StatusOK, f.Switches())
	case http.MethodPost:
		var ask struct {
			Name  string `json:"name"`
			Times int    `json:"times"`
		}
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&ask); err != nil {
			http.Error(w, fmt.Sprintf("decoding the request: %v", err), http.StatusBadRequest)
			return
		}
		switch err := f.SwitchOn(ask.Name, ask.Times); {
		case errors.Is(err, ErrUnknownPreset):
			http.Error(w, err.Error()+": GET /_sim/faults lists them", http.StatusNotFound)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	case http.MethodDelete:
		if name := r.URL.Query().Get("name"); name != "" {
			f.SwitchOff(name)
		} else {
			f.Clear()
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

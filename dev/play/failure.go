package play

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// Provider is a simulator whose failures can be switched on in the page.
type Provider struct {
	// Name is what people call it, such as WhatsApp.
	Name string
	// Faults are its switches.
	Faults *wire.Faults
}

// switches are a provider's failures as the page shows them.
type switches struct {
	Name     string        `json:"name"`
	Failures []wire.Switch `json:"failures"`
}

func (p *Page) failures() []switches {
	all := []switches{}
	for _, provider := range p.options.Providers {
		all = append(all, switches{Name: provider.Name, Failures: provider.Faults.Switches()})
	}
	return all
}

func (p *Page) listFailures(w http.ResponseWriter, _ *http.Request) {
	wire.WriteJSON(w, http.StatusOK, p.failures())
}

// switchFailure switches a failure on for as often as it is meant to happen, or
// off. Without a provider it switches everything off.
func (p *Page) switchFailure(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Provider string `json:"provider"`
		Name     string `json:"name"`
		On       bool   `json:"on"`
	}
	if !decode(w, r, &request) {
		return
	}
	if request.Provider == "" {
		for _, provider := range p.options.Providers {
			provider.Faults.Clear()
		}
		p.listFailures(w, r)
		return
	}
	at := slices.IndexFunc(p.options.Providers, func(provider Provider) bool { return provider.Name == request.Provider })
	if at < 0 {
		refuse(w, http.StatusNotFound, "There is no such provider in this stack.")
		return
	}
	faults := p.options.Providers[at].Faults
	if !request.On {
		faults.SwitchOff(request.Name)
		p.listFailures(w, r)
		return
	}
	switch err := faults.SwitchOn(request.Name, 0); {
	case errors.Is(err, wire.ErrUnknownPreset):
		refuse(w, http.StatusNotFound, "There is no such failure.")
	case err != nil:
		refuse(w, http.StatusBadGateway, sentence(err))
	default:
		p.listFailures(w, r)
	}
}

// waitsForFailures returns a function for each provider, as waits does.
func (p *Page) waitsForFailures() []func(context.Context) error {
	var all []func(context.Context) error
	for _, provider := range p.options.Providers {
		var seen string
		all = append(all, func(ctx context.Context) error {
			return provider.Faults.WaitFor(ctx, func() bool { return differs(&seen, fmt.Sprint(provider.Faults.Switches())) })
		})
	}
	return all
}

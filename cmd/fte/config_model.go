package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/ticket"
)

// maxModelTimeout leaves a fallback time to answer within one try of a step.
const maxModelTimeout = time.Minute

// fallbackOn reports whether there is a second model to ask.
func (c *Config) fallbackOn() bool { return c.FallbackBaseURL != "" || c.FallbackModel != "" }

// modelFaults finds what is wrong with the policy of asking models.
func (c *Config) modelFaults() (faults []error) {
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(c.ModelTimeout <= 0 || c.ModelTimeout > maxModelTimeout,
		"FTE_MODEL_TIMEOUT must be positive and at most %s: one try of a step lasts 90 s, and a fallback needs time too", maxModelTimeout)
	fault(c.PromptPrice < 0 || c.OutputPrice < 0 || c.FallbackPromptPrice < 0 || c.FallbackOutputPrice < 0,
		"FTE_PROMPT_PRICE, FTE_OUTPUT_PRICE, FTE_FALLBACK_PROMPT_PRICE and FTE_FALLBACK_OUTPUT_PRICE must not be negative")
	fault(c.BudgetTicket < 0 || c.BudgetCustomer < 0 || c.BudgetDay < 0 || c.CallsPerTurn < 0,
		"FTE_BUDGET_TICKET, FTE_BUDGET_CUSTOMER, FTE_BUDGET_DAY and FTE_CALLS_PER_TURN must not be negative; 0 sets no limit")
	_, known := llm.PromptNamed(c.Prompt)
	fault(!known, "FTE_PROMPT: this build has no prompt %q; it has %s", c.Prompt, llm.PromptNames())
	fault(c.FallbackKey != "" && !c.fallbackOn(),
		"the fallback model is configured by half: OPENAI_FALLBACK_API_KEY is set, neither OPENAI_FALLBACK_BASE_URL nor OPENAI_FALLBACK_MODEL is")
	if c.fallbackOn() {
		_, err := openFallback(c)
		fault(err != nil, "OPENAI_FALLBACK_BASE_URL or OPENAI_FALLBACK_MODEL: %w", err)
	}
	return faults
}

// spending returns what the model may cost.
func (c *Config) spending() activities.Spending {
	return activities.Spending{
		Ticket: c.BudgetTicket, Customer: c.BudgetCustomer, Day: c.BudgetDay, CallsPerTurn: c.CallsPerTurn,
		FallbackPromptPrice: c.FallbackPromptPrice, FallbackOutputPrice: c.FallbackOutputPrice, Prompt: c.Prompt,
	}
}

// unlimited is spending without limits, as for an evaluation: those are of live
// customers.
func (c *Config) unlimited() activities.Spending {
	s := c.spending()
	s.Ticket, s.Customer, s.Day, s.CallsPerTurn = 0, 0, 0, 0
	return s
}

// openFallback returns the model that is asked when the first fails. Another
// server never gets the key of the first.
func openFallback(c *Config) (*llm.Client, error) {
	o := llm.Options{BaseURL: c.FallbackBaseURL, APIKey: c.FallbackKey, Model: cmp.Or(c.FallbackModel, c.OpenAIModel), Timeout: c.ModelTimeout}
	o.KeySetting = "OPENAI_FALLBACK_API_KEY"
	if c.FallbackBaseURL == "" || c.FallbackBaseURL == c.OpenAIBaseURL {
		if o.Model == c.OpenAIModel {
			return nil, errors.New("the fallback is the model that has failed already; name another model or another server")
		}
		o.BaseURL = c.OpenAIBaseURL
		if c.FallbackKey == "" {
			o.APIKey, o.KeySetting = c.OpenAIKey, "OPENAI_API_KEY"
		}
	}
	return llm.New(o)
}

// openRouter returns the model and its fallback, if there is one, and shows how
// they do.
func openRouter(c *Config, primary *llm.Client, log *slog.Logger, registry prometheus.Registerer) (*llm.Router, error) {
	meter, err := newModelMeter(registry)
	if err != nil {
		return nil, err
	}
	o := llm.RouterOptions{Primary: primary, Logger: log, Meter: meter}
	if c.fallbackOn() {
		if o.Fallback, err = openFallback(c); err != nil {
			return nil, fmt.Errorf("setting up the fallback model (OPENAI_FALLBACK_ settings): %w", err)
		}
	}
	return llm.NewRouter(o), nil
}

// modelMeter shows how the models do.
type modelMeter struct {
	circuit *prometheus.GaugeVec
	asked   *prometheus.CounterVec
}

func newModelMeter(registry prometheus.Registerer) (*modelMeter, error) {
	m := &modelMeter{
		circuit: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fte_model_circuit", Help: "Whether a model is asked: 0 it is, 1 one request tries whether it can be again, 2 it is left alone.",
		}, []string{"provider"}),
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fte_model_requests_total", Help: "Requests to a model by how they ended: ok, or the class of the error.",
		}, []string{"provider", "outcome"}),
	}
	for _, c := range []prometheus.Collector{m.circuit, m.asked} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("registering the measures of the models: %w", err)
		}
	}
	return m, nil
}

// Circuit implements llm.Meter.
func (m *modelMeter) Circuit(p llm.Provider, c llm.Circuit) {
	for i, known := range llm.Circuits() {
		if c == known {
			m.circuit.WithLabelValues(string(p)).Set(float64(i))
		}
	}
}

// Asked implements llm.Meter.
func (m *modelMeter) Asked(p llm.Provider, code ticket.Code) {
	m.asked.WithLabelValues(string(p), cmp.Or(string(code), "ok")).Inc()
}

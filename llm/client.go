package llm

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	openai "github.com/sashabaranov/go-openai"
)

// Defaults of Options.
const (
	DefaultBaseURL          = "https://api.openai.com/v1"
	DefaultTimeout          = 45 * time.Second
	DefaultEmbedTimeout     = 15 * time.Second
	DefaultMaxResponseBytes = 2 << 20
)

// embedResponseFactor is how many times larger than a completion a batch of
// vectors may be: 64 vectors of 4096 numbers, each written with 22 characters,
// are 6 MB, and a model with too many dimensions must be recognisable as such.
const embedResponseFactor = 4

// Options says which server and models to use. Zero values mean the defaults.
type Options struct {
	BaseURL        string // up to and with the version, as in https://api.openai.com/v1
	APIKey         string // empty for servers without authentication
	KeySetting     string // where people set APIKey, for messages; empty is OPENAI_API_KEY
	Model          string // for Chat; may be empty if only Embed is used
	EmbeddingModel string // for Embed; may be empty if only Chat is used
	// ReasoningEffort is passed on as it is; empty leaves it out, which is what
	// models without reasoning need.
	ReasoningEffort string
	Timeout         time.Duration // of one completion, body included
	EmbedTimeout    time.Duration // of one batch of embeddings, body included
	// MaxResponseBytes bounds the body of a completion; a batch of embeddings
	// may have four times as much.
	MaxResponseBytes int64
	// Transport carries the requests; nil means a pooled one that honours the
	// proxy settings of the environment.
	Transport http.RoundTripper
}

// Client talks to one server. It is safe for concurrent use and keeps no state
// between calls.
type Client struct {
	chat           *openai.Client
	embed          *openai.Client
	model          string
	embeddingModel string
	effort         string
	keySetting     string
}

// New returns a client for the server in o, without contacting it. It reports
// every fault of o at once.
func New(o Options) (*Client, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	return &Client{
		chat:           o.connect(o.Timeout, o.MaxResponseBytes),
		embed:          o.connect(o.EmbedTimeout, embedResponseFactor*o.MaxResponseBytes),
		model:          o.Model,
		embeddingModel: o.EmbeddingModel,
		effort:         o.ReasoningEffort,
		keySetting:     cmp.Or(o.KeySetting, "OPENAI_API_KEY"),
	}, nil
}

// Model returns the name of the model that Chat asks.
func (c *Client) Model() string { return c.model }

// EmbeddingModel returns the name of the model that Embed asks. Vectors of
// different models must never be compared.
func (c *Client) EmbeddingModel() string { return c.embeddingModel }

func (o Options) withDefaults() Options {
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.EmbedTimeout == 0 {
		o.EmbedTimeout = DefaultEmbedTimeout
	}
	if o.MaxResponseBytes == 0 {
		o.MaxResponseBytes = DefaultMaxResponseBytes
	}
	if o.Transport == nil {
		o.Transport = pooledTransport()
	}
	return o
}

func (o Options) validate() error {
	var faults []error
	u, err := url.Parse(o.BaseURL)
	switch {
	case err != nil:
		faults = append(faults, errors.New("the base URL cannot be parsed"))
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		faults = append(faults, errors.New("the base URL must begin with http:// or https:// and a host"))
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		faults = append(faults, errors.New("the base URL must have no user, query or fragment"))
	}
	if o.Model == "" && o.EmbeddingModel == "" {
		faults = append(faults, errors.New("neither a model nor an embedding model is named"))
	}
	if o.Timeout < 0 || o.EmbedTimeout < 0 {
		faults = append(faults, errors.New("a timeout is negative"))
	}
	if o.MaxResponseBytes < 0 {
		faults = append(faults, errors.New("the limit of a response is negative"))
	}
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("model client options: %w", errors.Join(faults...))
}

func (o Options) connect(timeout time.Duration, maxBody int64) *openai.Client {
	cfg := openai.DefaultConfig(o.APIKey)
	cfg.BaseURL = o.BaseURL
	cfg.HTTPClient = &http.Client{
		Timeout:       timeout,
		Transport:     boundedTransport{next: o.Transport, max: maxBody},
		CheckRedirect: refuseRedirect,
	}
	return openai.NewClientWithConfig(cfg)
}

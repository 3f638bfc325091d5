package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sethvargo/go-envconfig"

	"github.com/digital-fte/fte/ticket"
)

// Config is every setting of the service. Secrets can also be given as
// NAME_FILE, the path of a file that holds the value.
type Config struct {
	DatabaseURL  string   `env:"DATABASE_URL"`
	KafkaBrokers []string `env:"KAFKA_BROKERS"`

	// KafkaSession is after how much silence a consumer counts as dead.
	KafkaSession time.Duration `env:"FTE_KAFKA_SESSION, default=30s"`

	HTTPAddr       string        `env:"HTTP_ADDR, default=:8080"`
	MetricsAddr    string        `env:"METRICS_ADDR, default=:9090"`
	PublicBaseURL  string        `env:"PUBLIC_BASE_URL"`
	TrustedProxies []string      `env:"FTE_TRUSTED_PROXIES"`
	DrainDelay     time.Duration `env:"FTE_DRAIN_DELAY, default=0s"`
	SecretKey      string        `env:"FTE_SECRET_KEY"`

	OpenAIKey            string        `env:"OPENAI_API_KEY"`
	OpenAIBaseURL        string        `env:"OPENAI_BASE_URL"`
	OpenAIModel          string        `env:"OPENAI_MODEL, default=gpt-4.1-mini"`
	OpenAIEmbeddingModel string        `env:"OPENAI_EMBEDDING_MODEL, default=text-embedding-3-small"`
	ModelTimeout         time.Duration `env:"FTE_MODEL_TIMEOUT, default=45s"`
	PromptPrice          float64       `env:"FTE_PROMPT_PRICE, default=0.4"`
	OutputPrice          float64       `env:"FTE_OUTPUT_PRICE, default=1.6"`

	TwilioAccountSID   string   `env:"TWILIO_ACCOUNT_SID"`
	TwilioAuthTokens   []string `env:"TWILIO_AUTH_TOKEN"`
	TwilioWhatsAppFrom string   `env:"TWILIO_WHATSAPP_FROM"`
	TwilioBaseURL      string   `env:"TWILIO_BASE_URL"`

	GmailMailbox       string `env:"GMAIL_MAILBOX"`
	GoogleCredentials  string `env:"GOOGLE_APPLICATION_CREDENTIALS"`
	GmailEndpoint      string `env:"GMAIL_ENDPOINT"`
	PubSubTopic        string `env:"GMAIL_PUBSUB_TOPIC"`
	PubSubSubscription string `env:"GMAIL_PUBSUB_SUBSCRIPTION"`
	PubSubAudience     string `env:"GMAIL_PUBSUB_AUDIENCE"`
	PubSubServiceAcct  string `env:"GMAIL_PUBSUB_SERVICE_ACCOUNT"`
	GoogleCertsURL     string `env:"GOOGLE_CERTS_URL"`
	StaffAlertWebhook  string `env:"STAFF_ALERT_WEBHOOK"`

	Company     string        `env:"FTE_COMPANY, default=Customer Support"`
	CloseAfter  time.Duration `env:"FTE_CLOSE_AFTER, default=72h"`
	FirstCheck  time.Duration `env:"FTE_SEND_FIRST_CHECK, default=15s"`
	SecondCheck time.Duration `env:"FTE_SEND_SECOND_CHECK, default=45s"`
	LogLevel    string        `env:"FTE_LOG_LEVEL, default=info"`
	LogFormat   string        `env:"FTE_LOG_FORMAT, default=json"`

	secrets ticket.Secrets
}

// part is something a command needs, so that only its settings are demanded.
type part int

const (
	needDatabase part = iota
	needKafka
	needPublicURL
	needSecret
	needModel
)

// loadConfig reads the settings and checks those that the command needs. All
// faults are reported at once.
func loadConfig(ctx context.Context, lookuper envconfig.Lookuper, needs ...part) (*Config, error) {
	var c Config
	files := &fileLookuper{next: lookuper}
	err := envconfig.ProcessWith(ctx, &envconfig.Config{Target: &c, Lookuper: files})
	faults := files.faults
	if err != nil {
		faults = append(faults, err)
	}
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	for _, need := range needs {
		switch need {
		case needDatabase:
			fault(c.DatabaseURL == "", "DATABASE_URL is not set (postgres://user:password@host:5432/name)")
		case needKafka:
			fault(len(c.KafkaBrokers) == 0, "KAFKA_BROKERS is not set (host:9092, several separated by commas)")
			for _, b := range c.KafkaBrokers {
				_, _, err := net.SplitHostPort(b)
				fault(err != nil, "KAFKA_BROKERS: %q is not host:port", b)
			}
		case needPublicURL:
			u, err := url.Parse(c.PublicBaseURL)
			fault(err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"),
				"PUBLIC_BASE_URL must be the http or https address under which customers and providers reach the gateway")
		case needSecret:
			c.secrets, err = ticket.ParseSecrets(c.SecretKey)
			fault(err != nil, "FTE_SECRET_KEY: %v; make one with `openssl rand -base64 32`", err)
		case needModel:
			fault(c.OpenAIKey == "" && c.OpenAIBaseURL == "", "OPENAI_API_KEY is not set (or OPENAI_BASE_URL, for a server that needs none)")
		}
	}
	faults = append(faults, c.channelFaults()...)
	fault(c.LogFormat != "json" && c.LogFormat != "text", "FTE_LOG_FORMAT is %q, not json or text", c.LogFormat)
	fault(c.CloseAfter <= 0, "FTE_CLOSE_AFTER must be positive")
	fault(c.SecondCheck < c.FirstCheck, "FTE_SEND_SECOND_CHECK must not be before FTE_SEND_FIRST_CHECK")
	if len(faults) > 0 {
		return nil, fmt.Errorf("the settings have %d fault(s):\n%w", len(faults), errors.Join(faults...))
	}
	return &c, nil
}

// channelFaults finds channels that are configured by half: an operator who
// set one of the settings meant the channel to be on.
func (c *Config) channelFaults() []error {
	var faults []error
	half := func(channel string, settings ...[2]string) {
		var have, miss []string
		for _, s := range settings {
			if s[1] == "" {
				miss = append(miss, s[0])
			} else {
				have = append(have, s[0])
			}
		}
		if len(have) > 0 && len(miss) > 0 {
			faults = append(faults, fmt.Errorf("%s is configured by half: %s is set, %s is not", channel, strings.Join(have, ", "), strings.Join(miss, ", ")))
		}
	}
	half("WhatsApp", [2]string{"TWILIO_ACCOUNT_SID", c.TwilioAccountSID},
		[2]string{"TWILIO_AUTH_TOKEN", strings.Join(c.TwilioAuthTokens, "")}, [2]string{"TWILIO_WHATSAPP_FROM", c.TwilioWhatsAppFrom})
	if c.GmailMailbox != "" || c.PubSubAudience != "" || c.PubSubTopic != "" {
		half("Email", [2]string{"GMAIL_MAILBOX", c.GmailMailbox}, [2]string{"GOOGLE_APPLICATION_CREDENTIALS", c.GoogleCredentials})
	}
	half("Gmail push", [2]string{"GMAIL_PUBSUB_AUDIENCE", c.PubSubAudience}, [2]string{"GMAIL_PUBSUB_SERVICE_ACCOUNT", c.PubSubServiceAcct})
	return faults
}

func (c *Config) whatsAppOn() bool { return c.TwilioAccountSID != "" }
func (c *Config) emailOn() bool    { return c.GmailMailbox != "" }
func (c *Config) pushOn() bool     { return c.emailOn() && c.PubSubAudience != "" }

// fileLookuper answers NAME from the file that NAME_FILE names.
type fileLookuper struct {
	next   envconfig.Lookuper
	faults []error
}

// Lookup returns the value of a setting.
func (l *fileLookuper) Lookup(key string) (string, bool) {
	if value, ok := l.next.Lookup(key); ok && value != "" {
		return value, true
	}
	path, ok := l.next.Lookup(key + "_FILE")
	if !ok || path == "" {
		return "", false
	}
	body, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		l.faults = append(l.faults, fmt.Errorf("reading %s_FILE: %w", key, err))
		return "", false
	}
	return strings.TrimSpace(string(body)), true
}

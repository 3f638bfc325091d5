package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sethvargo/go-envconfig"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/gateway"
	"github.com/digital-fte/fte/mcp"
	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/triage"
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
	EmbedOrigins   []string      `env:"FTE_EMBED_ORIGINS"`
	DrainDelay     time.Duration `env:"FTE_DRAIN_DELAY, default=0s"`
	SecretKey      string        `env:"FTE_SECRET_KEY"`

	OpenAIKey            string        `env:"OPENAI_API_KEY"`
	OpenAIBaseURL        string        `env:"OPENAI_BASE_URL"`
	OpenAIModel          string        `env:"OPENAI_MODEL, default=gpt-4.1-mini"`
	OpenAIEmbeddingModel string        `env:"OPENAI_EMBEDDING_MODEL, default=text-embedding-3-small"`
	ModelTimeout         time.Duration `env:"FTE_MODEL_TIMEOUT, default=45s"`
	PromptPrice          float64       `env:"FTE_PROMPT_PRICE, default=0.4"`
	OutputPrice          float64       `env:"FTE_OUTPUT_PRICE, default=1.6"`
	Prompt               string        `env:"FTE_PROMPT"`

	// What is asked when the model fails.
	FallbackBaseURL     string  `env:"OPENAI_FALLBACK_BASE_URL"`
	FallbackKey         string  `env:"OPENAI_FALLBACK_API_KEY"`
	FallbackModel       string  `env:"OPENAI_FALLBACK_MODEL"`
	FallbackPromptPrice float64 `env:"FTE_FALLBACK_PROMPT_PRICE, default=0.4"`
	FallbackOutputPrice float64 `env:"FTE_FALLBACK_OUTPUT_PRICE, default=1.6"`

	// What the model may cost in US dollars, the latter two within 24 hours, and
	// how often it is asked for one answer; zero sets no limit.
	BudgetTicket   float64 `env:"FTE_BUDGET_TICKET, default=1"`
	BudgetCustomer float64 `env:"FTE_BUDGET_CUSTOMER, default=5"`
	BudgetDay      float64 `env:"FTE_BUDGET_DAY, default=100"`
	CallsPerTurn   int     `env:"FTE_CALLS_PER_TURN, default=8"`

	TwilioAccountSID   string   `env:"TWILIO_ACCOUNT_SID"`
	TwilioAuthTokens   []string `env:"TWILIO_AUTH_TOKEN"`
	TwilioWhatsAppFrom string   `env:"TWILIO_WHATSAPP_FROM"`
	TwilioBaseURL      string   `env:"TWILIO_BASE_URL"`
	TwilioTemplateSID  string   `env:"TWILIO_TEMPLATE_SID"`

	GmailMailbox       string `env:"GMAIL_MAILBOX"`
	GoogleCredentials  string `env:"GOOGLE_APPLICATION_CREDENTIALS"`
	GmailEndpoint      string `env:"GMAIL_ENDPOINT"`
	PubSubTopic        string `env:"GMAIL_PUBSUB_TOPIC"`
	PubSubSubscription string `env:"GMAIL_PUBSUB_SUBSCRIPTION"`
	PubSubAudience     string `env:"GMAIL_PUBSUB_AUDIENCE"`
	PubSubServiceAcct  string `env:"GMAIL_PUBSUB_SERVICE_ACCOUNT"`
	GoogleCertsURL     string `env:"GOOGLE_CERTS_URL"`
	StaffAlertWebhook  string `env:"STAFF_ALERT_WEBHOOK"`
	StaffAlertEmail    string `env:"STAFF_ALERT_EMAIL"`
	TemporalUI         string `env:"TEMPORAL_UI_URL"`

	// Who of the staff has which token, and whose `fte mcp` uses on standard input.
	StaffTokens []string `env:"STAFF_TOKENS"`
	MCPToken    string   `env:"FTE_MCP_TOKEN"`

	// The build that this worker is of, which the Temporal Worker Controller
	// sets. Both or neither: without them workers are unversioned.
	DeploymentName string `env:"TEMPORAL_DEPLOYMENT_NAME"`
	WorkerBuildID  string `env:"TEMPORAL_WORKER_BUILD_ID"`

	Company     string        `env:"FTE_COMPANY, default=Customer Support"`
	FirstCheck  time.Duration `env:"FTE_SEND_FIRST_CHECK, default=15s"`
	SecondCheck time.Duration `env:"FTE_SEND_SECOND_CHECK, default=45s"`
	// Addresses of ours whose mail reaches GmailMailbox.
	MailGroups []string `env:"FTE_MAIL_GROUPS"`
	// NumberLapse is after how much silence a phone number may belong to somebody else.
	NumberLapse time.Duration `env:"FTE_NUMBER_LAPSE, default=4320h"`
	// How many messages a customer may write in a minute before they are answered
	// together, and how many automatic mails go to one address in an hour and for
	// one ticket before a person looks; zero sets no limit.
	Allowance      int `env:"FTE_MESSAGES_PER_MINUTE, default=5"`
	MailsPerHour   int `env:"FTE_MAILS_PER_HOUR, default=5"`
	MailsPerTicket int `env:"FTE_MAILS_PER_TICKET, default=10"`
	// Confidence is below which confidence of its answer the assistant asks or
	// leaves the matter to a person, by category.
	Confidence string `env:"FTE_CONFIDENCE, default=0.6,billing=0.7"`
	// TriageRules is a file of rules that are read beside those of the program.
	TriageRules string `env:"FTE_TRIAGE_RULES"`

	LogLevel  string `env:"FTE_LOG_LEVEL, default=info"`
	LogFormat string `env:"FTE_LOG_FORMAT, default=json"`

	// StaleAfter is after how long without a change an article is marked.
	StaleAfter time.Duration `env:"FTE_KB_STALE_AFTER, default=8760h"`

	// What is promised to customers, and when people work.
	BusinessHours    string        `env:"FTE_BUSINESS_HOURS, default=mon-fri 09:00-17:00"`
	TimeZone         string        `env:"FTE_TIME_ZONE, default=UTC"`
	Holidays         []string      `env:"FTE_HOLIDAYS"`
	Targets          string        `env:"FTE_SLA"`
	PersonResponse   time.Duration `env:"FTE_PERSON_RESPONSE, default=2h"`
	AcknowledgeAfter time.Duration `env:"FTE_ACKNOWLEDGE_AFTER, default=15m"`
	SecondLevelAfter time.Duration `env:"FTE_SECOND_LEVEL_AFTER, default=30m"`
	AutoReleaseAfter time.Duration `env:"FTE_AUTO_RELEASE_AFTER, default=4h"`
	UnresolvedAfter  time.Duration `env:"FTE_UNRESOLVED_AFTER, default=24h"`
	CloseAfter       time.Duration `env:"FTE_CLOSE_AFTER, default=72h"`
	Retention        time.Duration `env:"FTE_RETENTION, default=720h"`

	secrets     ticket.Secrets
	staffTokens mcp.Tokens
	promises    sla.Policy
	// confidence is Confidence, read.
	confidence activities.Thresholds
	// rules are TriageRules, read, beside those of the program.
	rules *triage.Rules
}

// demand is something a command needs, so that only its settings are asked for.
type demand int

const (
	needDatabase demand = iota
	needKafka
	needPublicURL
	needSecret
	needModel
)

// loadConfig reads the settings and checks those that the command needs. All
// faults are reported at once, each by the name of its setting, and none of
// them repeats a secret.
func loadConfig(ctx context.Context, lookuper envconfig.Lookuper, needs ...demand) (*Config, error) {
	c, faults := examineConfig(ctx, lookuper, needs...)
	if len(faults) > 0 {
		return nil, fmt.Errorf("the settings have %d fault(s):\n%w", len(faults), errors.Join(faults...))
	}
	return c, nil
}

// examineConfig is loadConfig for who wants to see the settings whatever is
// wrong with them.
func examineConfig(ctx context.Context, lookuper envconfig.Lookuper, needs ...demand) (*Config, []error) {
	c, faults := readConfig(ctx, lookuper)
	for _, need := range slices.Compact(slices.Sorted(slices.Values(needs))) {
		faults = append(faults, c.missing(need)...)
	}
	faults = append(faults, c.channelFaults()...)
	faults = append(faults, c.policyFaults()...)
	return c, append(faults, c.promiseFaults()...)
}

// missing finds what is wrong with the settings of a part that is needed.
func (c *Config) missing(need demand) (faults []error) {
	switch need {
	case needDatabase:
		if c.DatabaseURL == "" {
			return []error{errors.New("DATABASE_URL is not set (postgres://user:password@host:5432/name)")}
		}
	case needKafka:
		if len(c.KafkaBrokers) == 0 {
			return []error{errors.New("KAFKA_BROKERS is not set (host:9092, several separated by commas)")}
		}
		for _, b := range c.KafkaBrokers {
			if _, _, err := net.SplitHostPort(b); err != nil {
				faults = append(faults, fmt.Errorf("KAFKA_BROKERS: %q is not host:port", b))
			}
		}
	case needPublicURL:
		const wanted = "the http or https address under which customers and providers reach the gateway"
		if c.PublicBaseURL == "" {
			return []error{errors.New("PUBLIC_BASE_URL is not set (" + wanted + ")")}
		}
		if !isHTTP(c.PublicBaseURL) {
			return []error{errors.New("PUBLIC_BASE_URL is not " + wanted)}
		}
	case needSecret:
		if c.SecretKey == "" {
			return []error{errors.New("FTE_SECRET_KEY is not set; make one with `openssl rand -base64 32`")}
		}
		var err error
		if c.secrets, err = ticket.ParseSecrets(c.SecretKey); err != nil {
			return []error{fmt.Errorf("FTE_SECRET_KEY: %w; make one with `openssl rand -base64 32`", err)}
		}
	case needModel:
		if c.OpenAIKey == "" && c.OpenAIBaseURL == "" {
			return []error{errors.New("OPENAI_API_KEY is not set (or OPENAI_BASE_URL, for a server that needs none)")}
		}
		if _, err := openModel(c); err != nil {
			return []error{fmt.Errorf("OPENAI_BASE_URL or OPENAI_MODEL: %w", err)}
		}
	}
	return faults
}

func isHTTP(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

func isMail(address string) bool {
	a, err := mail.ParseAddress(address)
	return err == nil && a.Address == address
}

// channelFaults finds channels that are configured by half: an operator who
// set one of the settings meant the channel to be on.
func (c *Config) channelFaults() (faults []error) {
	half := func(channel string, settings ...[2]string) (complete bool) {
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
		return len(miss) == 0
	}
	if half("WhatsApp", [2]string{"TWILIO_ACCOUNT_SID", c.TwilioAccountSID},
		[2]string{"TWILIO_AUTH_TOKEN", strings.Join(c.TwilioAuthTokens, "")}, [2]string{"TWILIO_WHATSAPP_FROM", c.TwilioWhatsAppFrom}) {
		if _, err := openWhatsApp(c); err != nil {
			faults = append(faults, fmt.Errorf("the TWILIO_ settings of WhatsApp: %w", err))
		}
	}
	// Other programs of the machine may have set the credentials.
	if c.GmailMailbox != "" || c.PubSubAudience != "" || c.PubSubTopic != "" {
		settings := [][2]string{{"GMAIL_MAILBOX", c.GmailMailbox}, {"GOOGLE_APPLICATION_CREDENTIALS", c.GoogleCredentials}}
		for _, s := range [][2]string{{"GMAIL_PUBSUB_TOPIC", c.PubSubTopic}, {"GMAIL_PUBSUB_AUDIENCE", c.PubSubAudience}} {
			if s[1] != "" {
				settings = append(settings, s)
			}
		}
		half("Email", settings...)
	}
	half("Gmail push", [2]string{"GMAIL_PUBSUB_AUDIENCE", c.PubSubAudience}, [2]string{"GMAIL_PUBSUB_SERVICE_ACCOUNT", c.PubSubServiceAcct})
	return faults
}

// policyFaults finds settings that can be read but make no sense.
func (c *Config) policyFaults() (faults []error) {
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	var level slog.Level
	fault(level.UnmarshalText([]byte(c.LogLevel)) != nil, "FTE_LOG_LEVEL is %q, not debug, info, warn or error", c.LogLevel)
	fault(c.LogFormat != "json" && c.LogFormat != "text", "FTE_LOG_FORMAT is %q, not json or text", c.LogFormat)
	if err := c.readStaffTokens(); err != nil {
		faults = append(faults, err)
	}
	fault(c.KafkaSession < time.Second, "FTE_KAFKA_SESSION must be a second or more")
	fault((c.DeploymentName == "") != (c.WorkerBuildID == ""), "TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID belong together: one is set, the other is not")
	fault(c.DrainDelay < 0, "FTE_DRAIN_DELAY must not be negative")
	faults = append(faults, c.modelFaults()...)
	fault(c.FirstCheck <= 0, "FTE_SEND_FIRST_CHECK must be positive")
	fault(c.SecondCheck < c.FirstCheck, "FTE_SEND_SECOND_CHECK must not be before FTE_SEND_FIRST_CHECK")
	fault(c.Allowance < 0 || c.MailsPerHour < 0 || c.MailsPerTicket < 0,
		"FTE_MESSAGES_PER_MINUTE, FTE_MAILS_PER_HOUR and FTE_MAILS_PER_TICKET must not be negative; 0 sets no limit")
	fault(c.StaffAlertWebhook != "" && !isHTTP(c.StaffAlertWebhook), "STAFF_ALERT_WEBHOOK is not an http or https address")
	fault(c.TemporalUI != "" && !isHTTP(c.TemporalUI), "TEMPORAL_UI_URL is not an http or https address")
	var err error
	c.confidence, err = activities.ParseThresholds(c.Confidence)
	fault(err != nil, "FTE_CONFIDENCE: %w", err)
	c.rules, err = readRules(c.TriageRules)
	fault(err != nil, "FTE_TRIAGE_RULES: %w", err)
	fault(c.NumberLapse < 24*time.Hour, "FTE_NUMBER_LAPSE must be 24h or more: a customer who writes again the next day is the same")
	fault(c.StaleAfter <= 0, "FTE_KB_STALE_AFTER must be positive")
	fault(c.Retention < 7*24*time.Hour, "FTE_RETENTION must be 168h or more: what Kafka still holds may come again")
	for _, origin := range c.EmbedOrigins {
		fault(!gateway.ValidOrigin(origin), "FTE_EMBED_ORIGINS: %q is not the origin of a site, such as https://www.example.com (no path, no final slash, no *)", origin)
	}
	fault(c.StaffAlertEmail != "" && !isMail(c.StaffAlertEmail), "STAFF_ALERT_EMAIL is not one mail address, such as team@example.com")
	return faults
}

func (c *Config) whatsAppOn() bool { return c.TwilioAccountSID != "" }
func (c *Config) emailOn() bool    { return c.GmailMailbox != "" }
func (c *Config) pushOn() bool     { return c.emailOn() && c.PubSubAudience != "" }

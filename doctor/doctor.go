package doctor

import (
	"context"
	"net/http"
	"slices"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/schema"
)

// Doctor knows how to reach everything. What is not configured is zero; what
// cannot be used because its settings are wrong is zero too, and Faults say why.
type Doctor struct {
	Faults  []error  // what is wrong with the settings, each naming its own
	Resting []string // what is off, and why

	DatabaseURL string
	DB          *schema.DB
	Brokers     []string

	Temporal        client.Client
	TemporalAddress string
	Namespace       string

	Mailbox string                                    // empty: the channel is off
	Push    bool                                      // whether Gmail is meant to push changes
	Address func(ctx context.Context) (string, error) // of the mailbox the credentials open

	WhatsApp   bool                            // whether the channel is meant to be on
	Number     string                          // ours, E.164
	Messages   func(ctx context.Context) error // lists messages at Twilio
	TemplateID string

	Model          string
	Fallback       string // asked when Model fails; empty: there is none
	EmbeddingModel string
	Ask            func(ctx context.Context) error // one completion
	AskFallback    func(ctx context.Context) error // the same of Fallback
	Embed          func(ctx context.Context) error // one embedding

	PublicURL string
	HTTP      *http.Client

	// SecondLook is how long after the first a second look is taken at a consumer
	// group that has something before it; 1.5 s when zero.
	SecondLook time.Duration
}

// Checks returns every check, in the order in which people read them.
func (d *Doctor) Checks() []Check {
	return slices.Concat(d.settingChecks(), d.databaseChecks(), d.kafkaChecks(), d.temporalChecks(),
		d.emailChecks(), d.whatsAppChecks(), d.modelChecks(), d.webChecks(), d.deskChecks())
}

package play

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
)

// delivery is what is known of bringing a customer's message to the service.
type delivery struct {
	SID string `json:"sid"`
	// Name is the profile name of who wrote it.
	Name string `json:"name"`
	// Delivered is how often the webhook was answered with 2xx.
	Delivered int `json:"delivered"`
	// Refused is the last answer that was none, or was not 2xx.
	Refused string `json:"refused,omitempty"`
	// Lost says that no webhook was posted, on purpose.
	Lost bool `json:"lost,omitempty"`
}

// chats delivers what customers write on WhatsApp. Whoever writes does not wait
// for it, as with a real phone.
type chats struct {
	sim     *twilio.Server
	journal *wire.Journal[delivery]
	changed wire.Signal

	// life ends the deliveries under way.
	life   context.Context //nolint:containedctx // it lives as long as the struct
	end    context.CancelFunc
	active sync.WaitGroup

	mu         sync.Mutex
	deliveries map[string]delivery
	changes    int
}

func newChats(sim *twilio.Server, stateFile string) (*chats, error) {
	c := &chats{sim: sim, deliveries: map[string]delivery{}}
	journal, err := wire.OpenJournal(stateFile, func(d delivery) { c.deliveries[d.SID] = d })
	if err != nil {
		return nil, err
	}
	c.journal = journal
	c.life, c.end = context.WithCancel(context.Background())
	if sim == nil {
		return c, nil
	}
	for _, m := range sim.Messages() {
		// Those that were begun before write what comes of them already.
		if d := c.of(m.SID); m.Direction == twilio.DirectionInbound && d.Delivered == 0 && !d.Lost {
			c.deliver(m.From, m.Body, twilio.InboundOptions{SID: m.SID, ProfileName: d.Name})
		}
	}
	return c, nil
}

func (c *chats) close() error {
	c.end()
	c.active.Wait()
	return c.journal.Close()
}

// deliver brings a message to the service in the background.
func (c *chats) deliver(from, text string, options twilio.InboundOptions) {
	c.active.Go(func() {
		receipt, err := c.sim.Inbound(c.life, from, text, options)
		c.update(options.SID, func(d *delivery) {
			d.Refused, d.Lost = "", receipt.Lost
			if err != nil {
				d.Refused = err.Error()
			}
			for _, status := range receipt.Statuses {
				if status/100 == 2 {
					d.Delivered++
				}
			}
		})
	})
}

// update changes what is known of a delivery.
func (c *chats) update(sid string, change func(*delivery)) {
	c.mu.Lock()
	d := c.deliveries[sid]
	d.SID = sid
	change(&d)
	c.deliveries[sid] = d
	c.changes++
	// A delivery that is forgotten is made again after a restart: at least once.
	_ = c.journal.Append(d)
	c.mu.Unlock()
	c.changed.Broadcast()
}

func (c *chats) of(sid string) delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deliveries[sid]
}

// mark is different after every change.
func (c *chats) mark() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.changes)
}

// chatMark is different after every change of the messages.
func chatMark(messages []twilio.Message) string {
	var last time.Time
	for _, m := range messages {
		if m.Updated.After(last) {
			last = m.Updated
		}
	}
	return fmt.Sprint(len(messages), last.UnixNano())
}

var number = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// maxChat is the longest text WhatsApp lets a person write.
const maxChat = 4096

func (p *Page) sendWhatsApp(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Number string `json:"number"`
		Name   string `json:"name"`
		Text   string `json:"text"`
	}
	if !decode(w, r, &request) {
		return
	}
	from := strings.NewReplacer(" ", "", "-", "", "/", "", "(", "", ")", "").Replace(request.Number)
	text := strings.TrimSpace(request.Text)
	switch {
	case p.options.WhatsApp == nil:
		refuse(w, http.StatusConflict, "WhatsApp is not simulated in this stack.")
		return
	case !number.MatchString(from):
		refuse(w, http.StatusUnprocessableEntity, "The number must be international, such as +49 171 3920011.")
		return
	case text == "" || len([]rune(text)) > maxChat:
		refuse(w, http.StatusUnprocessableEntity, fmt.Sprintf("The message must have between 1 and %d characters.", maxChat))
		return
	}
	sid := newSID()
	p.chats.update(sid, func(d *delivery) { d.Name = request.Name })
	p.chats.deliver(from, text, twilio.InboundOptions{SID: sid, ProfileName: request.Name})
	wire.WriteJSON(w, http.StatusAccepted, map[string]string{"id": sid, "conversation": chatID(from)})
}

// maxRepeat is how many deliveries of one message are made at once at most.
const maxRepeat = 20

// repeatWhatsApp delivers a message's webhook again, as Twilio may at any time.
func (p *Page) repeatWhatsApp(w http.ResponseWriter, r *http.Request) {
	var request struct {
		ID    string `json:"id"`
		Times int    `json:"times"`
	}
	if !decode(w, r, &request) {
		return
	}
	if request.Times < 1 || request.Times > maxRepeat {
		refuse(w, http.StatusUnprocessableEntity, fmt.Sprintf("A webhook is repeated between 1 and %d times.", maxRepeat))
		return
	}
	if p.options.WhatsApp != nil {
		for _, m := range p.options.WhatsApp.Messages() {
			if m.SID == request.ID && m.Direction == twilio.DirectionInbound {
				p.chats.deliver(m.From, m.Body, twilio.InboundOptions{
					SID: m.SID, ProfileName: p.chats.of(m.SID).Name, Repeat: request.Times,
				})
				wire.WriteJSON(w, http.StatusAccepted, map[string]string{"id": m.SID})
				return
			}
		}
	}
	refuse(w, http.StatusNotFound, "There is no such message of a customer.")
}

// newSID returns the id of a message as Twilio writes them.
func newSID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return "SM" + hex.EncodeToString(id)
}

// chatID identifies a conversation on WhatsApp.
func chatID(number string) string { return "whatsapp:" + strings.TrimPrefix(number, "whatsapp:") }

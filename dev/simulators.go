package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/dev/play"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/pubsub"
	"github.com/digital-fte/fte/dev/sim/twilio"
)

// The preferred ports of what the stack serves itself.
const (
	playPort   = 8025
	openaiPort = 8026
	twilioPort = 8027
	gmailPort  = 8028
	pubsubPort = 8029
	shopPort   = 8030
)

// The made-up accounts at the simulated providers.
const (
	whatsappFrom = "whatsapp:+14155238886"
	twilioSID    = "ACf17e0000000000000000000000000000"
	twilioToken  = "0123456789abcdef0123456789abcdef"
	mailbox      = "support@firnwacht.example"
	pushAccount  = "gmail-push@fte-dev.iam.gserviceaccount.com"
	pushTopic    = "projects/fte-dev/topics/gmail"
	subscription = "projects/fte-dev/subscriptions/gmail"
)

// simulators speak the providers' protocols.
func (s *stack) simulators() []component {
	return []component{
		{name: "OpenAI, simulated", replacedBy: []string{"OPENAI_API_KEY", "OPENAI_BASE_URL"}, start: s.startOpenAI},
		{name: "Twilio, simulated", replacedBy: []string{"TWILIO_ACCOUNT_SID"}, start: s.startTwilio},
		{name: "Gmail, simulated", replacedBy: []string{"GMAIL_MAILBOX", "GOOGLE_APPLICATION_CREDENTIALS"}, start: s.startGmail},
		{name: "Another site with the form", replacedBy: []string{"FTE_EMBED_ORIGINS"}, start: s.startShop},
	}
}

func (s *stack) startOpenAI(ctx context.Context) (*running, error) {
	// Requests hold whole conversations; nobody reads them here.
	sim, err := openai.New(openai.Options{Brief: true})
	if err != nil {
		return nil, err
	}
	site, err := s.serve(ctx, "openai", openaiPort, sim)
	if err != nil {
		return nil, errors.Join(err, sim.Close())
	}
	s.addProviders(play.Provider{Name: "Model", Faults: sim.Faults()})
	return &running{
		detail: site.url,
		settings: settings{
			"OPENAI_API_KEY": "simulated", "OPENAI_BASE_URL": site.url + "/v1",
			// Names of their own: what was embedded here must not be searched with
			// vectors of a real model.
			"OPENAI_MODEL": "simulated-chat", "OPENAI_EMBEDDING_MODEL": "simulated-embeddings",
		},
		stop: site.stopWith(sim.Close),
	}, nil
}

func (s *stack) startTwilio(ctx context.Context) (*running, error) {
	sim, err := twilio.New(twilio.Options{
		AccountSID: twilioSID, AuthToken: twilioToken, From: whatsappFrom,
		WebhookURL: s.publicURL + "/webhooks/whatsapp", WebhookTarget: s.gatewayURL,
		// Longer than any restart of the gateway takes.
		RetryFor: 10 * time.Minute, EnforceWindow: true,
		StateFile: s.kept("twilio.jsonl"), Logger: s.partLog("twilio"),
	})
	if err != nil {
		return nil, err
	}
	site, err := s.serve(ctx, "twilio", twilioPort, sim)
	if err != nil {
		return nil, errors.Join(err, sim.Close())
	}
	s.whatsapp = sim
	s.addProviders(play.Provider{Name: "WhatsApp", Faults: sim.Faults()})
	return &running{
		detail: site.url,
		settings: settings{
			"TWILIO_ACCOUNT_SID": twilioSID, "TWILIO_AUTH_TOKEN": twilioToken,
			"TWILIO_WHATSAPP_FROM": whatsappFrom, "TWILIO_BASE_URL": site.url,
		},
		stop: site.stopWith(sim.Close),
	}, nil
}

// startGmail starts the mailbox and the subscription that tells of its changes.
func (s *stack) startGmail(ctx context.Context) (_ *running, err error) {
	webhook := s.gatewayURL + "/webhooks/gmail"
	audience := s.publicURL + "/webhooks/gmail"
	push, err := pubsub.New(pubsub.Options{
		WebhookURL: webhook, Audience: audience, Subscription: subscription, ServiceAccount: pushAccount,
		StateFile: s.kept("pubsub.jsonl"), Logger: s.partLog("pubsub"),
	})
	if err != nil {
		return nil, err
	}
	pushSite, err := s.serve(ctx, "pubsub", pubsubPort, push)
	if err != nil {
		return nil, errors.Join(err, push.Close())
	}
	stopPush := pushSite.stopWith(push.Close)
	sim, err := gmail.New(gmail.Options{
		Mailboxes: []string{mailbox}, StateFile: s.kept("gmail.jsonl"),
		OnChange: func(ctx context.Context, mailbox string, historyID uint64) {
			// The simulator logs each refusal and tries again until ctx ends.
			_ = push.Push(ctx, mailbox, historyID)
		},
	})
	if err != nil {
		return nil, errors.Join(err, stopPush(ctx))
	}
	site, err := s.serve(ctx, "gmail", gmailPort, sim)
	if err != nil {
		return nil, errors.Join(err, sim.Close(), stopPush(ctx))
	}
	sim.SetBaseURL(site.url)
	stop := func(ctx context.Context) error { return errors.Join(site.stopWith(sim.Close)(ctx), stopPush(ctx)) }
	credentials, err := sim.ServiceAccountJSON()
	file := s.kept("gmail-credentials.json")
	if err == nil {
		err = writeSecret(file, credentials)
	}
	if err != nil {
		return nil, errors.Join(err, stop(ctx))
	}
	s.mail = sim
	s.addProviders(
		play.Provider{Name: "Gmail", Faults: sim.Faults()}, play.Provider{Name: "Pushes of Gmail", Faults: push.Faults()})
	return &running{
		detail: mailbox + ", " + site.url,
		settings: settings{
			"GMAIL_MAILBOX": mailbox, "GMAIL_ENDPOINT": site.url + "/", "GOOGLE_APPLICATION_CREDENTIALS": file,
			"GOOGLE_CERTS_URL": pushSite.url + pubsub.CertsPath, "GMAIL_PUBSUB_TOPIC": pushTopic,
			"GMAIL_PUBSUB_SUBSCRIPTION": subscription, "GMAIL_PUBSUB_AUDIENCE": audience,
			"GMAIL_PUBSUB_SERVICE_ACCOUNT": pushAccount,
		},
		stop: stop,
	}, nil
}

// startPlay serves the page on which one plays the customer. It comes after the
// simulators it speaks to, and after the addresses it links to are known.
func (s *stack) startPlay(ctx context.Context, links play.Links) (*running, error) {
	p, err := play.New(play.Options{
		WhatsApp: s.whatsapp, WhatsAppNumber: whatsappFrom, Mail: s.mail, Mailbox: mailbox, Links: links, Providers: s.providers,
		Questions: s.path("dev", "company", "questions.jsonl"), StateFile: s.kept("play.jsonl"),
	})
	if err != nil {
		return nil, err
	}
	site, err := s.serve(ctx, "play", playPort, p)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return &running{detail: strings.Replace(site.url, "127.0.0.1", "localhost", 1) + "/", stop: site.stopWith(p.Close)}, nil
}

// site is an HTTP server of ours on the loopback interface.
type site struct {
	url    string
	server *http.Server
	ended  chan struct{}
}

// serve serves handler on a port that stays the same from start to start.
func (s *stack) serve(ctx context.Context, name string, preferred int, handler http.Handler) (*site, error) {
	port, err := part.StablePort(s.kept(name+".port"), preferred)
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listening for %s: %w", name, err)
	}
	at := &site{
		url:    "http://" + listener.Addr().String(),
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
		ended:  make(chan struct{}),
	}
	go func() {
		defer close(at.ended)
		// It returns when stopWith closes it; a listener of ours cannot fail before.
		_ = at.server.Serve(listener)
	}()
	return at, nil
}

// stopWith returns a function that cuts off the site and closes what it served.
// A client that has not had its answer asks again, as with the real provider.
func (at *site) stopWith(closeServed func() error) func(context.Context) error {
	return func(context.Context) error {
		err := at.server.Close()
		<-at.ended
		return errors.Join(err, closeServed())
	}
}

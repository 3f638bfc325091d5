package whatsapp

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"

	"github.com/digital-fte/fte/channel/text"
)

// Bounds of what is kept of a message. Twilio sends at most ten media, and the
// names are for people to read, not to store a novel in.
const (
	maxMedia = 10
	maxName  = 200
	maxType  = 100
)

// Inbound is one message of a customer. Every text in it is sanitised.
type Inbound struct {
	SID           string // Twilio's id, the permanent key against replays
	From, To      string // E.164: the customer's number and ours
	Body          string
	ProfileName   string // chosen by the customer: shown, never trusted
	NumMedia      int
	Media         []Media
	ButtonText    string // what a quick-reply button or an entry of a list said
	ButtonPayload string // what we attached to that button or entry
	Location      *Location
	RepliedTo     string // SID of the message this one quotes, if any
	Advert        string // the headline of the advertisement that led here, if any
	Forwarded     bool   // somebody else wrote it
	Kind          string // Twilio's word for what it is, such as "text"; empty if it said none

	optOut string // Twilio's word for an opt-out keyword it has acted on
}

// Media is one attachment. It is described, never fetched, here.
type Media struct{ URL, ContentType string }

// Location is a place the customer shared.
type Location struct {
	Latitude, Longitude float64 // degrees
	Label, Address      string
}

// Parse reads the parameters of an inbound webhook, unknown ones ignored.
// CodeInvalid when the message has no id or does not come from one WhatsApp
// number to another; anything else odd is left out, for a customer's message
// must not be lost over it.
func Parse(params map[string]string) (*Inbound, error) {
	id, err := sid(params, "MessageSid", "SmsSid", "SmsMessageSid")
	if err != nil {
		return nil, err
	}
	from, err := number(params, "From")
	if err != nil {
		return nil, err
	}
	to, err := number(params, "To")
	if err != nil {
		return nil, err
	}
	in := &Inbound{
		SID: id, From: from, To: to,
		Body:          strings.TrimSpace(text.Sanitize(params["Body"])),
		ProfileName:   name(params["ProfileName"]),
		ButtonText:    text.Line(cmp.Or(params["ButtonText"], params["ListTitle"])),
		ButtonPayload: text.Truncate(text.Line(cmp.Or(params["ButtonPayload"], params["ListId"])), maxName),
		Media:         media(params),
		Location:      location(params),
		Advert:        text.Truncate(text.Line(cmp.Or(params["ReferralHeadline"], params["ReferralBody"])), maxName),
		Forwarded:     params["Forwarded"] == "true" || params["FrequentlyForwarded"] == "true",
		optOut:        params["OptOutType"],
	}
	if isWord(params["MessageType"]) {
		in.Kind = params["MessageType"]
	}
	if quoted := params["OriginalRepliedMessageSid"]; isToken(quoted) {
		in.RepliedTo = quoted
	}
	if n, err := strconv.Atoi(params["NumMedia"]); err == nil {
		in.NumMedia = min(max(n, 0), maxMedia)
	}
	in.NumMedia = max(in.NumMedia, len(in.Media))
	return in, nil
}

// name returns what the customer wants to be called, on one line. Marks that
// turn the direction of writing are left out, or they would turn what stands
// around the name as well.
func name(s string) string {
	return text.Truncate(text.Line(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)), maxName)
}

func media(params map[string]string) []Media {
	var all []Media
	for i := range maxMedia {
		n := strconv.Itoa(i)
		m := Media{
			URL:         text.Line(params["MediaUrl"+n]),
			ContentType: strings.ToLower(text.Truncate(text.Line(params["MediaContentType"+n]), maxType)),
		}
		if m != (Media{}) {
			all = append(all, m)
		}
	}
	return all
}

func location(params map[string]string) *Location {
	latitude, err := strconv.ParseFloat(params["Latitude"], 64)
	if err != nil || !(latitude >= -90 && latitude <= 90) {
		return nil
	}
	longitude, err := strconv.ParseFloat(params["Longitude"], 64)
	if err != nil || !(longitude >= -180 && longitude <= 180) {
		return nil
	}
	return &Location{
		Latitude: latitude, Longitude: longitude,
		Label:   text.Truncate(text.Line(params["Label"]), maxName),
		Address: text.Truncate(text.Line(params["Address"]), maxName),
	}
}

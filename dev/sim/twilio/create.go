package twilio

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// maxBody is the longest text in characters.
const maxBody = 1600

var (
	e164   = regexp.MustCompile(`^(whatsapp:)?\+[1-9]\d{6,14}$`)
	holder = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, 20001, "Unable to parse the form")
		return
	}
	form := r.PostForm
	now := time.Now().UTC()
	m := Message{
		SID: newSID("SM"), Direction: DirectionOutbound, Status: "queued", Created: now,
		To: form.Get("To"), From: form.Get("From"), Body: form.Get("Body"),
		StatusCallback: form.Get("StatusCallback"), ContentSID: form.Get("ContentSid"),
		ContentVariables: form.Get("ContentVariables"), ValidityPeriod: form.Get("ValidityPeriod"),
		ServiceSID: form.Get("MessagingServiceSid"), NumMedia: len(form["MediaUrl"]),
	}
	for _, address := range form["MediaUrl"] {
		m.Media = append(m.Media, Media{URL: address, ContentType: guessType(address)})
	}
	m.Media = s.named(m.Media, m.SID)
	if m.ServiceSID != "" {
		m.Status, m.From = "accepted", cmp.Or(m.From, s.options.From)
	}
	if code, message := s.check(m); code != 0 {
		refuse(w, http.StatusBadRequest, code, message)
		return
	}
	switch outside := s.outside(m); {
	case outside && s.refusesAtOnce():
		refuse(w, http.StatusBadRequest, 63016, errorText(63016))
		return
	case outside:
		m.Fails = 63016
	default:
		m.Fails = s.failure()
	}
	if m.ContentSID != "" {
		m.Body = s.render(m)
	}
	if err := s.put(m); err != nil {
		refuse(w, http.StatusInternalServerError, 20500, err.Error())
		return
	}
	s.progress(m)
	wire.WriteJSON(w, http.StatusCreated, m.resource(s.options.AccountSID))
}

// check returns the error code and text of what Twilio refuses at once.
func (s *Server) check(m Message) (int, string) {
	_, known := s.options.Templates[m.ContentSID]
	callback, err := url.Parse(m.StatusCallback)
	switch {
	case m.To == "":
		return 21604, "A 'To' phone number is required."
	case m.From == "":
		return 21603, "A 'From' phone number is required."
	case !e164.MatchString(m.To):
		return 21211, "Invalid 'To' Phone Number: " + m.To
	case s.options.From != "" && m.From != s.options.From:
		return 63007, "Twilio could not find a Channel with the specified From address"
	case strings.HasPrefix(m.From, "whatsapp:") != strings.HasPrefix(m.To, "whatsapp:"):
		return 21910, "Invalid From and To pair. From and To should be of the same channel"
	case m.Body == "" && m.ContentSID == "" && m.NumMedia == 0:
		return 21619, "A text message body or media urls must be specified."
	case utf8.RuneCountInString(m.Body) > maxBody:
		return 21617, "The concatenated message body exceeds the 1600 character limit"
	case m.ContentSID != "" && s.options.Templates != nil && !known:
		return 21655, "The ContentSid is Invalid"
	case m.ContentVariables != "" && !json.Valid([]byte(m.ContentVariables)):
		return 21656, "The Content Variables parameter is invalid."
	case m.ValidityPeriod != "" && !validPeriod(m.ValidityPeriod):
		return 21624, "The ValidityPeriod is out of range: " + m.ValidityPeriod
	case m.StatusCallback != "" && (err != nil || callback.Host == "" || !strings.HasPrefix(callback.Scheme, "http")):
		return 21609, "The StatusCallback URL " + m.StatusCallback + " is not a valid URL."
	}
	return 0, ""
}

// validPeriod reports whether text is a number of seconds that Twilio may keep a
// message before it must have been sent: up to ten hours.
func validPeriod(text string) bool {
	seconds, err := strconv.Atoi(text)
	return err == nil && seconds >= 1 && seconds <= 36000
}

// render fills in a template; one whose text is not known shows its variables.
func (s *Server) render(m Message) string {
	var variables map[string]string
	if json.Unmarshal([]byte(m.ContentVariables), &variables) != nil {
		variables = nil
	}
	text, ok := s.options.Templates[m.ContentSID]
	if !ok {
		return strings.TrimSpace("[template " + m.ContentSID + "] " + m.ContentVariables)
	}
	return holder.ReplaceAllStringFunc(text, func(mark string) string {
		return variables[strings.Trim(mark, "{}")]
	})
}

func (s *Server) fetch(w http.ResponseWriter, r *http.Request) {
	sid, isJSON := strings.CutSuffix(r.PathValue("sid"), ".json")
	m, ok := s.message(sid)
	if !ok || !isJSON {
		notFound(w, r.URL.Path)
		return
	}
	wire.WriteJSON(w, http.StatusOK, m.resource(s.options.AccountSID))
}

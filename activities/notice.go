package activities

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

// maxNoticeRunes is how long a message on WhatsApp should be.
const maxNoticeRunes = 300

// handoverNotice tells the customer truthfully that a person has been asked,
// and when people are there. It promises no time: nobody can keep that. The
// code is why a person was asked. It is in the customer's language where there
// are words for it, else in English.
func (a *Activities) handoverNotice(c ticket.Channel, number, code, language string) string {
	now, calendar := a.Now(), a.Policy.SLA.Calendar
	if words, known := noticeIn(language); known {
		return words.notice(c, number, code, calendar, now)
	}
	english := a.englishNotice(c, number, code)
	if code == safety {
		english = dangerNotice + " " + english
	}
	return english
}

// safety is the escalation code of talk of danger to somebody.
const safety = "safety"

const dangerNotice = "If anybody is in danger, please call the emergency services now (112 in Europe, 911 in North America)."

// notice says it in a language, in as few words as a chat takes.
func (w noticeWords) notice(c ticket.Channel, number, code string, calendar *sla.Calendar, now time.Time) string {
	says := []string{w.passedOn}
	if code == safety {
		says = []string{w.danger, w.passedOn}
	}
	if next := calendar.NextOpen(now); next.Equal(now) {
		says = append(says, w.open)
	} else {
		says = append(says, fmt.Sprintf(w.closed, next.In(calendar.Zone()).Format(openLayout)))
	}
	if c == ticket.WhatsApp {
		says = append(says, number)
	}
	return strings.Join(says, " ")
}

func (a *Activities) englishNotice(c ticket.Channel, number, code string) string {
	now, calendar := a.Now(), a.Policy.SLA.Calendar
	unreadable := code == ticket.EscalateUnreadable
	if c != ticket.WhatsApp {
		opening := "Thank you for your message. Our automated assistant cannot settle this itself, so it has been passed to our team. "
		if unreadable {
			opening = "Thank you, what you sent has arrived. Our automated assistant cannot look at it itself, so it has been passed to our team. "
		}
		return opening + "A colleague will read it and reply to you here. You do not need to do anything.\n\n" + presence(calendar, now) + " " + hours(calendar)
	}
	opening := "Thank you for your message. I cannot settle this myself and have passed it to our team; a colleague will reply to you here."
	if unreadable {
		opening = "Thank you, what you sent has arrived. I cannot look at it myself and have passed it to our team; a colleague will reply to you here."
	}
	says := []string{
		opening,
		presence(calendar, now), hours(calendar), "Ticket: " + number,
	}
	if whole := strings.Join(says, " "); utf8.RuneCountInString(whole) <= maxNoticeRunes {
		return whole
	}
	says[0] = "Thank you. I have passed this to our team; a colleague will reply to you here."
	return strings.Join(says, " ")
}

// presence says whether the office is open, and if not, when it is next.
func presence(c *sla.Calendar, now time.Time) string {
	next := c.NextOpen(now)
	if next.Equal(now) {
		return "Our office is open now."
	}
	return fmt.Sprintf("Our office is closed now and opens again on %s.", next.In(c.Zone()).Format("Monday, 2 January at 15:04"))
}

func hours(c *sla.Calendar) string { return fmt.Sprintf("Office hours: %s.", c) }

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// teamRoom is where staff is told, as STAFF_ALERT_WEBHOOK.
type teamRoom struct {
	URL   string
	mu    sync.Mutex
	posts []string
}

func newTeamRoom(t *testing.T) *teamRoom {
	t.Helper()
	room := &teamRoom{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var post struct{ Text string }
		if json.NewDecoder(r.Body).Decode(&post) == nil {
			room.mu.Lock()
			defer room.mu.Unlock()
			room.posts = append(room.posts, post.Text)
		}
	}))
	t.Cleanup(server.Close)
	room.URL = server.URL
	return room
}

// heard reports whether a post matches.
func (r *teamRoom) heard(pattern string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.posts, regexp.MustCompile(pattern).MatchString)
}

// lists waits until Temporal lists so many conversations for a query.
func (o *office) lists(n int64, query string) {
	o.t.Helper()
	o.Wait("Temporal lists "+query, func(ctx context.Context) bool {
		res, err := o.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Query: "WorkflowType = '" + ticket.TicketWorkflow + "' AND " + query,
		})
		return err == nil && res.GetCount() == n
	})
}

// TestNobodyIsForgotten lets the model hang: the promise is missed, staff is
// asked, reminded, and others are asked, until somebody takes over.
func TestNobodyIsForgotten(t *testing.T) {
	t.Parallel()
	room := newTeamRoom(t)
	o := newOffice(t, map[string]string{
		"FTE_BUSINESS_HOURS": "always", "FTE_SLA": "whatsapp/*=2s:1h", "FTE_PERSON_RESPONSE": "0",
		"FTE_ACKNOWLEDGE_AFTER": "2s", "FTE_SECOND_LEVEL_AFTER": "4s", "STAFF_ALERT_WEBHOOK": room.URL,
	})
	o.Start("notifier")
	const phone = "+491511234567"
	o.OpenAI.SetFault(wire.Fault{Match: "/v1/chat/completions", Times: -1, Mode: wire.Hang})
	o.WhatsApp(phone, question, 1)
	number := o.number()
	o.shows(number, "needs_human", `\(sla_breached\)`, "missed: first response", "staff reminded", "second level asked")
	o.lists(1, "NeedsHuman = true AND SlaDueAt IS NOT NULL AND TicketNumber = '"+number+"'")
	var steps []string
	for _, id := range o.Events(ticket.TopicEscalations) {
		require.Contains(t, id, ":sla_breached")
		steps = append(steps, strings.Split(id+":", ":")[3])
	}
	require.Len(t, steps, 3, "%q", steps)
	require.Equal(t, []string{"reminder", "second_level"}, steps[1:])
	o.Wait("the team room hears all of it", func(context.Context) bool {
		return room.heard(number+".* needs a person") && room.heard("Nobody has taken over "+number+".* yet") &&
			room.heard("Nobody has taken over "+number+".* somebody else has to")
	})

	o.says("ticket takeover "+number, "ana", number+" is with ana now.")
	o.lists(1, "NeedsHuman = false AND AssignedTo = 'ana'")
	o.says("ticket reply "+number, "ana", "is on its way", "--text", "Half an hour.")
	o.Check()
	require.Equal(t, []string{"Half an hour."}, o.RepliesTo(phone))
	require.Len(t, o.Events(ticket.TopicEscalations), 3, "nobody is asked any more")
	require.Equal(t, "1", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM handovers"))
}

// TestASilentPersonGivesBack lets somebody take a ticket over and do nothing.
func TestASilentPersonGivesBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t, map[string]string{"FTE_BUSINESS_HOURS": "always", "FTE_AUTO_RELEASE_AFTER": "3s"})
	const phone = "+491511234567"
	o.WhatsApp(phone, question, 1)
	number := o.number()
	o.shows(number, "waiting_customer")
	o.says("ticket takeover "+number, "ana", number+" is with ana now.")
	before := len(o.RepliesTo(phone))
	o.WhatsApp(phone, "Once more, please: "+question, 1)
	o.shows(number, "waiting_customer", "release by clock")
	o.Check()
	require.Len(t, o.RepliesTo(phone), before+1)
	require.Regexp(t, answer, o.RepliesTo(phone)[before])
	require.Equal(t, "1", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM actions WHERE action = 'release' AND actor = 'clock'"))
}

package whatsapp_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/ticket"
)

func since() time.Time { return time.Date(2026, 11, 2, 10, 0, 0, 500_000_000, time.UTC) }

func listed(sid, direction string, created time.Time) map[string]any {
	m := map[string]any{
		"sid": sid, "direction": direction, "status": "sent", "body": "hello", "num_media": "1", "error_code": nil, "date_sent": nil,
		"from": "whatsapp:" + ours, "to": "whatsapp:" + theirs, "date_created": created.Format(time.RFC1123Z),
	}
	if direction == "inbound" {
		m["from"], m["to"] = m["to"], m["from"]
	}
	return m
}

// pages serves its pages one after the other, as Twilio links them.
func pages(t *testing.T, all [][]map[string]any, check func(url.Values)) (*whatsapp.Client, *atomic.Int32) {
	t.Helper()
	calls := new(atomic.Int32)
	s := twilio(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		n, _ := strconv.Atoi(r.URL.Query().Get("Page"))
		if r.URL.Path != path || n > 0 && r.URL.Query().Get("PageToken") != fmt.Sprintf("PASM%d", n) {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		check(r.URL.Query())
		var following any
		if n+1 < len(all) {
			following = fmt.Sprintf("%s?To=x&PageSize=500&Page=%d&PageToken=PASM%d", path, n+1, n+1)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"messages": all[n], "next_page_uri": following, "page": n})
	})
	return newClient(t, s.URL), calls
}

func ids(all []whatsapp.Sent) []string {
	var got []string
	for _, s := range all {
		got = append(got, s.SID)
	}
	return got
}

func TestListReadsAsFarAsNeeded(t *testing.T) {
	t.Parallel()
	old := since().Add(-time.Minute)
	c, calls := pages(t, [][]map[string]any{
		{listed("SM1", "outbound-api", since().Add(time.Minute)), listed("SM2", "inbound", since()), listed("SM3", "outbound-reply", since())},
		{listed("SM4", "outbound-api", old), listed("SM5", "outbound-api", since().Truncate(time.Second))},
		{listed("SM6", "outbound-api", old)},
		{listed("SM7", "outbound-api", old)},
	}, func(q url.Values) {
		if q.Get("To") != "whatsapp:"+theirs || q.Get("From") != "whatsapp:"+ours || q.Has("DateSent>") {
			t.Errorf("unexpected query %v", q)
		}
	})
	all, err := c.List(t.Context(), theirs, since())
	require.NoError(t, err)
	require.Equal(t, []string{"SM1", "SM3", "SM5"}, ids(all))
	require.Equal(t, whatsapp.Sent{
		SID: "SM1", From: ours, To: theirs, Body: "hello", Status: "sent", Direction: "outbound-api", NumMedia: 1,
		CreatedAt: all[0].CreatedAt,
	}, all[0])
	require.True(t, all[0].CreatedAt.Equal(since().Add(time.Minute).Truncate(time.Second)))
	require.Equal(t, int32(3), calls.Load(), "behind a page of old messages nothing new comes")
}

func TestListInbound(t *testing.T) {
	t.Parallel()
	c, _ := pages(t, [][]map[string]any{{listed("SM1", "inbound", since())}, {listed("SM1", "inbound", since()), listed("SM2", "outbound-api", since()), listed("SM3", "inbound", since().Add(-time.Hour))}}, func(q url.Values) {
		if q.Get("To") != "whatsapp:"+ours || q.Has("From") || q.Get("DateSent>") != "2026-11-02T10:00:00Z" || q.Get("DateSent<") != "2026-11-02T11:00:00Z" {
			t.Errorf("unexpected query %v", q)
		}
	})
	all, err := c.ListInbound(t.Context(), since(), since().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []string{"SM1", "SM3"}, ids(all), "each once, though pages overlap when messages arrive meanwhile")

	in, err := whatsapp.Parse(all[0].Params())
	require.NoError(t, err)
	require.Equal(t, theirs, in.From)
	require.Equal(t, ours, in.To)
	require.Equal(t, "hello\n[The customer sent a file.]", in.Text())
	require.False(t, whatsapp.Outbound(all[0].Params()))

	all[0].Body, all[0].NumMedia = "", 0
	in, err = whatsapp.Parse(all[0].Params())
	require.NoError(t, err)
	require.Equal(t, "[The customer sent something that cannot be shown here.]", in.Text(), "the list does not show places")
	require.Equal(t, ticket.WordlessMedia, in.Wordless())
}

func TestListOutbound(t *testing.T) {
	t.Parallel()
	c, _ := pages(t, [][]map[string]any{{
		listed("SM1", "outbound-api", since()), listed("SM2", "outbound-reply", since()), listed("SM3", "inbound", since()),
		listed("SM4", "outbound-api", since().Add(-30*24*time.Hour)),
	}}, func(q url.Values) {
		if q.Get("From") != "whatsapp:"+ours || q.Has("To") || q.Get("DateSent>") != "2026-11-02T10:00:00Z" || q.Get("DateSent<") != "2026-11-02T11:00:00Z" {
			t.Errorf("unexpected query %v", q)
		}
	})
	all, err := c.ListOutbound(t.Context(), since(), since().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []string{"SM1", "SM4"}, ids(all), "what Twilio answers by itself is nobody's, what was planned weeks ago is somebody's")
	require.True(t, whatsapp.Outbound(all[0].Params()))
	require.True(t, all[0].Valid())
	require.False(t, all[0].Undelivered())
	require.Equal(t, all[0].CreatedAt, all[0].At())
	require.Equal(t, "whatsapp:"+theirs, all[0].Params()["To"])
}

func TestListKeepsAMessageWithAnUnreadableDate(t *testing.T) {
	t.Parallel()
	m := listed("SM1", "outbound-api", since())
	m["date_created"] = "yesterday"
	c, _ := pages(t, [][]map[string]any{{m}}, func(url.Values) {})
	all, err := c.List(t.Context(), theirs, since())
	require.NoError(t, err)
	require.Equal(t, []string{"SM1"}, ids(all))
}

func TestListIsBounded(t *testing.T) {
	t.Parallel()
	endless := make([][]map[string]any, 100)
	for i := range endless {
		endless[i] = []map[string]any{listed("SM"+strconv.Itoa(i), "outbound-api", since())}
	}
	c, calls := pages(t, endless, func(url.Values) {})
	_, err := c.List(t.Context(), theirs, since())
	require.Equal(t, ticket.CodeTooLarge, ticket.CodeOf(err))
	require.Equal(t, int32(20), calls.Load())
}

// A list that is not one must never be taken for the absence of a message.
func TestListRefusesWhatIsNoList(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"some JSON":       {200, `{}`},
		"null":            {200, `null`},
		"HTML":            {200, `<html>`},
		"redirect":        {302, `{"messages":[]}`},
		"failure":         {500, `{"code":20500,"message":"x"}`},
		"proxy":           {502, `<html>`},
		"cut short":       {200, `{"messages":[{"sid":"SM1"`},
		"page unknowable": {200, `{"messages":[{"sid":"SM1"}],"next_page_uri":"/elsewhere"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twilio(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(answer.status)
				_, _ = io.WriteString(w, answer.body)
			})
			all, err := newClient(t, s.URL).List(t.Context(), theirs, since())
			require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err), "%v", err)
			require.Nil(t, all)
			requireDiscreet(t, err)
		})
	}
}

func TestListRefusesAnythingButANumber(t *testing.T) {
	t.Parallel()
	_, err := newClient(t, "http://127.0.0.1:1").List(t.Context(), "", since())
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
	_, err = newClient(t, "http://127.0.0.1:1").List(t.Context(), theirs, since())
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}

package activities_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

var mailedCode = regexp.MustCompile(`(?m)^[0-9]{6}\r?$|the code ([0-9]{6}) `)

// stranger is a form on which somebody gave Ana's address, and a clock.
type stranger struct {
	*world
	conv   schema.Conversation
	batch  []uuid.UUID
	opened ticket.CreateTicketResult
	at     time.Time
}

const accountQuestion = "What was my last order?"

func newStranger(t *testing.T, w *world, channel ticket.Channel) *stranger {
	t.Helper()
	s := &stranger{world: w, at: time.Now()}
	w.options.Now = func() time.Time { return s.at }
	someone := uuid.New()
	require.NoError(t, w.db.InsertCustomer(t.Context(), schema.InsertCustomerParams{ID: someone, Name: "Ana"}))
	s.conv = w.conversation(channel, func(p *schema.InsertConversationParams) { p.SenderVerified, p.CustomerID = false, someone })
	s.says(accountQuestion)
	return s
}

// known makes Ana a customer who has written before.
func (w *world) known() uuid.UUID {
	w.t.Helper()
	w.exec("INSERT INTO customer_identities (kind, value, customer_id, verified) VALUES ('email', '" + address + "', '" + w.customer.String() + "', true)")
	return w.message(w.conversation(ticket.Email), "My last order was a Firnwacht 9.", func(p *schema.InsertMessageParams) { p.ProviderAt = time.Now().Add(-time.Hour) })
}

// says adds a message and reads the batch.
func (s *stranger) says(words string, change ...func(*schema.InsertMessageParams)) ticket.CreateTicketResult {
	s.t.Helper()
	s.batch = append(s.batch, s.message(s.conv, words, append([]func(*schema.InsertMessageParams){
		func(p *schema.InsertMessageParams) {
			p.ProviderAt = s.at.Add(time.Duration(len(s.batch)) * time.Millisecond)
		},
	}, change...)...))
	return s.read()
}

func (s *stranger) read() ticket.CreateTicketResult {
	s.t.Helper()
	var err error
	s.opened, err = run(s.world, s.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: s.conv.ID, MessageIDs: s.batch})
	require.NoError(s.t, err)
	return s.opened
}

func (s *stranger) plain(p ticket.Plain) ticket.SendReplyResult {
	s.t.Helper()
	res, err := run(s.world, s.acts().SendReply, ticket.SendReplyInput{TurnID: s.opened.TurnID, Plain: p})
	require.NoError(s.t, err)
	return res
}

// asks has a code sent and returns it.
func (s *stranger) asks() string {
	s.t.Helper()
	before := len(s.gmail.Sent())
	res := s.plain(ticket.PlainVerify)
	require.Equal(s.t, ticket.SendDone, res.State)
	require.Equal(s.t, s.at.Add(10*time.Minute).Unix(), res.Until.Unix())
	sent := s.gmail.Sent()
	require.Len(s.t, sent, before+1)
	return codeOf(s.t, sent[before].Text)
}

func codeOf(t *testing.T, mail string) string {
	t.Helper()
	found := mailedCode.FindStringSubmatch(mail)
	require.NotNil(t, found, mail)
	if found[1] != "" {
		return found[1]
	}
	return strings.TrimSpace(found[0])
}

// sees reports whether the turn may see what is Ana's.
func (s *stranger) sees(secret uuid.UUID) bool {
	s.t.Helper()
	found, err := run(s.world, s.acts().FetchHistory, ticket.FetchHistoryInput{TurnID: s.opened.TurnID})
	require.NoError(s.t, err)
	return slices.Contains(found.MessageIDs, secret)
}

func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestTheCodeProvesWhoAsks(t *testing.T) {
	t.Parallel()
	for _, channel := range []ticket.Channel{ticket.WebForm, ticket.Email} {
		t.Run(string(channel), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withGmail()
			hers := w.known()
			s := newStranger(t, w, channel)
			require.Empty(t, s.opened.Plain)
			require.False(t, s.sees(hers))
			code := s.asks()
			require.Equal(t, []string{address}, s.gmail.Sent()[0].To)
			require.Equal(t, code, codeOf(t, s.gmail.Sent()[0].Text))
			// A retry sends nothing again.
			require.Equal(t, ticket.SendDone, s.plain(ticket.PlainVerify).State)
			require.Len(t, s.gmail.Sent(), 1)
			require.Empty(t, s.read().Plain)

			// What is stored, and shown on the page, tells neither code nor address.
			shown := s.scalar("SELECT string_agg(body, ' ') FROM messages WHERE author = 'assistant'")
			require.Contains(t, shown, "To answer this we have to be sure")
			require.NotContains(t, shown, code)
			require.NotContains(t, shown, address)

			s.at = s.at.Add(9 * time.Minute)
			res := s.says("It is " + code[:3] + " " + code[3:] + ".")
			require.Empty(t, res.Plain)
			require.Empty(t, res.Person)
			require.Equal(t, s.batch, res.MessageIDs, "the question is part of the turn")
			require.True(t, s.sees(hers))
			require.Equal(t, "proved", s.scalar("SELECT state FROM verifications"))
			require.Equal(t, "It is [code].", s.scalar("SELECT body FROM messages WHERE id = '"+s.batch[1].String()+"'"))
			// Reading the batch again changes nothing.
			require.Empty(t, s.read().Person)
			require.True(t, s.sees(hers))
			require.Equal(t, "1", s.scalar("SELECT tries::text FROM verifications"))
			// Nobody is asked twice: who has proved it and still may not know needs a person.
			again := s.plain(ticket.PlainVerify)
			require.Equal(t, ticket.SendHeld, again.State)
			require.Equal(t, ticket.EscalateIdentity, again.Why)

			_, err := s.send(s.opened.TurnID, s.draft(s.opened.TurnID, "It was a Firnwacht 9."))
			require.NoError(t, err)
			page, err := s.db.PageMessages(t.Context(), s.opened.TicketID)
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(page, func(m schema.PageMessagesRow) bool { return m.Body == "It was a Firnwacht 9." }),
				"the answer stands on the page of who has proved it")

			// The proof holds for half an hour, here and nowhere else.
			s.batch, s.at = nil, s.at.Add(29*time.Minute)
			s.says("And before that one?")
			require.True(t, s.sees(hers))
			other := newStranger(t, w, channel)
			other.at = s.at
			other.read()
			require.False(t, other.sees(hers), "another conversation proves for itself")
			s.at = s.at.Add(2 * time.Minute)
			w.options.Now = func() time.Time { return s.at }
			s.read()
			require.False(t, s.sees(hers))
		})
	}
}

func TestWrongCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	hers := w.known()
	s := newStranger(t, w, ticket.WebForm)
	code := s.asks()
	for left := 2; left > 0; left-- {
		res := s.says(wrong(code))
		require.Equal(t, ticket.PlainWrongCode, res.Plain)
		require.Equal(t, s.at.Add(10*time.Minute).Unix(), res.Until.Unix())
		require.Equal(t, ticket.PlainWrongCode, s.read().Plain, "a retry counts no try")
		s.plain(ticket.PlainWrongCode)
		s.plain(ticket.PlainWrongCode)
		require.False(t, s.sees(hers))
	}
	require.Equal(t, "That is not the code we have sent. You have 2 more tries.|That is not the code we have sent. You have one more try.",
		s.scalar("SELECT string_agg(body, '|' ORDER BY provider_at) FROM messages WHERE body LIKE 'That is not%'"))
	last := s.says(wrong(code))
	require.Equal(t, ticket.EscalateIdentity, last.Person)
	require.Equal(t, ticket.RuleProofWrong, last.Rule)
	require.Equal(t, last.Person, s.read().Person)
	// The right one comes too late now.
	require.NotEqual(t, ticket.PlainWrongCode, s.says(code).Plain)
	require.False(t, s.sees(hers))
	_, err := run(w, s.acts().Escalate, ticket.EscalateInput{TurnID: s.opened.TurnID, TicketID: s.opened.TicketID, Code: ticket.EscalateIdentity})
	require.NoError(t, err)
	require.Contains(t, s.scalar("SELECT tried FROM handovers"), "not proved: a code was sent, and the wrong one came back three times")
}

func TestCodeThatComesTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	hers := w.known()
	s := newStranger(t, w, ticket.WebForm)
	code := s.asks()
	s.at = s.at.Add(10 * time.Minute)
	late := s.read()
	require.Equal(t, ticket.EscalateIdentity, late.Person, "nothing has come")
	require.Equal(t, ticket.RuleProofLate, late.Rule)
	require.Equal(t, late.Person, s.read().Person)
	require.Equal(t, "expired", s.scalar("SELECT state FROM verifications"))
	s.says(code)
	require.False(t, s.sees(hers))
	fresh := s.asks()
	require.NotEqual(t, code, fresh)
	require.Equal(t, ticket.PlainWrongCode, s.says(code+" is my code").Plain, "an old code is a wrong one")
	require.Empty(t, s.says(fresh).Plain)
	require.True(t, s.sees(hers))
}

// A right code after its time is none, and is nothing for the model to see.
func TestExpiredCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	hers := w.known()
	s := newStranger(t, w, ticket.WebForm)
	code := s.asks()
	s.at = s.at.Add(10*time.Minute + time.Second)
	for range 2 {
		require.Empty(t, s.opened.Person)
		if len(s.batch) == 1 {
			s.says(code)
		} else {
			s.read()
		}
		require.False(t, s.sees(hers))
	}
	require.Equal(t, "[code]", s.scalar("SELECT body FROM messages WHERE id = '"+s.batch[1].String()+"'"))
	require.NotEqual(t, code, s.asks())
}

// However somebody tries who does not hold the mailbox, nothing of its owner is told.
func TestImpostorNeverSeesAnything(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	hers := w.known()
	s := newStranger(t, w, ticket.WebForm)
	code := s.asks()

	// The code of a conversation of his own, with his own address.
	his := newStranger(t, w, ticket.WebForm)
	w.exec("UPDATE conversations SET reply_to = 'mallory@else.example' WHERE id = '" + his.conv.ID.String() + "'")
	foreign := his.asks()
	if foreign == code {
		t.Skip("one chance in a million")
	}
	require.Equal(t, []string{"mallory@else.example"}, w.gmail.Sent()[1].To)
	s.at = his.at
	require.Equal(t, ticket.PlainWrongCode, s.says(foreign).Plain)
	require.False(t, s.sees(hers))
	// His own proof opens nothing of hers.
	require.Empty(t, his.says(foreign).Plain)
	require.False(t, his.sees(hers))

	// The right code by another way: he has talked her into a reply by mail.
	mailed := s.says(code, func(p *schema.InsertMessageParams) { p.Channel = ticket.Email })
	require.Empty(t, mailed.Plain)
	require.False(t, s.sees(hers))
	require.Equal(t, "sent", s.scalar("SELECT state FROM verifications WHERE address = '"+address+"'"))
}

// Guesses that come at once are tried one after the other.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	s := newStranger(t, w, ticket.WebForm)
	code := s.asks()
	var messages []uuid.UUID
	for range 8 {
		messages = append(messages, s.message(s.conv, wrong(code)))
	}
	var group sync.WaitGroup
	for _, m := range messages {
		group.Go(func() {
			_, err := run(w, s.acts().CreateTicket, ticket.CreateTicketInput{ConversationID: s.conv.ID, MessageIDs: append([]uuid.UUID{s.batch[0]}, m)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.Equal(t, "3", s.scalar("SELECT tries::text FROM verifications"))
	require.Equal(t, "failed", s.scalar("SELECT state FROM verifications"))
	s.says(code)
	require.Equal(t, "failed", s.scalar("SELECT state FROM verifications"))
}

func TestAtMostThreeCodesAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	s := newStranger(t, w, ticket.WebForm)
	began := s.at
	for n := range 3 {
		code := s.asks()
		for range 3 {
			s.says(wrong(code))
		}
		require.Equal(t, ticket.EscalateIdentity, s.opened.Person, "code %d", n)
		s.at = s.at.Add(time.Minute)
	}
	require.Equal(t, ticket.SendHeld, s.plain(ticket.PlainVerify).State)
	// Nor for another conversation that names the address, in whatever letters.
	other := newStranger(t, w, ticket.WebForm)
	other.at = s.at
	w.exec("UPDATE conversations SET reply_to = 'Ana@Kunde.example' WHERE id = '" + other.conv.ID.String() + "'")
	held := other.plain(ticket.PlainVerify)
	require.Equal(t, ticket.EscalateIdentity, held.Why)
	require.Len(t, w.gmail.Sent(), 3)
	other.at = began.Add(time.Hour + time.Second)
	other.asks()
}

func TestNobodyIsAskedForACodeInVain(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*stranger){
		"no mailbox":  func(s *stranger) { s.options.Gmail = nil },
		"proved":      func(s *stranger) { s.exec("UPDATE turns SET verified = true") },
		"owned":       func(s *stranger) { s.exec("UPDATE tickets SET status = 'with_human'") },
		"no address":  func(s *stranger) { s.exec("UPDATE conversations SET reply_to = 'nobody'") },
		"another way": func(s *stranger) { s.exec("UPDATE messages SET channel = 'email'") },
		"wants no mail": func(s *stranger) {
			s.exec("INSERT INTO suppressions (kind, value, reason) VALUES ('email', '" + address + "', 'bounced')")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStranger(t, newWorld(t).withGmail(), ticket.WebForm)
			if name == "owned" {
				s.exec("UPDATE conversations SET owner = 'human'")
			}
			prepare(s)
			res := s.plain(ticket.PlainVerify)
			require.NotEqual(t, ticket.SendDone, res.State)
			require.True(t, res.Until.IsZero())
			require.Equal(t, "0", s.scalar("SELECT count(*)::text FROM verifications"))
			require.Empty(t, s.gmail.Sent())
		})
	}
	t.Run("WhatsApp", func(t *testing.T) {
		t.Parallel()
		s := newStranger(t, newWorld(t).withGmail().withTwilio(), ticket.WhatsApp)
		require.Equal(t, ticket.EscalateIdentity, s.plain(ticket.PlainVerify).Why)
	})
}

// While the code is awaited other messages are as always.
func TestOtherWordsAreNoTry(t *testing.T) {
	t.Parallel()
	s := newStranger(t, newWorld(t).withGmail(), ticket.WebForm)
	code := s.asks()
	for _, words := range []string{
		"I have not got any mail from you yet, where is it?", "My number is 0151 123456 7", "12345", "1234567",
		"The heat pump shows 482913 on its display since yesterday.",
	} {
		require.Empty(t, s.says(words).Plain, words)
	}
	require.Equal(t, "0", s.scalar("SELECT tries::text FROM verifications"))
	said := s.plain(ticket.PlainVerify)
	require.Equal(t, s.at.Add(10*time.Minute).Unix(), said.Until.Unix())
	require.Len(t, s.gmail.Sent(), 2)
	require.NotContains(t, s.gmail.Sent()[1].Text, code, "no second code")
	require.Contains(t, s.gmail.Sent()[1].Text, "once you have entered the code")
	require.Empty(t, s.says("Hello,\n\nthe code is "+code+"\n\nAna Kunde\nTel. 0221 555123").Plain)
	require.Equal(t, "proved", s.scalar("SELECT state FROM verifications"))
}

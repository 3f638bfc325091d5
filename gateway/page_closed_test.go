package gateway

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestClosedPageSaysWhereToWrite(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for channel, elsewhere := range map[ticket.Channel]ticket.Channel{
		ticket.Email: ticket.Email, ticket.WhatsApp: ticket.WhatsApp, ticket.WebForm: "",
	} {
		th := b.thread(t, channel)
		asked := th.says("The hub is offline.")
		id := th.ticket("closed " + string(channel))
		th.answers(th.turn(id, asked), []uuid.UUID{asked}, "Please restart it.")
		require.Empty(t, b.page(t, id).ContinueOn, channel)
		th.close(id)
		require.Equal(t, ticket.Closed, b.page(t, id).Status)
		require.Equal(t, elsewhere, b.page(t, id).ContinueOn, channel)
	}
}

package ticket

import (
	"time"

	"github.com/google/uuid"
)

// Task queues.
const (
	QueueTickets  = "tickets"
	QueueModel    = "model"
	QueueDelivery = "delivery"
)

// Workflow types.
const (
	TicketWorkflow            = "TicketWorkflow"
	MailboxWorkflow           = "MailboxWorkflow"
	WhatsAppReconcileWorkflow = "WhatsAppReconcileWorkflow"
	DailyReportWorkflow       = "DailyReportWorkflow"
	RetentionWorkflow         = "RetentionWorkflow"
)

// Activities, under the names that histories hold for ever.
const (
	ActivityCreateTicket      = "CreateTicket"
	ActivityFetchHistory      = "FetchHistory"
	ActivitySearchKnowledge   = "SearchKnowledge"
	ActivityCallModel         = "CallModel"
	ActivityReviewReply       = "ReviewReply"
	ActivitySendReply         = "SendReply"
	ActivityEscalate          = "Escalate"
	ActivityCloseTicket       = "CloseTicket"
	ActivitySyncMailbox       = "SyncMailbox"
	ActivityReconcileWhatsApp = "ReconcileWhatsApp"
	ActivityApplyAction       = "ApplyAction"
	ActivityReadTicket        = "ReadTicket"
	ActivitySendStaffReply    = "SendStaffReply"
	ActivityBuildReport       = "BuildReport"
	ActivityMailReport        = "MailReport"
	ActivityPurge             = "Purge"
)

// Signals and queries of TicketWorkflow and MailboxWorkflow.
const (
	SignalMessage = "message"
	SignalPush    = "push"
	QueryTicket   = "ticket"
	QueryTimeline = "timeline"
	QueryExplain  = "explain"
)

// RunDetails tells whoever opens the page of a run of TicketWorkflow how to read it.
const RunDetails = "One ticket of a conversation with a customer, from its first message until it closes.\n\n" +
	"The current details say where it stands, who answers and what it waits for. The history holds ids only: " +
	"read names and texts with `fte ticket show NUMBER`, and act with `fte ticket takeover`, `reply`, `resolve` and the like."

// RunSummary is what the list of runs says of a run of TicketWorkflow.
func RunSummary(c Channel) string { return "Conversation on " + string(c) }

// Search attributes; SearchAttributes says their types.
const (
	AttrTicketNumber     = "TicketNumber"
	AttrChannel          = "Channel"
	AttrTicketStatus     = "TicketStatus"
	AttrCustomerRef      = "CustomerRef"
	AttrAssignedTo       = "AssignedTo"
	AttrEscalationReason = "EscalationReason"
	AttrCategory         = "Category"
	AttrPromptVersion    = "PromptVersion"
	AttrTicketPriority   = "TicketPriority"
	AttrTurns            = "Turns"
	AttrSentiment        = "Sentiment"
	AttrNeedsHuman       = "NeedsHuman"
	AttrSlaDueAt         = "SlaDueAt"
	AttrLastInboundAt    = "LastInboundAt"
)

// SearchAttributes returns the type of each search attribute, by name, as the
// Temporal command line spells them.
func SearchAttributes() map[string]string {
	return map[string]string{
		AttrTicketNumber: "Keyword", AttrChannel: "Keyword", AttrTicketStatus: "Keyword",
		AttrCustomerRef: "Keyword", AttrAssignedTo: "Keyword", AttrEscalationReason: "Keyword",
		AttrCategory: "Keyword", AttrPromptVersion: "Keyword",
		AttrTicketPriority: "Int", AttrTurns: "Int", AttrSentiment: "Double", AttrNeedsHuman: "Bool",
		AttrSlaDueAt: "Datetime", AttrLastInboundAt: "Datetime",
	}
}

// MessageRef names one message in a signal or in workflow state; never its text.
type MessageRef struct {
	MessageID  uuid.UUID `json:"message_id"`
	Author     Author    `json:"author"`
	ReceivedAt time.Time `json:"received_at"` // the provider's time, by which a batch is ordered
}

// MessageSignal is the payload of SignalMessage.
type MessageSignal struct {
	Messages []MessageRef `json:"messages"`
}

// TicketInput starts TicketWorkflow. Carry is set by continue-as-new only.
type TicketInput struct {
	ConversationID uuid.UUID `json:"conversation_id"`
	Channel        Channel   `json:"channel"`
	Carry          *Carry    `json:"carry,omitempty"`
}

// Carry is what a run of TicketWorkflow hands to the next one. Fields are only
// ever added: the next run may be of a newer version.
type Carry struct {
	Version     int           `json:"version"`
	Inbox       []MessageRef  `json:"inbox"`
	Seen        []uuid.UUID   `json:"seen"`
	Turns       int           `json:"turns"`
	Standing    Standing      `json:"standing"`
	CustomerRef string        `json:"customer_ref"`
	Sentiment   float64       `json:"sentiment"`
	LastError   Problem       `json:"last_error"`
	Pending     *PendingDraft `json:"pending,omitempty"`
	Rung        []Ring        `json:"rung,omitempty"`
	Done        []string      `json:"done,omitempty"`   // ids of the last actions
	Hold        time.Time     `json:"hold,omitzero"`    // until when the inbox collects
	Awaits      bool          `json:"awaits,omitempty"` // a message makes an end of Hold
	Timeline    []Event       `json:"timeline,omitempty"`
	Last        Explanation   `json:"last"`
}

// Problem is what went wrong last, as a lead reads it.
type Problem struct {
	Code    Code   `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	Mend    string `json:"mend,omitempty"` // the command or step that mends it
}

// PendingDraft is a reviewed answer that waits for a person's approval.
type PendingDraft struct {
	TurnID        uuid.UUID    `json:"turn_id"`
	DraftID       uuid.UUID    `json:"draft_id"`
	InstructionID uuid.UUID    `json:"instruction_id,omitzero"`
	Messages      []MessageRef `json:"messages"`
}

// Ring is one time that a clock has rung. It rings once for each due time.
type Ring struct {
	Name  ClockName `json:"name"`
	Warn  bool      `json:"warn,omitempty"`
	DueAt time.Time `json:"due_at"`
}

// TicketView is the answer of QueryTicket.
type TicketView struct {
	TicketID     uuid.UUID `json:"ticket_id"`
	TicketNumber string    `json:"ticket_number"`
	Status       Status    `json:"status"`
	Owner        Owner     `json:"owner"`
	Channel      Channel   `json:"channel"`
	Priority     string    `json:"priority"`
	SLA          string    `json:"sla"`
	LastError    string    `json:"last_error"`
}

// Event is one line of QueryTimeline.
type Event struct {
	At         time.Time   `json:"at"`
	What       string      `json:"what"`
	TurnID     uuid.UUID   `json:"turn_id"`
	MessageIDs []uuid.UUID `json:"message_ids,omitempty"`
}

// Explanation is the answer of QueryExplain: why the last reply was what it was.
type Explanation struct {
	TurnID        uuid.UUID    `json:"turn_id"`
	Rule          string       `json:"rule"`
	Chunks        []ChunkScore `json:"chunks"`
	PromptVersion string       `json:"prompt_version"`
	Model         string       `json:"model"`
	Verdicts      []Verdict    `json:"verdicts"`
	Confidence    float64      `json:"confidence,omitzero"` // of the last draft, 0 to 1
	Sources       []string     `json:"sources,omitempty"`   // slugs of the articles the answer cites
}

// ChunkScore is one retrieved chunk.
type ChunkScore struct {
	ID    uuid.UUID `json:"id"`
	Score float64   `json:"score"` // fused score, higher is better
}

// Verdict is what one review rule said of a draft.
type Verdict struct {
	Rule   string `json:"rule"`
	Passed bool   `json:"passed"`
	Reason string `json:"reason,omitempty"`
}

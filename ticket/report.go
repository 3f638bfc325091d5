package ticket

import "time"

// Schedules that the server runs by the clock.
const (
	ScheduleDailyReport = "daily-report"
	ScheduleRetention   = "retention"
)

// GroupStaffMail is the consumer group that mails escalations to staff. It is
// apart from GroupNotifier so that neither way of telling holds up the other.
const GroupStaffMail = "fte-staff-mail"

// DailyReportInput starts DailyReportWorkflow.
type DailyReportInput struct {
	Zone string `json:"zone"`          // IANA name, in which days begin and end
	Day  string `json:"day,omitempty"` // 2006-01-02; empty is the day before the scheduled time
}

// DailyReportResult says what became of a report.
type DailyReportResult struct {
	Day      string `json:"day"`
	Headline string `json:"headline"`
	Mailed   bool   `json:"mailed"`
	Note     string `json:"note,omitempty"` // why it was not mailed
}

// BuildReportInput asks for the report of a day: of Day, or when that is empty,
// of the day before At in Zone.
type BuildReportInput struct {
	Zone string    `json:"zone"`
	Day  string    `json:"day,omitempty"`
	At   time.Time `json:"at"`
}

// BuildReportResult names a stored report. Headline is one sentence about it.
type BuildReportResult struct {
	Day      string `json:"day"`
	Headline string `json:"headline"`
}

// MailReportInput names a stored report.
type MailReportInput struct {
	Day string `json:"day"`
}

// MailReportResult says whether staff has the report in the mailbox. Note says
// why not.
type MailReportResult struct {
	Mailed bool   `json:"mailed"`
	Note   string `json:"note,omitempty"`
}

// RetentionInput starts RetentionWorkflow.
type RetentionInput struct {
	KeepHours int `json:"keep_hours"` // how old a row has to be before it is deleted
}

// PurgeInput says what may be deleted.
type PurgeInput struct {
	KeepHours int `json:"keep_hours"`
}

// PurgeResult counts what was deleted, and what should be gone and is not.
type PurgeResult struct {
	ProcessedMessages int64 `json:"processed_messages"`
	RawEvents         int64 `json:"raw_events"`
	// StuckEvents have waited in the spool for more than a day.
	StuckEvents int64 `json:"stuck_events"`
}

package callwright

import (
	"fmt"
	"time"
)

// An OptOutID is the id of an opt-out.
type OptOutID string

// Prefix returns the prefix that the ids carry, with the underscore.
func (OptOutID) Prefix() string { return "opt_" }

// An OptOut is a number that gets no text messages of the organization.
type OptOut struct {
	ID             OptOutID     `json:"id" example:"opt_06o8h2q1ntk1v8a3c2m1g5r7g0"`
	OrganizationID OrgID        `json:"organizationId"`
	Number         string       `json:"number" doc:"E.164"`
	Source         OptOutSource `json:"source" enum:"keyword,provider,operator" doc:"keyword: somebody wrote STOP from it. provider: the provider of text messages says so. operator: through this API"`
	Word           string       `json:"word" doc:"What was written, with source keyword; empty otherwise"`
	Note           string       `json:"note" doc:"By the operator"`
	CreatedAt      Time         `json:"createdAt"`
}

// An OptOutSource is how an opt-out became known.
type OptOutSource string

// The sources.
const (
	OptOutKeyword  OptOutSource = "keyword"
	OptOutProvider OptOutSource = "provider"
	OptOutOperator OptOutSource = "operator"
)

// A SentText is a text message that was sent to a number, for its limits.
type SentText struct {
	Run     RunID `json:"run"`
	At      Time  `json:"at"`
	OneTime bool  `json:"oneTime,omitempty"` // it carried a one-time code
}

// A Delivery is what the provider of text messages says of one that it took.
type Delivery struct {
	MessageID string `json:"messageId" doc:"The provider's id of the message"`
	Status    string `json:"status" enum:"accepted,queued,sending,sent,delivered,undelivered,failed,canceled" doc:"The provider's newest word"`
	ErrorCode string `json:"errorCode,omitempty" doc:"Of the provider, with undelivered and failed"`
	SentAt    Time   `json:"sentAt" doc:"When the provider took it"`
	At        Time   `json:"at" doc:"Of the status"`
	Summary   string `json:"summary" doc:"For people, for example: delivered 2 s later"`
}

// Said returns the delivery with its summary.
func (d Delivery) Said() Delivery {
	d.Summary = d.Status
	if d.ErrorCode != "" {
		d.Summary += ": " + d.ErrorCode
	}
	if after := (d.At.Time().Sub(d.SentAt.Time()) + time.Second/2).Truncate(time.Second); after > 0 && d.At > d.SentAt {
		d.Summary = fmt.Sprintf("%s %s later", d.Summary, spell(after))
	}
	return d
}

// spell is a length of time as people read it.
func spell(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d h", d/time.Hour)
}

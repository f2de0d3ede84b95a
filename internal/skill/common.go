package skill

// Common are the settings that every skill type takes beside its own.
type Common struct {
	Say          Say               `json:"say,omitzero" jsonschema:"What the agent says around the run, instead of its own words. {name} is replaced by an argument, {vars.name} by a remembered value"`
	Remember     map[string]string `json:"remember,omitempty" jsonschema:"Values of the result to keep for the rest of the conversation: name to path, for example customer_id to customer.id. Later templates and egress maps use them as vars.name"`
	Response     map[string]string `json:"response,omitempty" jsonschema:"What the agent is given instead of the whole result: name to path, for example expires to warranty.expires, of what allowedFields and guardrails let in. A path that leads nowhere is left out"`
	FailWhen     *FailWhen         `json:"failWhen,omitempty" jsonschema:"An answer that means no, although the system reports success"`
	CacheSeconds int               `json:"cacheSeconds,omitempty" jsonschema:"How long the answer of a read is used again for the same outgoing fields, 0 to 86400 seconds; 0 when absent"`
}

// Say is what is spoken around a run.
type Say struct {
	Start  string `json:"start,omitempty" jsonschema:"Before it runs"`
	Slow   string `json:"slow,omitempty" jsonschema:"When it takes longer than usual"`
	Done   string `json:"done,omitempty" jsonschema:"When it succeeded"`
	Failed string `json:"failed,omitempty" jsonschema:"When it failed"`
}

// FailWhen recognises a failure in a result.
type FailWhen struct {
	Path   string `json:"path" jsonschema:"Path into the result, for example status or slots[].free"`
	Equals any    `json:"equals" jsonschema:"The value that means failure"`
}

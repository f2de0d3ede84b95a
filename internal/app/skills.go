package app

import (
	"callwright"
	"callwright/internal/control"
	"callwright/internal/geo"
	"callwright/internal/outbound"
	"callwright/internal/skill"
	"callwright/internal/skill/builtin"
	"callwright/internal/skill/dbquery"
	"callwright/internal/skill/email"
	geoskill "callwright/internal/skill/geo"
	"callwright/internal/skill/httpwebhook"
	"callwright/internal/skill/sms"
	"callwright/internal/skill/transfer"
)

// kinds is every skill type there is: one row each. A type that is not built yet
// is a row too, so that the API can say so.
func kinds(client *outbound.Client, service *control.Service, mail *email.Server, texts *sms.Provider, geocoder geo.Geocoder) map[callwright.SkillType]skill.Kind {
	rows := []skill.Kind{
		httpwebhook.Kind(client, service),
		dbquery.Kind(service),
		email.Kind(mail),
		sms.Kind(texts),
		transfer.Kind(),
		builtin.Kind(),
		geoskill.Kind(geocoder),
		skill.Reserved(callwright.Calendar, "Checks availability and books appointments in a calendar."),
		skill.Reserved(callwright.GoogleSheets, "Looks up and appends rows of a Google spreadsheet."),
		skill.Reserved(callwright.CRM, "Finds and updates contacts in a customer database."),
		skill.Reserved(callwright.KnowledgeQuery, "Searches the agent's knowledge."),
		skill.Reserved(callwright.Playbook, "Runs a scripted conversation of several steps."),
		skill.Reserved(callwright.NativeREST, "Calls an operation of a REST API that was discovered from its OpenAPI document."),
		skill.Reserved(callwright.NativeGraphQL, "Calls an operation of a GraphQL API that was discovered by introspection."),
		skill.Reserved(callwright.NativeSQL, "Reads or writes rows of a SQL database that was discovered from its catalogue."),
		skill.Reserved(callwright.MCP, "Calls a tool of an MCP server."),
	}
	table := map[callwright.SkillType]skill.Kind{}
	for _, k := range rows {
		table[k.Type] = k
	}
	return table
}

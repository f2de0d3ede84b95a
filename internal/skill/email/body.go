package email

import (
	"html/template"
	"maps"
	"slices"
	"strings"
)

// page is the message as HTML: one column, readable without images or style sheets.
const page = `<!DOCTYPE html>
<html><body style="font-family:sans-serif;font-size:15px;color:#1a1a1a">
{{with .Intro}}<p>{{range $i, $line := .}}{{if $i}}<br>{{end}}{{$line}}{{end}}</p>
{{end}}{{with .Rows}}<table cellpadding="6" style="border-collapse:collapse">
{{range .}}<tr><th align="left" valign="top" style="font-weight:600;padding-right:16px">{{.Label}}</th><td>{{range $i, $line := .Lines}}{{if $i}}<br>{{end}}{{$line}}{{end}}</td></tr>
{{end}}</table>
{{end}}</body></html>
`

type row struct {
	Label string
	Lines []string
}

// body writes what was collected, by name, under the intro: as text and as HTML.
func body(intro string, fields map[string]any) (text, html string) {
	var sb strings.Builder
	var rows []row
	if intro != "" {
		sb.WriteString(intro + "\n\n")
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := strings.ReplaceAll(strings.ReplaceAll(plain(fields[name]), "\r\n", "\n"), "\r", "\n")
		lines := strings.Split(value, "\n")
		rows = append(rows, row{label(name), lines})
		sb.WriteString(label(name) + ": " + strings.Join(lines, "\n  ") + "\n")
	}
	var out strings.Builder
	view := struct {
		Intro []string
		Rows  []row
	}{nil, rows}
	if intro != "" {
		view.Intro = strings.Split(intro, "\n")
	}
	if err := template.Must(template.New("page").Parse(page)).Execute(&out, view); err != nil {
		panic("email: the page cannot be filled: " + err.Error()) // it can, whatever the text
	}
	return sb.String(), out.String()
}

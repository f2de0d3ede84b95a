package demo

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A printer writes the demo's transcript.
type printer struct {
	out   io.Writer
	color bool
}

const width = 78

func (p printer) line(s string) { fmt.Fprintln(p.out, s) }

func (p printer) paint(code, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p printer) title(name, what string) {
	p.line("\n" + p.paint("1", name) + p.paint("2", " · "+what))
}

func (p printer) section(name string) {
	rule := strings.Repeat("─", max(3, width-4-utf8.RuneCountInString(name)))
	p.line("\n" + p.paint("2", "── ") + p.paint("1", name) + " " + p.paint("2", rule) + "\n")
}

func (p printer) step(name, what string) {
	p.line("  " + p.paint("32", "✓") + " " + pad(name, 14) + p.paint("2", what))
}

func (p printer) note(s string) { p.line("  " + p.paint("2", s)) }

func (p printer) says(who, text string) {
	color := "36"
	if who == "agent" {
		color = "35"
	}
	for i, l := range wrap(text, width-10) {
		if i > 0 {
			who = ""
		}
		p.line("  " + p.paint(color, pad(who, 8)) + l)
	}
}

func (p printer) box(title string) { p.line("          " + p.paint("33", "┌ "+title)) }

func (p printer) boxed(name, text string) {
	for i, l := range wrap(text, width-26) {
		if i > 0 {
			name = ""
		}
		p.line("          " + p.paint("33", "│ ") + p.paint("2", pad(name, 12)) + l)
	}
}

func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(1, n-utf8.RuneCountInString(s)))
}

// wrap breaks text at spaces, and a word that is longer than a line where it must.
func wrap(text string, n int) []string {
	var lines []string
	for _, w := range strings.Split(text, " ") {
		last := len(lines) - 1
		if last >= 0 && utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(w) <= n {
			lines[last] += " " + w
			continue
		}
		r := []rune(w)
		for ; len(r) > n; r = r[n:] {
			lines = append(lines, string(r[:n]))
		}
		lines = append(lines, string(r))
	}
	return lines
}

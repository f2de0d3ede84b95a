package engine

import "strings"

// A strainer takes out of a model's text what is meant for machines and not for
// callers: control tokens of a model's template, tool calls written as text, reasoning
// aloud. Text comes in pieces: what may be the beginning of such a thing is held back
// until that is known.
type strainer struct {
	held   string
	until  string // what ends the block that is being left out
	over   bool   // the model's answer has ended, whatever else it sends
	caught bool   // something was taken out
}

// A mark begins something that is no speech: a block to its end, or, without one, a
// token by itself. last marks end the answer: what comes after them is a model that
// plays the caller too.
type mark struct {
	begin, end string
	last       bool
}

func marks() []mark {
	return []mark{
		{"<|im_start|>", "\n", false}, {"<|start_header_id|>", "<|end_header_id|>", false}, {"<start_of_turn>", "\n", false},
		{"<|im_end|>", "", true}, {"<|eot_id|>", "", true}, {"<|eom_id|>", "", true}, {"<|end_of_text|>", "", true}, {"<|endoftext|>", "", true},
		{"<|end|>", "", true}, {"<end_of_turn>", "", true}, {"</s>", "", true}, {"<eos>", "", true}, {"<｜end▁of▁sentence｜>", "", true},
		{"<think>", "</think>", false}, {"<thinking>", "</thinking>", false}, {"</think>", "", false}, {"</thinking>", "", false},
		{"<tool_call>", "</tool_call>", false}, {"<tool_calls>", "</tool_calls>", false}, {"<function_call>", "</function_call>", false}, {"<function=", "</function>", false},
		{"<tool_response>", "</tool_response>", false}, {"<tools>", "</tools>", false}, {"</tool_call>", "", false}, {"</function>", "", false},
		{"<|python_tag|>", "", true}, {"[tool_calls]", "", true}, {"[inst]", "", true}, {"[/inst]", "", false}, {"<<sys>>", "<</sys>>", false},
		{"<s>", "", false}, {"<bos>", "", false}, {"<pad>", "", false}, {"<unk>", "", false},
	}
}

// maxToken is longer than any control token of the form <|…|>.
const maxToken = 64

// add takes the next piece and returns what may be said of all so far.
func (s *strainer) add(text string) string {
	if s.held == "" && s.until == "" && !s.over && !strings.ContainsAny(text, "<[") {
		return text // nearly always
	}
	s.held += text
	var out strings.Builder
	for s.held != "" && !s.over {
		if s.until != "" {
			i := strings.Index(small(s.held), s.until)
			if i < 0 {
				s.held = s.held[max(0, len(s.held)-len(s.until)+1):]
				return out.String()
			}
			s.held, s.until = s.held[i+len(s.until):], ""
			continue
		}
		i := strings.IndexAny(s.held, "<[")
		if i < 0 {
			i = len(s.held)
		}
		out.WriteString(s.held[:i])
		if s.held = s.held[i:]; s.held == "" {
			break
		}
		m, known := at(s.held)
		if !known {
			return out.String()
		}
		if m.begin == "" { // a bracket like any other
			out.WriteByte(s.held[0])
			s.held = s.held[1:]
			continue
		}
		s.caught = true
		s.held, s.until, s.over = s.held[len(m.begin):], m.end, m.last
	}
	if s.over {
		s.held = ""
	}
	return out.String()
}

// end returns what was held back and is speech after all. A token that was cut in two
// is none.
func (s *strainer) end() string {
	if s.until == "" && len(s.held) == 1 {
		return s.held
	}
	s.caught = s.caught || s.held != ""
	return ""
}

// at returns the mark that text begins with; without begin when it is none. known is
// false while more of the text is needed to tell.
func at(text string) (m mark, known bool) {
	lower := small(text[:min(len(text), maxToken)])
	known = true
	for _, m := range marks() {
		if strings.HasPrefix(lower, m.begin) {
			return m, true
		}
		known = known && !strings.HasPrefix(m.begin, lower)
	}
	for open, shut := range map[string]string{"<|": "|>", "<｜": "｜>"} { // a control token of a model that is not in the list
		if rest, ok := strings.CutPrefix(lower, open); ok {
			if i := strings.Index(rest, shut); i >= 0 {
				return mark{begin: text[:len(open)+i+len(shut)]}, true
			}
			known = len(lower) == maxToken || strings.ContainsAny(rest, " \n")
		}
	}
	return mark{}, known
}

// small has the letters of ASCII in small, and is as long as before.
func small(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

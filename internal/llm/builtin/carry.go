package builtin

import "slices"

// share takes what was said for another skill of the same service, optional
// values too.
func (s *state) share(f *form) {
	for _, old := range append(slices.Clone(s.forms), s.cur) {
		if old == nil || old.tool == f.tool || !old.tool.relative(f.tool, false) {
			continue
		}
		for _, p := range f.tool.params {
			q := old.tool.param(p.name)
			if q == nil || q.kind != p.kind || p.kind == kindBool || q.desc != p.desc {
				continue
			}
			if v, ok := old.vals[q]; ok && v.value != nil {
				f.vals[p] = v
			}
		}
	}
}

// carry takes the place spoken of last into a form that needs one, unless the
// form has two places or the caller names another.
func (s *state) carry(f *form) {
	if !f.tool.reads() && s.heard.has("there", "nearby") < 0 && !s.foreign {
		return
	}
	for _, p := range f.tool.ask {
		if _, ok := f.vals[p]; ok || p.kind != kindPlace || p.begins() {
			continue
		}
		if v, ok := s.known["place"]; ok && s.carries(p) {
			v.sure, v.guess = false, true
			f.vals[p] = v
			return
		}
	}
}

// alike takes "the same day" and the like from what was said for another skill.
func (s *state) alike(t text, f *form, changed []*param) []*param {
	i := t.has("same")
	if i < 0 {
		return changed
	}
	for _, p := range f.tool.params {
		if old, ok := f.vals[p]; ok && !old.guess || !t.names(p, i+1) {
			continue
		}
		if v, ok := s.before(p, f); ok && s.put(f, p, v) {
			changed = append(changed, p)
		}
	}
	return changed
}

// names reports that one of the next words names the parameter or its kind.
func (t text) names(p *param, i int) bool {
	for j := i; j < len(t.toks) && j < i+3 && (j == i || !t.toks[j-1].stop); j++ {
		w := t.toks[j]
		if p.says(w.stem) && !common(w.low) {
			return true
		}
		switch w.low {
		case "area", "place", "city", "town", "neighborhood", "neighbourhood", "location", "part":
			return p.kind == kindPlace || p.means("area", "part", "side", "district")
		case "day", "date":
			return p.kind == kindDate || p.kind == kindOption && p.means("day")
		case "time":
			return p.kind == kindTime
		case "people", "group", "party":
			return p.counts("people")
		}
	}
	return false
}

// before is the newest value that another form has for the same thing.
func (s *state) before(p *param, f *form) (found, bool) {
	for i := len(s.forms) - 1; i >= 0; i-- {
		old := s.forms[i]
		if old.tool == f.tool {
			continue
		}
		for _, q := range old.tool.params {
			v, ok := old.vals[q]
			if !ok || v.value == nil || q.kind != p.kind || q.begins() != p.begins() && q.label != p.label {
				continue
			}
			switch {
			case p.kind == kindDate, p.kind == kindTime, p.kind == kindPlace, q.label == p.label && q.desc == p.desc:
			case q.label == p.label, q.counts("people") && p.counts("people"):
				if p.kind == kindOption && !p.offers(v) {
					continue
				}
			default:
				continue
			}
			return v, true
		}
	}
	return found{}, false
}

// offers reports that a value is one of the options.
func (p *param) offers(v found) bool {
	return slices.ContainsFunc(p.options, func(o option) bool { return string(o.value) == string(v.value) })
}

// carries reports that the place known goes with the parameter: a city with a
// city.
func (s *state) carries(p *param) bool {
	return p.cityOnly() || p.ends("destination", "location", "area")
}

// begins reports parameters for where or when something begins.
func (p *param) begins() bool {
	return p.means("from", "origin", "start", "departure", "source") || anyWord(p.desc, "originates", "origin")
}

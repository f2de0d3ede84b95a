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

// carries reports that the place known goes with the parameter: a city with a
// city.
func (s *state) carries(p *param) bool {
	return p.cityOnly() || p.ends("destination", "location", "area")
}

// begins reports parameters for where or when something begins.
func (p *param) begins() bool {
	return p.means("from", "origin", "start", "departure", "source") || anyWord(p.desc, "originates")
}

package geo

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// zips is made by data/make.sh from GeoNames (CC BY 4.0), see the file NOTICE.
//
//go:embed data/zips.txt.gz
var zips []byte

// Offline is a geocoder of the United States that needs nobody: it knows postal codes
// and cities, each by its middle, and not streets.
type Offline struct{}

// A gazetteer is the embedded data, read.
type gazetteer struct {
	zips   map[string]Place
	cities map[string]map[string]Place // by folded name and state
	sizes  map[string]map[string]int   // of cities, in postal codes
}

var read = sync.OnceValue(func() *gazetteer {
	g := &gazetteer{zips: map[string]Place{}, cities: map[string]map[string]Place{}, sizes: map[string]map[string]int{}}
	unzipped, err := gzip.NewReader(bytes.NewReader(zips))
	if err != nil {
		panic("geo: the embedded data is damaged: " + err.Error())
	}
	for lines := bufio.NewScanner(unzipped); lines.Scan(); {
		f := strings.Split(lines.Text(), "|")
		lat, _ := strconv.ParseFloat(f[3], 64)
		lng, _ := strconv.ParseFloat(f[4], 64)
		zip, city, state := f[0], f[1], f[2]
		g.zips[zip] = Place{Point{lat, lng}, city + ", " + state + " " + zip, Zip}
		name := fold(city)
		if g.cities[name] == nil {
			g.cities[name], g.sizes[name] = map[string]Place{}, map[string]int{}
		}
		n := g.sizes[name][state]
		p := g.cities[name][state]
		p.Lat, p.Lng = (p.Lat*float64(n)+lat)/float64(n+1), (p.Lng*float64(n)+lng)/float64(n+1)
		p.Label, p.Precision = city+", "+state, City
		g.cities[name][state], g.sizes[name][state] = p, n+1
	}
	return g
})

var (
	zipCode = regexp.MustCompile(`\b(\d{5})(?:-\d{4})?\b`)
	notWord = regexp.MustCompile(`[^\p{L}\p{N}]+`)
)

// fold is a name as it is looked up: without case, marks and the ways to write saint.
func fold(name string) string {
	words := strings.Fields(notWord.ReplaceAllString(strings.ToLower(strings.NewReplacer("'", "", "’", "").Replace(name)), " "))
	for i, w := range words {
		switch w {
		case "st":
			words[i] = "saint"
		case "ft":
			words[i] = "fort"
		case "mt":
			words[i] = "mount"
		}
	}
	return strings.Join(words, " ")
}

// Locate finds a postal code, or a city with or without its state, at the end of an
// address. Of several cities of a name, one that is much larger than the others is
// meant.
func (Offline) Locate(_ context.Context, address string) ([]Place, error) {
	g := read()
	codes := zipCode.FindAllStringSubmatch(address, -1)
	for _, m := range slices.Backward(codes) { // a house number can have five digits too
		if p, ok := g.zips[m[1]]; ok {
			return []Place{p}, nil
		}
	}
	words := strings.Fields(fold(address))
	for len(words) > 0 && (words[len(words)-1] == "usa" || words[len(words)-1] == "us" || words[len(words)-1] == "america") {
		words = words[:len(words)-1]
	}
	words, state := withoutState(words)
	for i := range words {
		found := g.cities[strings.Join(words[i:], " ")]
		if len(found) == 0 {
			continue
		}
		if state != "" {
			if p, ok := found[state]; ok {
				return []Place{p}, nil
			}
			continue
		}
		return g.rank(strings.Join(words[i:], " ")), nil
	}
	if state == "NY" && len(words) == 0 { // the city has the state's name
		return []Place{g.cities["new york"]["NY"]}, nil
	}
	return nil, nil
}

// rank lists the cities of a name, the largest first; one alone when it is much larger.
func (g *gazetteer) rank(name string) []Place {
	sizes := g.sizes[name]
	var states []string
	for s := range sizes {
		states = append(states, s)
	}
	sort.Slice(states, func(i, j int) bool {
		if sizes[states[i]] != sizes[states[j]] {
			return sizes[states[i]] > sizes[states[j]]
		}
		return states[i] < states[j]
	})
	if len(states) > 1 && sizes[states[0]] >= 8 && sizes[states[0]] >= 5*sizes[states[1]] {
		states = states[:1]
	}
	var out []Place
	for _, s := range states {
		out = append(out, g.cities[name][s])
	}
	return out
}

// withoutState takes a state off the end of an address.
func withoutState(words []string) (rest []string, state string) {
	for n := min(3, len(words)); n > 0; n-- {
		tail := strings.Join(words[len(words)-n:], " ")
		for code, name := range states() {
			if tail == name || n == 1 && tail == strings.ToLower(code) {
				return words[:len(words)-n], code
			}
		}
	}
	return words, ""
}

// NearNumber finds where a telephone number of the United States is from, by its
// exchange or, when that is not known, by the city that has most exchanges of its area
// code: a rough guess, since people take their numbers along.
func NearNumber(e164 string) (Place, bool) {
	n, err := phonenumbers.Parse(e164, "US")
	if err != nil || n.GetCountryCode() != 1 || !phonenumbers.IsValidNumber(n) && !fictional(n) {
		return Place{}, false
	}
	p, ok := cityOf(n)
	if !ok {
		p, ok = mainCity(n.GetNationalNumber() / 1e7)
	}
	p.Precision = AreaCode
	return p, ok
}

// fictional reports whether a number is one of those for examples, 555-01XX, which no
// plan of numbers has.
func fictional(n *phonenumbers.PhoneNumber) bool { return n.GetNationalNumber()/100%1e5 == 55501 }

// cityOf is the city of a number's exchange.
func cityOf(n *phonenumbers.PhoneNumber) (Place, bool) {
	name, err := phonenumbers.GetGeocodingForNumber(n, "en")
	if err != nil || !strings.Contains(name, ",") { // a state alone is too wide
		return Place{}, false
	}
	places, err := Offline{}.Locate(context.Background(), name)
	if err != nil || len(places) != 1 {
		return Place{}, false
	}
	return places[0], true
}

// areas are the main cities of area codes, as they are asked for.
var areas sync.Map // uint64 to Place

func mainCity(area uint64) (Place, bool) {
	if p, ok := areas.Load(area); ok {
		return p.(Place), p.(Place).Label != ""
	}
	count := map[string]int{}
	var best Place
	country := int32(1)
	for exchange := uint64(200); exchange < 1000; exchange++ {
		number := area*1e7 + exchange*1e4 + 123
		p, ok := cityOf(&phonenumbers.PhoneNumber{CountryCode: &country, NationalNumber: &number})
		if !ok {
			continue
		}
		if count[p.Label]++; count[p.Label] > count[best.Label] || best.Label == "" {
			best = p
		}
	}
	areas.Store(area, best)
	return best, best.Label != ""
}

// states are the states and districts by their codes, folded.
func states() map[string]string {
	return map[string]string{"AL": "alabama", "AK": "alaska", "AZ": "arizona", "AR": "arkansas", "CA": "california", "CO": "colorado", "CT": "connecticut", "DE": "delaware", "DC": "district of columbia", "FL": "florida",
		"GA": "georgia", "HI": "hawaii", "ID": "idaho", "IL": "illinois", "IN": "indiana", "IA": "iowa", "KS": "kansas", "KY": "kentucky", "LA": "louisiana", "ME": "maine", "MD": "maryland", "MA": "massachusetts", "MI": "michigan",
		"MN": "minnesota", "MS": "mississippi", "MO": "missouri", "MT": "montana", "NE": "nebraska", "NV": "nevada", "NH": "new hampshire", "NJ": "new jersey", "NM": "new mexico", "NY": "new york", "NC": "north carolina", "ND": "north dakota",
		"OH": "ohio", "OK": "oklahoma", "OR": "oregon", "PA": "pennsylvania", "RI": "rhode island", "SC": "south carolina", "SD": "south dakota", "TN": "tennessee", "TX": "texas", "UT": "utah", "VT": "vermont", "VA": "virginia",
		"WA": "washington", "WV": "west virginia", "WI": "wisconsin", "WY": "wyoming", "AE": "armed forces europe"}
}

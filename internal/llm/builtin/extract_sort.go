package builtin

import (
	"slices"
	"strings"
	"unicode"
)

// sorted reports parameters for a sort of thing: a genre, a cuisine, a category.
func (p *param) sorted() bool {
	return p.kind == kindText && (anyWord(p.label, sortWords...) || lastWord(p.head, sortWords...))
}

// sortWords name a sort of thing.
var sortWords = []string{"genre", "category", "cuisine", "type", "kind", "style", "subcategory", "subtype", "subgenre", "flavor", "flavour", "topic", "sport", "food", "variety"}

// knownSorts reports that the sorts are of things whose sorts are known here.
func (p *param) knownSorts() bool {
	return anyWord(p.label+" "+p.desc, "movie", "movies", "film", "films", "music", "song", "songs", "food", "restaurant", "cuisine", "sport", "sports")
}

// sorts finds words for a sort of thing: those that everybody knows, and what
// stands where such words stand: "serves dumplings", "a jazz concert".
func (r reader) sorts(p *param) []found {
	about := strings.ToLower(p.label + " " + p.desc)
	var out []found
	for i := 0; i < len(r.toks); i++ {
		for n := 3; n > 0; n-- {
			if i+n <= len(r.toks) && (i == 0 || r.toks[i-1].low != "not") && sortOf(r.lows(i, i+n), about) {
				at, end := r.qualified(i), i+n
				v := r.span(at, end)
				out = append(out, found{value: quoted(v), at: at, end: end, said: v, sure: true})
				i += n - 1
				break
			}
		}
	}
	if len(out) > 0 {
		return out[:1]
	}
	if i, end := r.served(p); end > i {
		v := r.span(i, end)
		return []found{{value: quoted(v), at: i, end: end, said: v, sure: true}}
	}
	return nil
}

// qualified is where a sort begins whose plain word stands at i: "modern European",
// "South Indian".
func (r reader) qualified(i int) int {
	if i == 0 || r.toks[i-1].stop {
		return i
	}
	switch r.toks[i-1].low {
	case "modern", "contemporary", "traditional", "classic", "classical", "new", "north", "south", "east", "west", "northern", "southern", "eastern", "western", "central", "middle", "latin", "african", "asian", "progressive", "alternative", "light", "heavy", "spicy", "dark":
		return i - 1
	}
	return i
}

// served finds what is served, and an unusual word before what the tool is for.
func (r reader) served(p *param) (int, int) {
	if i := r.has("do they serve", "does it serve", "do you serve", "if they serve", "if it serves", "whether they serve"); i >= 0 {
		return 0, 0
	}
	if i := r.has("serves", "serving", "serve", "specializing in", "specializes in"); i >= 0 && anyWord(p.desc+" "+p.label, "food", "cuisine", "dish", "meal", "restaurant") {
		i++
		if r.is(i, "in") {
			i++
		}
		for i < len(r.toks) && (common(r.toks[i].low) || r.toks[i].low == "really") && !r.toks[i].stop {
			i++
		}
		end := i
		for end < len(r.toks) && end < i+3 && !common(r.toks[end].low) && !sortNoun(r.toks[end].low) {
			end++
			if r.toks[end-1].stop {
				break
			}
		}
		return i, end
	}
	for i, t := range r.toks {
		if i == 0 || !sortNoun(t.low) || r.toks[i-1].stop {
			continue
		}
		w := r.toks[i-1]
		if common(w.low) || plainAdjective(w.low) || strings.HasSuffix(w.low, "lly") || slices.Contains(p.whose, w.stem) || sortNoun(w.low) || dayWord(w.low) || small(w.low) || allDigits(w.low) {
			continue
		}
		if slices.ContainsFunc(r.persons(), func(sp [2]int) bool { return sp[1] == i }) {
			continue // "Ann Lee songs"
		}
		for k := i - 1; k > 0 && !r.toks[k-1].stop && unicode.IsUpper([]rune(r.toks[k].raw)[0]) && unicode.IsUpper([]rune(r.toks[k-1].raw)[0]); k-- { // "New Zealand food"
			if k == 1 || !common(r.toks[k-1].low) || r.toks[k-1].low == "new" {
				return k - 1, i
			}
		}
		if i > 1 && (common(r.toks[i-2].low) || r.toks[i-2].stop || greets(r.toks[i-2].low)) || i == 1 {
			return i - 1, i
		}
	}
	return 0, 0
}

func sortNoun(w string) bool {
	switch w {
	case "food", "cuisine", "dishes", "movie", "movies", "film", "films", "song", "songs", "music", "concert", "genre":
		return true
	}
	return false
}

func plainAdjective(w string) bool {
	switch w {
	case "online", "short", "whole", "full", "called", "named",
		"prefer", "enjoy", "love", "watching", "hearing", "listening", "attend", "attending", "order", "ordering", "any", "nice", "fun", "interesting", "cheap", "best", "popular", "favorite", "favourite", "recent", "latest", "different", "own", "certain", "right", "local", "live", "same", "next", "first", "second",
		"watch", "rent", "play", "find", "see", "hear", "listen", "search", "book", "buy", "get", "lovely", "decent", "entertaining", "cool", "relaxing", "perfect", "amazing", "delicious", "tasty", "upcoming", "outdoor", "vegetarian", "type", "kind", "else":
		return true
	}
	return false
}

// sortOf reports a word that everybody knows for a sort of what is described.
func sortOf(w, about string) bool {
	has := func(subs ...string) bool {
		return slices.ContainsFunc(subs, func(s string) bool { return strings.Contains(about, s) })
	}
	general := !has("movie", "film", "song", "music", "food", "restaurant", "sport", "cuisine")
	return has("movie", "film", "show", "book") && filmGenre(w) || has("music", "song", "album", "artist") && musicGenre(w) ||
		has("food", "restaurant", "cuisine", "meal") && (cuisine(w) || nationality(w)) || has("sport", "game") && sport(w) || general && has("genre") && (filmGenre(w) || musicGenre(w))
}

func filmGenre(w string) bool {
	switch w {
	case "action", "adventure", "animation", "animated", "comedy", "comedies", "comic", "crime", "documentary", "documentaries", "drama", "family", "fantasy", "funny", "history", "historical", "horror", "scary", "musical", "mystery", "romance", "romantic", "romantic comedy", "love story",
		"sci-fi", "scifi", "science fiction", "sport", "supernatural", "suspense", "thriller", "war", "western", "biography", "biographical", "biopic", "offbeat", "world", "imaginary", "imaginative", "cartoon", "superhero":
		return true
	}
	return false
}

func musicGenre(w string) bool {
	switch w {
	case "pop", "rock", "jazz", "blues", "country", "classical", "hip hop", "hip-hop", "rap", "reggae", "metal", "heavy metal", "folk", "soul", "funk", "disco", "techno", "house", "electronic", "electro", "electronica", "edm", "dance", "punk", "indie", "latin", "gospel", "r&b", "rnb", "opera", "ska", "grunge", "alternative", "ambient", "k-pop", "salsa", "soundtrack", "world", "bluegrass":
		return true
	}
	return false
}

func cuisine(w string) bool {
	switch w {
	case "american", "asian", "barbecue", "barbeque", "bbq", "brazilian", "breakfast", "brunch", "british", "burger", "burgers", "cajun", "cantonese", "caribbean", "chinese", "creole", "cuban", "curry", "deli", "dim sum", "dumplings", "ethiopian", "european", "filipino", "french", "fusion", "german", "greek", "halal", "hawaiian", "indian", "indonesian", "irish", "italian", "izakaya",
		"jamaican", "japanese", "korean", "kosher", "latin", "latin american", "lebanese", "malaysian", "mediterranean", "mexican", "middle eastern", "moroccan", "noodles", "pakistani", "persian", "peruvian", "pizza", "polish", "portuguese", "ramen", "russian", "salad", "sandwich", "sandwiches", "seafood", "shawarma", "singaporean", "soup", "spanish", "steak", "steakhouse", "sushi", "szechuan", "sichuan",
		"tacos", "taiwanese", "tapas", "tex-mex", "thai", "tibetan", "turkish", "vegan", "vietnamese", "fast food", "pasta", "bakery", "coffee", "dessert", "ice cream", "gastropub", "south indian", "north indian", "southern", "fish", "wings", "take-out", "takeout", "pick-up":
		return true
	}
	return false
}

// nationality reports an adjective of a country or a region.
func nationality(w string) bool {
	switch w {
	case "afghan", "african", "albanian", "algerian", "american", "andalusian", "arabian", "arabic", "argentine", "argentinian", "armenian", "asian", "australasian", "australian", "austrian", "azerbaijani", "balinese", "balkan", "bangladeshi", "basque", "bavarian", "belgian", "bengali", "bolivian",
		"bosnian", "brazilian", "british", "bulgarian", "burmese", "cambodian", "cameroonian", "canadian", "cantonese", "caribbean", "catalan", "caucasian", "chilean", "chinese", "colombian", "congolese", "corsican", "costa rican", "creole", "croatian", "cuban", "cypriot", "czech", "danish", "dominican", "dutch",
		"ecuadorian", "egyptian", "english", "eritrean", "estonian", "ethiopian", "european", "fijian", "filipino", "finnish", "flemish", "french", "georgian", "german", "ghanaian", "greek", "guatemalan", "haitian", "hawaiian", "honduran", "hungarian", "icelandic", "indian", "indonesian", "iranian", "iraqi", "irish",
		"israeli", "italian", "jamaican", "japanese", "jewish", "jordanian", "kazakh", "kenyan", "korean", "kosovan", "kurdish", "laotian", "latvian", "lebanese", "libyan", "lithuanian", "macedonian", "malay", "malaysian", "maltese", "mauritian", "mediterranean", "mexican", "moldovan", "mongolian", "moroccan",
		"nepalese", "nepali", "nicaraguan", "nigerian", "nordic", "norwegian", "oriental", "pakistani", "palestinian", "panamanian", "persian", "peruvian", "polish", "polynesian", "portuguese", "punjabi", "romanian", "russian", "salvadoran", "sardinian", "scandinavian", "scottish", "senegalese", "serbian", "sicilian",
		"singaporean", "slovak", "slovenian", "somali", "spanish", "sri lankan", "sudanese", "swedish", "swiss", "syrian", "taiwanese", "tanzanian", "thai", "tibetan", "tunisian", "turkish", "tuscan", "ugandan", "ukrainian", "uruguayan", "uzbek", "venezuelan", "vietnamese", "welsh", "yemeni", "zimbabwean":
		return true
	}
	return false
}

func sport(w string) bool {
	switch w {
	case "football", "american football", "soccer", "baseball", "basketball", "hockey", "ice hockey", "tennis", "golf", "rugby", "cricket", "boxing", "volleyball", "swimming", "cycling", "wrestling", "racing", "lacrosse", "softball", "badminton", "handball", "athletics", "mma", "skiing":
		return true
	}
	return false
}

package builtin

import "strings"

// cityAt returns how many tokens at i are the name of a large or often visited
// city, 0 when they are none. The list serves texts without capitals and
// prepositions; other places are known by those.
func (t text) cityAt(i int) int {
	for n := 3; n > 0; n-- {
		if i+n > len(t.toks) {
			continue
		}
		ok := true
		for k := i; k < i+n-1; k++ {
			ok = ok && (!t.toks[k].stop || t.toks[k].final == '.' && len(t.toks[k].low) <= 2)
		}
		if ok && city(t.lows(i, i+n)) {
			return n
		}
	}
	return 0
}

// lows joins tokens in lower case.
func (t text) lows(i, j int) string {
	if j == i+1 {
		return t.toks[i].low
	}
	var b strings.Builder
	for k := i; k < j; k++ {
		if k > i {
			b.WriteByte(' ')
		}
		b.WriteString(t.toks[k].low)
	}
	return b.String()
}

func city(name string) bool {
	switch name {
	case "new york", "new york city", "nyc", "los angeles", "la", "l.a", "chicago", "houston", "phoenix", "philadelphia", "philly", "san antonio", "san diego", "dallas", "san jose", "austin",
		"san francisco", "sf", "seattle", "denver", "washington", "washington dc", "washington d.c", "boston", "detroit", "nashville", "portland", "memphis", "las vegas", "vegas", "baltimore", "milwaukee", "albuquerque",
		"sacramento", "kansas city", "atlanta", "atl", "omaha", "colorado springs", "long beach", "miami", "oakland", "minneapolis", "tampa", "orlando", "new orleans", "cleveland", "pittsburgh", "st. louis", "saint louis", "cincinnati",
		"anaheim", "fresno", "san bernardino", "santa barbara", "santa rosa", "santa cruz", "santa monica", "berkeley", "palo alto", "mountain view", "sunnyvale", "honolulu", "salt lake city", "indianapolis", "charlotte", "raleigh", "brooklyn", "manhattan", "newark", "buffalo",
		"toronto", "vancouver", "montreal", "ottawa", "calgary", "mexico city", "cancun", "havana", "bogota", "lima", "santiago", "buenos aires", "rio de janeiro", "sao paulo",
		"london", "manchester", "birmingham", "leeds", "liverpool", "bristol", "edinburgh", "glasgow", "cardiff", "belfast", "dublin", "paris", "lyon", "marseille", "bordeaux", "brussels", "amsterdam", "rotterdam",
		"berlin", "hamburg", "munich", "frankfurt", "cologne", "vienna", "zurich", "geneva", "basel", "bern", "rome", "milan", "naples", "venice", "florence", "turin", "madrid", "barcelona", "valencia", "seville", "lisbon", "porto",
		"copenhagen", "stockholm", "oslo", "helsinki", "warsaw", "krakow", "prague", "budapest", "bucharest", "sofia", "athens", "istanbul", "ankara", "kyiv", "moscow", "st petersburg",
		"cairo", "casablanca", "marrakesh", "tunis", "lagos", "accra", "nairobi", "addis ababa", "johannesburg", "cape town", "dubai", "abu dhabi", "doha", "riyadh", "tel aviv", "jerusalem", "beirut", "amman", "tehran", "baghdad",
		"karachi", "lahore", "delhi", "new delhi", "mumbai", "bangalore", "bengaluru", "chennai", "hyderabad", "kolkata", "pune", "jaipur", "dhaka", "colombo", "kathmandu", "bangkok", "phuket", "kuala lumpur", "singapore", "jakarta", "bali", "manila", "hanoi", "ho chi minh city", "saigon", "phnom penh",
		"hong kong", "shanghai", "beijing", "guangzhou", "shenzhen", "taipei", "seoul", "busan", "tokyo", "osaka", "kyoto", "sydney", "melbourne", "brisbane", "perth", "adelaide", "auckland", "wellington":
		return true
	}
	return false
}

// cityOnly reports parameters that take a city or the like and no place in it.
func (p *param) cityOnly() bool {
	return p.kind == kindPlace && (p.wide || anyWord(p.label, "city", "town") || anyWord(p.desc, "city", "town"))
}

package builtin

// concept returns the idea behind a stemmed word, the word itself when it has no
// synonyms here. The list is short, general English; trades have their own words
// in the tools' descriptions.
func concept(stem string) string {
	switch stem {
	case "reserv", "reservation", "book", "schedul", "arrang", "appoint", "appointment", "slot":
		return "book"
	case "cancel", "cancellation", "annul":
		return "cancel"
	case "find", "search", "look", "lookup", "show", "brows", "list", "discover", "recommend", "suggest", "seek", "explor":
		return "find"
	case "check", "verify", "status", "retriev", "fetch", "query", "updat":
		return "check"
	case "chang", "modify", "reschedul", "mov", "edit", "switch", "amend", "postpon", "instead":
		return "change"
	case "pric", "cost", "fee", "charg", "fare", "rat", "expensiv", "quot", "quotation", "estimat":
		return "price"
	case "siz", "big", "larg", "huge", "measur":
		return "size"
	case "balanc", "fund":
		return "balance"
	case "account", "chequ", "saving":
		return "account"
	case "parcel", "packag", "shipment", "ship", "delivery", "deliver", "courier", "track", "consignment", "shipped":
		return "parcel"
	case "order", "purchas", "buy", "bought":
		return "order"
	case "refund", "return", "reimburs", "reimbursement":
		return "refund"
	case "pay", "payment", "transfer", "send", "remit":
		return "send"
	case "person", "human", "operator", "representativ", "colleagu", "staff", "receptionist":
		return "person"
	case "repair", "fix", "broken", "break", "fault", "faulty", "damag", "leak", "burst", "malfunction", "problem", "issu", "breakdown":
		return "repair"
	case "car", "vehicl", "auto", "automobil":
		return "car"
	case "doctor", "dr", "physician", "gp", "clinic", "medical", "practition":
		return "doctor"
	case "hom", "hous", "property", "flat", "apartment", "plac":
		return "home"
	case "movi", "film", "cinema", "theater", "theatr", "showtim":
		return "movie"
	case "song", "music", "listen", "album", "tun":
		return "music"
	case "restaurant", "eat", "dinner", "diner", "lunch", "food", "cuisin", "meal", "tabl", "brunch", "eatery":
		return "restaurant"
	case "hotel", "room", "stay", "accommodation", "lodg", "suit", "check-in":
		return "hotel"
	case "flight", "fly", "plan", "airlin", "airplan":
		return "flight"
	case "event", "concert", "gig", "festival":
		return "event"
	case "sport", "gam", "match", "basketball", "baseball", "football", "soccer", "hockey":
		return "sport"
	case "rid", "taxi", "cab", "lyft", "uber":
		return "ride"
	case "weather", "forecast", "rain", "temperatur", "humid", "humidity", "sunny":
		return "weather"
	case "wast", "trash", "garbag", "rubbish", "bin", "recycl", "junk":
		return "waste"
	case "sick", "ill", "absent", "absenc", "unwell", "fever":
		return "absence"
	case "class", "lesson", "cours", "session", "workout":
		return "class"
	case "complain", "complaint", "feedback":
		return "complain"
	case "attraction", "sight", "sightsee", "tourist", "landmark":
		return "attraction"
	case "haircut", "salon", "stylist", "hairdress", "barber", "hair":
		return "hair"
	case "rent", "rental", "hir", "leas":
		return "rent"
	case "bill", "invoic":
		return "bill"
	case "plumb", "plumber", "pip", "drain", "tap", "faucet", "sink", "toilet":
		return "plumber"
	case "messag", "note", "callback":
		return "message"
	case "stor", "shop", "branch", "outlet":
		return "shop"
	case "open", "clos", "hour":
		return "hours"
	case "wifi", "wi-fi", "internet", "wireless":
		return "wifi"
	case "shar", "shared", "carpool", "pool":
		return "share"
	case "smok", "smoker":
		return "smoke"
	case "pet", "dog", "cat", "animal":
		return "pet"
	case "furnish", "furnitur":
		return "furnish"
	case "therapist", "counselor", "counsellor", "psychologist", "psychiatrist":
		return "therapist"
	case "alarm", "wake":
		return "alarm"
	case "child", "children", "kid", "son", "daughter", "pupil", "student":
		return "child"
	case "stock", "availabl", "availability":
		return "available"
	case "dentist", "dental", "tooth", "teeth", "toothach":
		return "dentist"
	case "allergy", "allergic", "allergen", "intoleranc":
		return "allergy"
	case "expir", "expiration", "expiry", "valid":
		return "expire"
	}
	return stem
}

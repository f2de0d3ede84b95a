package relevance

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A term is something of a word that is matched: its stem, its beginning or what it is
// about. role is how much a match says.
type term struct {
	text string
	role float64
}

const (
	stemRole      = 1.0
	beginningRole = 0.4 // of words with different endings: cancel, cancellation
	topicRole     = 0.6 // of words that mean much the same: book, reserve
)

// beginning is how many letters of a word are its beginning.
const beginning = 5

// A lexicon is what is known of words.
type lexicon struct {
	stop   map[string]bool
	topics map[string][]string // of a stem
}

func newLexicon() lexicon {
	l := lexicon{map[string]bool{}, map[string][]string{}}
	for _, w := range stopWords() {
		l.stop[w] = true
	}
	for topic, list := range topics() {
		for _, w := range strings.Fields(list) {
			if s := stem(w); !slices.Contains(l.topics[s], topic) {
				l.topics[s] = append(l.topics[s], topic)
			}
		}
	}
	for _, t := range l.topics {
		slices.Sort(t)
	}
	return l
}

// terms are those of a text. Names such as order_id and orderId are split.
func (l lexicon) terms(text string) []term {
	var out []term
	for _, w := range words(text) {
		if l.stop[w] {
			continue
		}
		s := stem(w)
		out = append(out, term{s, stemRole})
		if r := []rune(w); len(r) >= beginning {
			out = append(out, term{string(r[:beginning]) + "*", beginningRole})
		}
		for _, topic := range l.topics[s] {
			out = append(out, term{topic, topicRole})
		}
	}
	return out
}

// words are the words of a text in small letters without accents. Scripts without
// spaces give pairs of letters.
func words(text string) []string {
	var out []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			out = append(out, string(word))
			word = nil
		}
	}
	var before, last rune // the letter before; the last of a script without spaces
	for _, r := range norm.NFD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r): // an accent
			continue
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
			end()
			if last != 0 {
				out = append(out, string([]rune{last, r}))
			}
			before, last = r, r
			continue
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’':
			end()
		case r == '\'' || r == '’': // don't, o'clock
		default:
			if unicode.IsUpper(r) && unicode.IsLower(before) {
				end()
			}
			word = append(word, unicode.ToLower(r))
		}
		before, last = r, 0
	}
	end()
	return out
}

// stem takes off endings that do not change what a word is about. Too much or too
// little does no harm as long as it is the same on both sides.
func stem(w string) string {
	if len(w) < 4 {
		return w
	}
	for _, e := range [][2]string{{"ies", "y"}, {"sses", "ss"}, {"ches", "ch"}, {"shes", "sh"}, {"xes", "x"}, {"ss", "ss"}, {"us", "us"}, {"s", ""}} {
		if strings.HasSuffix(w, e[0]) {
			w = strings.TrimSuffix(w, e[0]) + e[1]
			break
		}
	}
	for _, e := range []string{"ations", "ation", "ments", "ment", "ings", "ing", "ions", "ion", "ers", "er", "ed", "ly", "al", "e"} {
		if s := strings.TrimSuffix(w, e); s != w && len(s) >= 3 {
			w = s
			break
		}
	}
	if n := len(w); n > 3 && w[n-1] == w[n-2] && w[n-1] != 's' { // cancell, stopp
		w = w[:n-1]
	}
	return w
}

// stopWords say nothing about what somebody wants.
func stopWords() []string {
	return []string{"a", "an", "the", "and", "or", "but", "if", "of", "to", "in", "on", "at", "by", "for", "from", "with", "as", "is", "are", "am", "be", "been", "was", "were", "do", "does", "did", "done",
		"have", "has", "had", "can", "could", "would", "should", "will", "shall", "may", "might", "must", "i", "im", "ive", "id", "ill", "me", "my", "mine", "we", "our", "us", "you", "your", "youre", "he", "she", "his", "her", "it", "its", "they", "them", "their",
		"this", "that", "these", "those", "there", "here", "what", "which", "who", "how", "why", "so", "than", "then", "too", "very", "just", "also", "please", "thanks", "thank", "hi", "hello", "hey", "ok", "okay", "yes", "no", "not", "dont", "cant", "wont",
		"use", "when", "customer", "caller", "callers", "customers", "someone", "somebody", "asks", "ask", "wants", "want", "need", "needs", "like", "get", "got", "go", "going", "know", "tell", "let", "about", "some", "any", "up", "out", "into", "one", "s", "t", "whether", "id"}
}

// topics are groups of words that mean much the same to a business and to who calls it.
// Words stand for all that have their stem.
func topics() map[string]string {
	return map[string]string{
		"#book":      "book booking reserve reservation schedule appointment arrange slot visit",
		"#cancel":    "cancel cancellation scrap drop stop terminate unsubscribe end withdraw",
		"#change":    "change move reschedule postpone shift modify update amend switch edit bring forward earlier later",
		"#price":     "price cost charge fee rate much expensive cheap quote estimate pay tariff",
		"#hours":     "hours open opening close closing closed time holiday",
		"#place":     "where address location directions parking located near nearest branch",
		"#track":     "track tracking status where arrive arrived progress shipped shipment parcel package delivery deliver delivered courier",
		"#refund":    "refund return back reimburse money",
		"#complain":  "complain complaint unhappy terrible awful rude feedback",
		"#broken":    "broken break repair fix fixed leak leaking drip fault faulty burst damage damaged problem issue wrong working crack cracked scratch scratched dent blocked",
		"#pay":       "pay payment paid bill invoice settle owe due",
		"#lost":      "lost lose stolen steal missing forgot left behind theft",
		"#free":      "available availability free vacancy vacant left stock spare",
		"#person":    "person human agent someone staff representative colleague manager operator",
		"#vehicle":   "car vehicle auto van truck automobile",
		"#doctor":    "doctor physician gp dentist nurse clinician",
		"#medicine":  "prescription medicine medication tablets pills drug refill repeat",
		"#ill":       "symptom symptoms ill sick fever pain hurt hurts ache emergency urgent temperature cough cold rash dizzy absent",
		"#food":      "food meal dish dishes eat menu dinner lunch vegetarian vegan allergy allergies allergic",
		"#account":   "account balance statement transactions money",
		"#card":      "card credit debit block freeze",
		"#send":      "send email mail text post copy forward",
		"#student":   "child son daughter pupil student kid",
		"#teach":     "teacher teaching lesson class course",
		"#waste":     "rubbish trash garbage bin bins waste recycling collection bulky",
		"#permit":    "permit licence license permission application register registration",
		"#late":      "late delay delayed running behind supposed waiting turn turned",
		"#room":      "room suite bed night stay accommodation",
		"#table":     "table seat party people guests",
		"#loan":      "loan mortgage borrow lend",
		"#heat":      "heating boiler radiator heater hot water",
		"#toilet":    "toilet drain sink tap pipe shower plumbing",
		"#discount":  "discount voucher coupon code promotion offer loyalty points",
		"#size":      "size fit bigger smaller colour color",
		"#extend":    "extend extension longer extra prolong keep renew renewal",
		"#absent":    "absent absence sick away miss missing",
		"#document":  "document paper certificate passport birth marriage form proof copy",
		"#tax":       "tax council rates property",
		"#insure":    "insurance insured cover coverage excess deductible claim",
		"#luggage":   "luggage bag bags suitcase baggage",
		"#gift":      "gift present wrap wrapped",
		"#parking":   "park parking garage space spot",
		"#password":  "password login log sign access pin unlock locked",
		"#result":    "result results test blood lab scan grade grades mark marks report",
		"#pickup":    "pick pickup collect collection fetch",
		"#currency":  "currency foreign euro dollar pound yen franc exchange rate abroad",
		"#marry":     "marry married marriage wedding bride groom couple",
		"#clothes":   "clothes clothing shoe shirt jumper dress trousers jacket coat uniform fit tight loose large small medium size",
		"#dish":      "dish dishes food meal menu pizza curry fish chicken burger soup salad sandwich steak pasta rice dessert cook cold taste tasted undercooked order takeaway kitchen",
		"#sign":      "sign signed signature proof",
		"#home":      "home house address neighbour neighbor door next safe place office flat apartment",
		"#guests":    "guest people person party us adults number",
		"#again":     "again retry another attempt redeliver missed miss nobody",
		"#fault":     "fault problem noise noisy work broken loud smell air conditioning condition lamp heating",
		"#subject":   "math maths science history english french chemistry physics music subject teacher lesson",
		"#term":      "term holiday break easter christmas summer half start begin end date",
		"#drop":      "drop return hand bring elsewhere branch another rather",
		"#mailing":   "mailing newsletter list email unsubscribe subscribe",
		"#blocked":   "blocked clogged drain toilet loo sink unblock overflow empty",
		"#overnight": "overnight park parking leave car night",
		"#off":       "cancel off drop call list",
		"#checkup":   "checkup check-up examination appointment check visit",
	}
}

package spoken_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"callwright/internal/spoken"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// newYork is Friday, 2026-11-20 15:00 there.
func newYork(t testing.TB) spoken.Context {
	return spoken.Context{Now: time.Date(2026, 11, 20, 15, 0, 0, 0, zone(t, "America/New_York")), Region: "US"}
}

func berlin(t testing.TB) spoken.Context {
	return spoken.Context{Now: time.Date(2026, 11, 20, 15, 0, 0, 0, zone(t, "Europe/Berlin")), Region: "DE"}
}

// in is a place in another country at the same time as New York.
func in(t testing.TB, region string) spoken.Context {
	c := newYork(t)
	c.Region = region
	return c
}

// A wording is what somebody says, and what is to leave; "" is an error.
type wording struct{ text, want string }

func readAll(t *testing.T, format string, c spoken.Context, cases []wording) {
	t.Helper()
	for _, w := range cases {
		got, err := spoken.Read(format, w.text, c)
		judge(t, format, w, got, err)
	}
}

func judge(t *testing.T, format string, w wording, got string, err error) {
	t.Helper()
	if (err == nil) != (w.want != "") || got != w.want {
		t.Errorf("%s %q: got %q, %v; want %q", format, w.text, got, err, w.want)
	}
	if err == nil {
		return
	}
	if m := err.Error(); !strings.HasPrefix(m, "must ") || !strings.Contains(m, "such as ") {
		t.Errorf("%s %q: got the error %q, want what must be, with an example", format, w.text, m)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	readAll(t, "date", newYork(t), []wording{
		{"2026-12-01", "2026-12-01"}, {"20261201", "2026-12-01"}, {"2026/12/1", "2026-12-01"},
		{"today", "2026-11-20"}, {"tonight", "2026-11-20"}, {"this afternoon", "2026-11-20"}, {"tomorrow", "2026-11-21"}, {"Tomorrow.", "2026-11-21"}, {"tomorrow morning", "2026-11-21"},
		{"um, tomorrow please", "2026-11-21"}, {"yesterday", "2026-11-19"}, {"the day after tomorrow", "2026-11-22"}, {"day before yesterday", "2026-11-18"},
		{"Friday", "2026-11-27"}, {"this Friday", "2026-11-20"}, {"next Friday", "2026-11-27"}, {"last Friday", "2026-11-13"}, {"on Tuesday", "2026-11-24"}, {"next Tuesday", "2026-11-24"},
		{"this coming Saturday", "2026-11-21"}, {"next Saturday", "2026-11-28"}, {"Tuesday next week", "2026-11-24"}, {"next week on Thursday", "2026-11-26"}, {"the Tuesday after next", "2026-12-01"},
		{"last Thursday", "2026-11-19"}, {"Friday the 27th", "2026-11-27"}, {"Friday, November 27", "2026-11-27"}, {"Friday the 27th of November", "2026-11-27"}, {"Tuesday, 2026-11-24", "2026-11-24"},
		{"the 3rd of May", "2027-05-03"}, {"May 3", "2027-05-03"}, {"May the third", "2027-05-03"}, {"3 May 2027", "2027-05-03"}, {"May 3rd, 2028", "2028-05-03"}, {"the twenty-first of June", "2027-06-21"},
		{"Nov. 24, 2026", "2026-11-24"}, {"24-Nov-2026", "2026-11-24"}, {"november 20", "2026-11-20"}, {"November nineteenth", "2027-11-19"}, {"December twenty fifth", "2026-12-25"},
		{"March third, twenty twenty-seven", "2027-03-03"}, {"the third of May nineteen eighty four", "1984-05-03"}, {"May 3, nineteen oh five", "1905-05-03"}, {"May 3, two thousand and twenty seven", "2027-05-03"},
		{"3/5", "2027-03-05"}, {"15/3", "2027-03-15"}, {"3/5/27", "2027-03-05"}, {"3-5-2027", "2027-03-05"}, {"5/3/84", "1984-05-03"}, {"Feb 29", "2028-02-29"},
		{"in two weeks", "2026-12-04"}, {"in a month", "2026-12-20"}, {"two months from now", "2027-01-20"}, {"in a year", "2027-11-20"}, {"a week from Friday", "2026-12-04"}, {"three weeks from tomorrow", "2026-12-12"},
		{"in two weeks' time", "2026-12-04"}, {"a fortnight from today", "2026-12-04"}, {"10 days ago", "2026-11-10"}, {"two days before Christmas", "2026-12-23"}, {"a week after May 3", "2027-05-10"},
		{"the end of the month", "2026-11-30"}, {"end of next month", "2026-12-31"}, {"end of February", "2027-02-28"}, {"the last day of May 2028", "2028-05-31"}, {"end of the year", "2026-12-31"},
		{"the first of next month", "2026-12-01"}, {"the 5th of next month", "2026-12-05"}, {"the 3rd", "2026-12-03"}, {"the 20th", "2026-11-20"}, {"the thirty first", "2026-12-31"},
		{"the first Monday of December", "2026-12-07"}, {"last Friday of the month", "2026-11-27"}, {"the second Tuesday in May 2027", "2027-05-11"}, {"Christmas Eve", "2026-12-24"}, {"New Year's Day", "2027-01-01"},
		// impossible
		{"February 30", ""}, {"2026-02-30", ""}, {"11/31", ""}, {"2/29/2027", ""}, {"the 31st of June", ""}, {"the 32nd", ""}, {"Friday the 28th", ""}, {"Friday, November 28", ""}, {"the fifth Monday of December", ""},
		{"0026-11-20", ""}, {"in 1000 years", ""}, {"13/13/2026", ""}, {"2026-13-01", ""},
		// not one day
		{"", ""}, {"soon", ""}, {"next week", ""}, {"in May", ""}, {"tomorrow or Friday", ""}, {"not Tuesday", ""}, {"tomorrow at five", ""}, {"two weeks", ""}, {"the weekend", ""}, {"twelve", ""}, {"5", ""},
		{"2026-11-20T15:00:00Z", ""}, {"Friday week", ""}, {"3.5", ""}, {strings.Repeat("tomorrow ", 200), ""},
	})
}

// A month from the last day of January is the last one of February.
func TestMonthsStayWithinMonths(t *testing.T) {
	t.Parallel()
	c := newYork(t)
	c.Now = time.Date(2027, 1, 31, 9, 0, 0, 0, c.Now.Location())
	readAll(t, "date", c, []wording{{"in a month", "2027-02-28"}, {"in 13 months", "2028-02-29"}, {"in three months", "2027-04-30"}, {"a month ago", "2026-12-31"}, {"the 30th", "2027-03-30"}})
}

// The day is the agent's, whatever it is elsewhere.
func TestDayOfTheZone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 3, 30, 0, 0, time.UTC)
	for name, want := range map[string]string{"America/New_York": "2026-11-21", "Europe/Berlin": "2026-11-22", "Pacific/Auckland": "2026-11-22", "Pacific/Honolulu": "2026-11-21"} {
		readAll(t, "date", spoken.Context{Now: now.In(zone(t, name))}, []wording{{"tomorrow", want}})
	}
}

func TestDatesByRegion(t *testing.T) {
	t.Parallel()
	for region, cases := range map[string][]wording{
		"GB": {{"3/5", "2027-05-03"}, {"3/15", "2027-03-15"}, {"3/5/2027", "2027-05-03"}, {"Friday week", "2026-12-04"}, {"tomorrow week", "2026-11-28"}},
		"DE": {{"3.5.", "2027-05-03"}, {"3.5.27", "2027-05-03"}, {"24.12.", "2026-12-24"}, {"31.11.", ""}},
		"JP": {{"3/5", "2027-03-05"}, {"2027/3/5", "2027-03-05"}},
		"":   {{"3/5", "2027-03-05"}},
	} {
		readAll(t, "date", in(t, region), cases)
	}
}

// A date of birth lies behind.
func TestPastDates(t *testing.T) {
	t.Parallel()
	c := newYork(t)
	c.Past = true
	readAll(t, "date", c, []wording{{"May 3", "2026-05-03"}, {"December 3", "2025-12-03"}, {"3/5", "2026-03-05"}, {"the 21st", "2026-10-21"}, {"Tuesday", "2026-11-17"}, {"November 20", "2026-11-20"}, {"May 3, 1984", "1984-05-03"}, {"February 30", ""}})
}

func TestTimes(t *testing.T) {
	t.Parallel()
	readAll(t, "time", newYork(t), []wording{
		{"16:30", "16:30"}, {"05:30", "05:30"}, {"00:00", "00:00"}, {"23:59", "23:59"}, {"16:30:00", "16:30"}, {"16:30:00Z", "16:30:00Z"}, {"16:30:00+01:00", "16:30:00+01:00"},
		{"4 pm", "16:00"}, {"4pm", "16:00"}, {"4:30 p.m.", "16:30"}, {"11 AM", "11:00"}, {"12 am", "00:00"}, {"12 pm", "12:00"}, {"12:30 am", "00:30"}, {"430 pm", "16:30"}, {"1230 am", "00:30"},
		{"noon", "12:00"}, {"midday", "12:00"}, {"midnight", "00:00"}, {"12 noon", "12:00"},
		{"half past four", "16:30"}, {"half four", "16:30"}, {"quarter to six", "17:45"}, {"a quarter past five", "17:15"}, {"quarter of six", "17:45"}, {"ten to three", "14:50"}, {"ten minutes to 3", "14:50"},
		{"twenty past eight", "08:20"}, {"quarter to one", "12:45"}, {"quarter to midnight", "23:45"}, {"ten past noon", "12:10"}, {"quarter to one at night", "00:45"}, {"five to seven", "18:55"},
		{"four thirty", "16:30"}, {"four oh five", "16:05"}, {"eleven fifteen", "11:15"}, {"seventeen thirty", "17:30"}, {"twenty thirty", "20:30"}, {"4 30", "16:30"}, {"sixteen hundred hours", "16:00"},
		{"oh nine hundred", "09:00"}, {"oh eight thirty", "08:30"}, {"1630", "16:30"}, {"four o'clock", "16:00"}, {"five o'clock sharp", "17:00"}, {"16h30", "16:30"}, {"4.30", "16:30"},
		// half of the day: said, or when people make appointments
		{"at five", "17:00"}, {"one", "13:00"}, {"six thirty", "18:30"}, {"seven", "07:00"}, {"eleven", "11:00"}, {"twelve", "12:00"}, {"5:30", "17:30"}, {"around 5", "17:00"},
		{"seven in the evening", "19:00"}, {"eight at night", "20:00"}, {"three in the morning", "03:00"}, {"in the afternoon at three", "15:00"}, {"two at night", "02:00"}, {"this evening at seven", "19:00"},
		// relative to now
		{"now", "15:00"}, {"in two hours", "17:00"}, {"in half an hour", "15:30"}, {"20 minutes from now", "15:20"}, {"an hour ago", "14:00"},
		// impossible
		{"25:00", ""}, {"24:00", ""}, {"16:60", ""}, {"16:30 am", ""}, {"0:30 pm", ""}, {"two in the evening", ""}, {"half past thirty", ""},
		// not one time
		{"", ""}, {"evening", ""}, {"later", ""}, {"5 to 7", ""}, {"four or five", ""}, {"tomorrow at five", ""}, {"16:30:15", ""}, {"in two days", ""}, {"ninety", ""}, {"between 4 and 5", ""},
	})
}

func TestDateTimes(t *testing.T) {
	t.Parallel()
	readAll(t, "date-time", newYork(t), []wording{
		{"2026-11-21T16:30:00-05:00", "2026-11-21T16:30:00-05:00"}, {"2026-11-21T16:30:00Z", "2026-11-21T16:30:00Z"}, {"2026-11-21t16:30:00.250z", "2026-11-21T16:30:00.250Z"},
		{"2026-11-21T16:30", "2026-11-21T16:30:00-05:00"}, {"2026-11-21 16:30:05", "2026-11-21T16:30:05-05:00"}, {"2026-11-21 16:30:00Z", "2026-11-21T16:30:00Z"},
		{"tomorrow at half past four", "2026-11-21T16:30:00-05:00"}, {"half past four tomorrow", "2026-11-21T16:30:00-05:00"}, {"tomorrow 4:30pm", "2026-11-21T16:30:00-05:00"},
		{"next Tuesday at ten", "2026-11-24T10:00:00-05:00"}, {"noon on Friday", "2026-11-27T12:00:00-05:00"}, {"Friday the 27th at nine thirty", "2026-11-27T09:30:00-05:00"},
		{"tonight at eight", "2026-11-20T20:00:00-05:00"}, {"midnight tonight", "2026-11-21T00:00:00-05:00"}, {"Friday night at 12", "2026-11-28T00:00:00-05:00"}, {"this evening at 7", "2026-11-20T19:00:00-05:00"},
		{"three tomorrow afternoon", "2026-11-21T15:00:00-05:00"}, {"tomorrow afternoon at three", "2026-11-21T15:00:00-05:00"}, {"tomorrow at eight in the evening", "2026-11-21T20:00:00-05:00"},
		{"May 3 4 pm", "2027-05-03T16:00:00-04:00"}, {"the 3rd of May at noon", "2027-05-03T12:00:00-04:00"}, {"the 3rd at 4", "2026-12-03T16:00:00-05:00"}, {"5/3 at 9:15 am", "2027-05-03T09:15:00-04:00"},
		{"in two hours", "2026-11-20T17:00:00-05:00"}, {"in an hour and a half", "2026-11-20T16:30:00-05:00"}, {"in ten hours", "2026-11-21T01:00:00-05:00"}, {"now", "2026-11-20T15:00:00-05:00"}, {"in two days at 5", "2026-11-22T17:00:00-05:00"},
		{"2026-11-27 at 16:30", "2026-11-27T16:30:00-05:00"},
		// the clocks skip an hour, and show another twice
		{"March 14, 2027 at 2:30 am", ""}, {"2027-03-14T02:00", ""}, {"2027-03-14T03:00", "2027-03-14T03:00:00-04:00"}, {"2027-03-14T01:59", "2027-03-14T01:59:00-05:00"},
		{"2026-11-01 01:30", "2026-11-01T01:30:00-04:00"}, {"November 7, 2027 at 1:30 am", "2027-11-07T01:30:00-04:00"}, {"2027-11-07T02:00", "2027-11-07T02:00:00-05:00"},
		// not a day and a time
		{"", ""}, {"tomorrow", ""}, {"at five", ""}, {"2026-11-21", ""}, {"tomorrow morning", ""}, {"tomorrow morning at 5 pm", ""}, {"tomorrow at 24:00", ""}, {"February 30 at noon", ""}, {"tomorrow between 4 and 5", ""},
		{"2026-11-21T5:30:00Z", ""}, {"2026-11-21T25:00:00Z", ""}, {"0001-01-01T00:00:00Z", ""},
	})
	readAll(t, "date-time", berlin(t), []wording{
		{"tomorrow at noon", "2026-11-21T12:00:00+01:00"}, {"28. März 2027 um 2:30 am", ""}, {"2027-03-28 02:30", ""}, {"2027-03-28 03:00", "2027-03-28T03:00:00+02:00"}, {"2026-10-25 02:30", "2026-10-25T02:30:00+02:00"},
	})
	howe := newYork(t)
	howe.Now = time.Date(2026, 11, 20, 15, 0, 0, 0, zone(t, "Australia/Lord_Howe")) // changes by half an hour
	readAll(t, "date-time", howe, []wording{{"2027-10-03 02:15", ""}, {"2027-10-03 02:30", "2027-10-03T02:30:00+11:00"}, {"2027-04-04 01:45", "2027-04-04T01:45:00+11:00"}})
}

func TestDurations(t *testing.T) {
	t.Parallel()
	readAll(t, "duration", newYork(t), []wording{
		{"PT1H30M", "PT1H30M"}, {"PT90M", "PT90M"}, {"p2w", "P2W"}, {"P1Y2M3DT4H5M6S", "P1Y2M3DT4H5M6S"}, {"PT1.5H", "PT1H30M"},
		{"90 minutes", "PT1H30M"}, {"an hour and a half", "PT1H30M"}, {"one and a half hours", "PT1H30M"}, {"1.5 hours", "PT1H30M"}, {"2½ hours", "PT2H30M"}, {"two and a half days", "P2DT12H"},
		{"half an hour", "PT30M"}, {"a quarter of an hour", "PT15M"}, {"three quarters of an hour", "PT45M"}, {"an hour and a quarter", "PT1H15M"}, {"an hour and fifteen minutes", "PT1H15M"}, {"one hour thirty", "PT1H30M"},
		{"1h30", "PT1H30M"}, {"1h 30m", "PT1H30M"}, {"45 min", "PT45M"}, {"2 hours, 5 minutes and 10 seconds", "PT2H5M10S"}, {"a couple of hours", "PT2H"}, {"about an hour", "PT1H"}, {"for two nights", "P2D"},
		{"two weeks", "P14D"}, {"a fortnight", "P14D"}, {"six months", "P6M"}, {"a year and a half", "P1Y6M"}, {"36 hours", "PT36H"}, {"0 minutes", "PT0S"},
		{"", ""}, {"90", ""}, {"a while", ""}, {"half a month", ""}, {"half a second", ""}, {"minus two hours", ""}, {"PT", ""}, {"P", ""}, {"P1WT1H", ""}, {"PT1M1H", ""}, {"10 to 15 minutes", ""}, {"all day", ""}, {"9999999999 hours", ""},
	})
}

func TestMoney(t *testing.T) {
	t.Parallel()
	readAll(t, "money", newYork(t), []wording{
		{"12.50", "12.50"}, {"20", "20.00"}, {"20.5", "20.50"}, {".50", "0.50"}, {"$1,200.50", "1200.50"}, {"$20", "20.00"}, {"20 $", "20.00"}, {"US$ 20", "20.00"}, {"20 USD", "20.00"}, {"-$5", "-5.00"}, {"$2k", "2000.00"},
		{"twenty dollars and fifty cents", "20.50"}, {"twenty dollars fifty", "20.50"}, {"twenty dollars and five cents", "20.05"}, {"a dollar fifty", "1.50"}, {"fifty cents", "0.50"}, {"a penny", "0.01"}, {"a hundred bucks", "100.00"},
		{"five hundred", "500.00"}, {"two hundred fifty", "250.00"}, {"twelve hundred fifty", "1250.00"}, {"two grand", "2000.00"}, {"half a million", "500000.00"}, {"one and a half million dollars", "1500000.00"},
		{"twelve fifty", "12.50"}, {"nineteen ninety-five", "19.95"}, {"twelve oh five", "12.05"}, {"12 50", "12.50"}, {"five hundred twelve fifty", "512.50"}, {"twenty-five", "25.00"}, {"about twenty dollars", "20.00"},
		{"minus five dollars", "-5.00"}, {"1.200,50 €", "1200.50 EUR"}, {"20 euros", "20.00 EUR"}, {"£5", "5.00 GBP"}, {"5 quid", "5.00 GBP"}, {"three pounds 20", "3.20 GBP"}, {"CHF 20.-", "20.00 CHF"}, {"20.00 EUR", "20.00 EUR"},
		{"12,50", "12.50"}, {"1 200.50", "1200.50"},
		{"", ""}, {"free", ""}, {"20.505", ""}, {"1.000", ""}, {"€ 1.200", ""}, {"20 dollars or 30", ""}, {"a lot", ""}, {"007", ""}, {"$12.3.4", ""}, {"1,2,3", ""}, {"10-20 dollars", ""}, {"$5 euros 3", ""}, {"€5 dollars", ""}, {"nine trillion", ""},
	})
	for region, cases := range map[string][]wording{
		"DE": {{"1.200,50 €", "1200.50"}, {"1.000", "1000.00"}, {"1200.50", "1200.50"}, {"zwölf fünfzig", "12.50"}, {"zwanzig Euro fünfzig", "20.50"}, {"20 dollars", "20.00 USD"}, {"1,000", ""}},
		"CH": {{"1'200.50", "1200.50"}, {"zwanzig Franken fünfzig", "20.50"}},
		"CA": {{"$20", "20.00"}, {"20 USD", "20.00 USD"}},
		"IN": {{"₹ 1,00,000.50", "100000.50"}},
		"FR": {{"vingt euros cinquante", "20.50"}, {"1 200,50 €", "1200.50"}, {"deux cents euros", "200.00"}},
		"ES": {{"veinte euros con cincuenta", "20.50"}},
	} {
		readAll(t, "money", in(t, region), cases)
	}
}

func TestPhones(t *testing.T) {
	t.Parallel()
	for region, cases := range map[string][]wording{
		"US": {
			{"+12125550123", "+12125550123"}, {"(212) 555-0123", "+12125550123"}, {"212.555.0123", "+12125550123"}, {"1-212-555-0123", "+12125550123"}, {"tel:+1-212-555-0123", "+12125550123"},
			{"two one two five five five oh one two three", "+12125550123"}, {"two one two, five five five, oh one two three", "+12125550123"}, {"two twelve five fifty five oh one twenty three", "+12125550123"},
			{"two one two triple five zero one two three", "+12125550123"}, {"eight hundred five five five oh one nine nine", "+18005550199"}, {"one eight hundred five five five oh one nine nine", "+18005550199"},
			{"my number is 212 555 0123", "+12125550123"}, {"area code 212, 555 0123", "+12125550123"}, {"yes, it's 212 555 0123 please", "+12125550123"},
			{"+44 (0)20 7946 0958", "+442079460958"}, {"011 44 20 7946 0958", "+442079460958"}, {"plus four four two oh seven nine four six oh nine five eight", "+442079460958"},
			{"", ""}, {"555-0142", ""}, {"911", ""}, {"123 456 7890", ""}, {"212 555 01234", ""}, {"212 555 0123 ext 12", ""}, {"call me maybe", ""}, {"double five", ""}, {"212 555 0123 or 212 555 0124", ""}, {"+999 1234567", ""}, {"not 212 555 0123", ""},
		},
		"GB": {{"020 7946 0958", "+442079460958"}, {"oh two oh, seven nine four six, oh nine five eight", "+442079460958"}, {"oh double seven double oh nine double oh one two three", "+447700900123"}, {"7946 0958", ""}},
		"DE": {{"030 12345678", "+493012345678"}, {"null drei null eins zwei drei vier fünf sechs sieben acht", "+493012345678"}, {"0049 30 12345678", "+493012345678"}, {"000000", ""}},
		"FR": {{"01 23 45 67 89", "+33123456789"}, {"zéro un vingt-trois quarante-cinq soixante-sept quatre-vingt-neuf", "+33123456789"}},
		"ES": {{"nueve uno dos tres cuatro cinco seis siete ocho", "+34912345678"}},
		"IT": {{"06 1234 5678", "+390612345678"}},
		"":   {{"+12125550123", "+12125550123"}, {"212 555 0123", ""}},
	} {
		readAll(t, "phone", in(t, region), cases)
	}
}

func TestEmails(t *testing.T) {
	t.Parallel()
	readAll(t, "email", newYork(t), []wording{
		{"ada@example.com", "ada@example.com"}, {"Ada.Lovelace@Example.COM", "Ada.Lovelace@example.com"}, {"Ada Lovelace <ada@example.com>", "ada@example.com"}, {"mailto:ada@example.com", "ada@example.com"},
		{"ada @ example.com", "ada@example.com"}, {"my email is ada@example.com.", "ada@example.com"}, {"o'neil+shop@mail.example.co.uk", "o'neil+shop@mail.example.co.uk"},
		{"ada at example dot com", "ada@example.com"}, {"ada dot lovelace at example dot com", "ada.lovelace@example.com"}, {"ada underscore l at example dot co dot uk", "ada_l@example.co.uk"},
		{"ada dash l at mail dash box dot example dot com", "ada-l@mail-box.example.com"}, {"ada plus shop at example.com", "ada+shop@example.com"}, {"ada forty two at example dot com", "ada42@example.com"},
		{"j o e nine nine at gmail dot com", "joe99@gmail.com"}, {"it's ada at example dot com, all lowercase", "ada@example.com"}, {"info at example dot org please", "info@example.org"},
		{"ada arroba example punto com", "ada@example.com"}, {"ada unterstrich l at example punkt de", "ada_l@example.de"},
		{"", ""}, {"ada", ""}, {"ada@example", ""}, {"ada at gmail", ""}, {"ada@@example.com", ""}, {"a..b@example.com", ""}, {".a@example.com", ""}, {"ada@exa mple.com", ""}, {"ada@-example.com", ""}, {"ada@example.c", ""},
		{"ada@example.com, bob@example.com", ""}, {"ada@[10.0.0.1]", ""}, {"ada@example.com\nBcc: bob@example.com", ""}, {"at example dot com", ""}, {strings.Repeat("a", 65) + "@example.com", ""}, {"ada@1.2.3.4", ""},
	})
}

func TestPostalCodes(t *testing.T) {
	t.Parallel()
	for region, cases := range map[string][]wording{
		"US": {{"90210", "90210"}, {"02134", "02134"}, {"nine oh two one oh", "90210"}, {"90210-1234", "90210-1234"}, {"902101234", "90210-1234"}, {"nine oh two one oh dash one two three four", "90210-1234"}, {"my zip code is 90210", "90210"},
			{"double nine double oh one", "99001"}, {"K1A 0B1", "K1A 0B1"}, {"sw1a 1aa", "SW1A 1AA"}, {"9021", ""}, {"902101", ""}, {"ABC", ""}, {"", ""}, {"90210 or 90211", ""}},
		"CA": {{"k1a0b1", "K1A 0B1"}, {"kilo one alpha zero bravo one", "K1A 0B1"}, {"K one A oh B one", "K1A 0B1"}, {"D1A 0B1", ""}, {"90210", ""}},
		"GB": {{"sw1a1aa", "SW1A 1AA"}, {"S W one A, one A A", "SW1A 1AA"}, {"M1 1AE", "M1 1AE"}, {"B33 8TH", "B33 8TH"}, {"SO15 2AB", "SO15 2AB"}, {"o x one two j d", "OX1 2JD"}, {"EC1A 1BB", "EC1A 1BB"}, {"SW1A OAA", "SW1A 0AA"}, {"SW1A 1CC", ""}, {"12345", ""}},
		"DE": {{"10115", "10115"}, {"D-10115", "10115"}, {"eins null eins eins fünf", "10115"}, {"1011", ""}, {"00115", ""}},
		"FR": {{"75001", "75001"}, {"F-75001", "75001"}, {"soixante-quinze zéro zéro un", "75001"}, {"99001", ""}},
		"ES": {{"28001", "28001"}, {"53001", ""}},
		"IT": {{"00118", "00118"}, {"0118", ""}},
		"AT": {{"1010", "1010"}, {"A-1010", "1010"}, {"ten ten", "1010"}, {"0010", ""}},
		"CH": {{"CH-8001", "8001"}, {"80011", ""}},
		"NL": {{"1012js", "1012 JS"}, {"0012 JS", ""}},
		"PT": {{"1000-205", "1000-205"}, {"1000205", "1000-205"}, {"1000", ""}},
		"AU": {{"2000", "2000"}, {"0200", "0200"}, {"0100", ""}},
		"SE": {{"114 55", "114 55"}, {"114  55 ", "114 55"}, {"lt-01100", "LT-01100"}, {"abc", ""}, {"1", ""}, {"1234567890123", ""}},
	} {
		readAll(t, "postal-code", in(t, region), cases)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	readAll(t, "address", newYork(t), []wording{
		{"12 Main Street, Springfield", "12 Main Street, Springfield"}, {" 12   Main\tStreet , ", "12 Main Street"}, {"221B Baker Street\nLondon", "221B Baker Street, London"}, {"my address is 12 Main Street", "12 Main Street"},
		{"I live at 12 Main Street", "12 Main Street"}, {"twelve main street", "twelve main street"}, {"Main Street", "Main Street"}, {"Hauptstraße", "Hauptstraße"}, {"PO Box 12", "PO Box 12"}, {"10115 Berlin, Unter den Linden 5", "10115 Berlin, Unter den Linden 5"},
		{"5 rue de la Paix", "5 rue de la Paix"}, {"Calle Mayor", "Calle Mayor"},
		{"", ""}, {"Springfield", ""}, {"12", ""}, {"yes", ""}, {"home", ""}, {"ada@example.com 12", ""}, {"<b>12 Main Street</b>", ""}, {"12 Main\x00Street", ""}, {"1 " + strings.Repeat("x", 300), ""},
	})
}

func TestPersonNames(t *testing.T) {
	t.Parallel()
	readAll(t, "person-name", newYork(t), []wording{
		{"Ada Lovelace", "Ada Lovelace"}, {"ada lovelace", "Ada Lovelace"}, {"ADA LOVELACE", "Ada Lovelace"}, {"my name is Ada Lovelace", "Ada Lovelace"}, {"My name's Ada.", "Ada"}, {"this is Ada Lovelace speaking", "Ada Lovelace"},
		{"Um, it's Ada", "Ada"}, {"call me Ishmael, please", "Ishmael"}, {"Lovelace, Ada", "Ada Lovelace"}, {"Martin Luther King, Jr.", "Martin Luther King Jr."}, {"J. R. R. Tolkien", "J. R. R. Tolkien"}, {"Dr. Ada Lovelace", "Dr. Ada Lovelace"},
		{"ludwig van beethoven", "Ludwig van Beethoven"}, {"AJ SMITH III", "AJ Smith III"}, {"o'brien", "O'Brien"}, {"o’brien", "O'Brien"}, {"mary-jane mcdonald", "Mary-Jane McDonald"}, {"Leonardo DiCaprio", "Leonardo DiCaprio"}, {"Ng", "Ng"}, {"李小龙", "李小龙"},
		{"me llamo josé garcía", "José García"}, {"je m'appelle René", "René"}, {"ich heiße Jürgen Müller", "Jürgen Müller"},
		{"", ""}, {"unknown", ""}, {"the caller", ""}, {"yes", ""}, {"R2D2", ""}, {"ada@example.com", ""}, {"I don't know", ""}, {"<script>", ""}, {"N/A", ""}, {"a b c d e f g h i", ""}, {"Ada, Grace, Joan", ""}, {"-", ""}, {"x", ""}, {",A", ""}, {"ſ", ""},
	})
}

func TestURIs(t *testing.T) {
	t.Parallel()
	readAll(t, "uri", newYork(t), []wording{
		{"https://example.com", "https://example.com"}, {"HTTP://Example.COM/Path?q=1#top", "http://example.com/Path?q=1#top"}, {"example.com", "https://example.com"}, {"www.example.com/a", "https://www.example.com/a"},
		{"example.com:8080/x", "https://example.com:8080/x"}, {"example dot com", "https://example.com"}, {"www dot example dot com slash offers", "https://www.example.com/offers"}, {"https colon slash slash example dot com", "https://example.com"},
		{"my website is https://Example.com/Path", "https://example.com/Path"}, {"mailto:Ada@Example.com", "mailto:Ada@example.com"}, {"tel:212-555-0123", "tel:+12125550123"},
		{"", ""}, {"hello", ""}, {"ftp://example.com", ""}, {"javascript:alert(1)", ""}, {"data:text/html,x", ""}, {"file:///etc/passwd", ""}, {"https://user:pw@example.com", ""}, {"http://localhost", ""}, {"http://10.0.0.1/x", ""},
		{"https://example.com/a b", ""}, {"https://", ""}, {"//example.com", ""}, {"https:example.com", ""}, {"example.com:99999", ""}, {"mailto:ada", ""}, {"tel:911", ""},
	})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for region, cases := range map[string][]wording{
		"US": {
			{"42", "42"}, {"-3", "-3"}, {"4.50", "4.50"}, {"1,000", "1000"}, {"1,234,567.5", "1234567.5"}, {"1.000,50", "1000.5"}, {"5 thousand", "5000"}, {"1.5 million", "1500000"},
			{"zero", "0"}, {"forty two", "42"}, {"forty-two", "42"}, {"two hundred and five", "205"}, {"one hundred five", "105"}, {"twelve hundred", "1200"}, {"two thousand and twenty six", "2026"}, {"one million two hundred thousand", "1200000"},
			{"a hundred", "100"}, {"a dozen", "12"}, {"half a dozen", "6"}, {"a couple", "2"}, {"two and a half", "2.5"}, {"half", "0.5"}, {"three point one four", "3.14"}, {"four point fifteen", "4.15"}, {"point five", "0.5"}, {"minus seven", "-7"}, {"about twenty", "20"},
			{"", ""}, {"007", ""}, {"+7", ""}, {"0x1F", ""}, {"NaN", ""}, {"1e400", ""}, {"once", ""}, {"none", ""}, {"twelve fifty", ""}, {"four two", ""}, {"two people", ""}, {"two or three", ""}, {"1.2.3", ""}, {"1,00,000", ""}, {"two cents", ""}, {"twenty and five", ""}, {"five twenty", ""},
		},
		"DE": {{"1.000", "1.000"}, {"1.000.000", "1000000"}, {"1.000,5", "1000.5"}, {"1,5", "1.5"}, {"1,000", ""}},
		"FR": {{"1 200,5", "1200.5"}},
		"IN": {{"1,00,000", "100000"}},
	} {
		for _, w := range cases {
			got, err := spoken.Number("", "", w.text, in(t, region))
			judge(t, "number", w, got, err)
		}
	}
}

// A number of money has no room for a foreign currency, and counts cents when its name
// says so; one of time counts the unit of its name.
func TestNumbersWithUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ format, unit, text, want string }{
		{"money", "", "twenty dollars and fifty cents", "20.5"}, {"money", "", "1.50", "1.5"}, {"money", "", "20 euros", ""}, {"money", "", "1.000", ""}, {"money", "cents", "twelve fifty", "1250"}, {"money", "cents", "$20", "2000"},
		{"duration", "", "an hour and a half", "90"}, {"duration", "minutes", "PT2H", "120"}, {"duration", "minutes", "90", "90"}, {"duration", "hours", "three", "3"}, {"duration", "hours", "an hour and a half", "1.5"}, {"duration", "hours", "20 minutes", ""},
		{"duration", "seconds", "two minutes", "120"}, {"duration", "milliseconds", "two seconds", "2000"}, {"duration", "days", "two weeks", "14"}, {"duration", "weeks", "a fortnight", "2"}, {"duration", "months", "a year and a half", "18"},
		{"duration", "years", "eighteen months", "1.5"}, {"duration", "days", "a month", ""}, {"duration", "months", "a week", ""}, {"duration", "minutes", "minus five", ""}, {"duration", "minutes", "a while", ""},
	} {
		got, err := spoken.Number(c.format, c.unit, c.text, newYork(t))
		judge(t, c.format+" in "+c.unit, wording{c.text, c.want}, got, err)
	}
}

// Days, times and numbers are understood in the plain words of three more languages.
func TestOtherLanguages(t *testing.T) {
	t.Parallel()
	c := newYork(t)
	readAll(t, "date", c, []wording{
		{"mañana", "2026-11-21"}, {"pasado mañana", "2026-11-22"}, {"hoy", "2026-11-20"}, {"el 3 de mayo", "2027-05-03"}, {"3 de mayo de 2027", "2027-05-03"}, {"tres de mayo de dos mil veintisiete", "2027-05-03"}, {"el próximo martes", "2026-11-24"}, {"el martes que viene", "2026-11-24"},
		{"dentro de dos semanas", "2026-12-04"}, {"hace tres días", "2026-11-17"}, {"fin de mes", "2026-11-30"}, {"treinta de febrero", ""},
		{"demain", "2026-11-21"}, {"après-demain", "2026-11-22"}, {"aujourd'hui", "2026-11-20"}, {"le 3 mai", "2027-05-03"}, {"le premier décembre", "2026-12-01"}, {"mardi prochain", "2026-11-24"}, {"dans deux semaines", "2026-12-04"}, {"demain matin", "2026-11-21"},
		{"morgen", "2026-11-21"}, {"übermorgen", "2026-11-22"}, {"gestern", "2026-11-19"}, {"am 3. Mai", "2027-05-03"}, {"der dritte Mai", "2027-05-03"}, {"am einundzwanzigsten Juni", "2027-06-21"}, {"nächsten Dienstag", "2026-11-24"}, {"in zwei Wochen", "2026-12-04"},
		{"vor drei Tagen", "2026-11-17"}, {"Monatsende", "2026-11-30"}, {"3. Mai neunzehnhundertvierundachtzig", "1984-05-03"},
	})
	readAll(t, "time", c, []wording{
		{"las cuatro y media", "16:30"}, {"a las cinco menos cuarto", "16:45"}, {"las dos de la tarde", "14:00"}, {"las ocho de la noche", "20:00"}, {"mediodía", "12:00"}, {"la una", "13:00"},
		{"quatre heures et demie", "16:30"}, {"cinq heures moins le quart", "16:45"}, {"16 h", "16:00"}, {"huit heures du soir", "20:00"}, {"seize heures trente", "16:30"}, {"midi", "12:00"}, {"minuit", "00:00"},
		{"halb fünf", "16:30"}, {"halb eins", "12:30"}, {"Viertel vor sechs", "17:45"}, {"dreiviertel fünf", "16:45"}, {"vier Uhr dreißig", "16:30"}, {"um 16 Uhr", "16:00"}, {"16 Uhr 5", "16:05"}, {"acht Uhr abends", "20:00"}, {"Mitternacht", "00:00"},
	})
	readAll(t, "date-time", c, []wording{
		{"mañana a las cuatro y media", "2026-11-21T16:30:00-05:00"}, {"el martes a las diez de la mañana", "2026-11-24T10:00:00-05:00"}, {"demain à 16h30", "2026-11-21T16:30:00-05:00"}, {"le 3 mai à 14 h", "2027-05-03T14:00:00-04:00"},
		{"morgen um halb fünf", "2026-11-21T16:30:00-05:00"}, {"morgen früh um acht", "2026-11-21T08:00:00-05:00"}, {"Freitag um 16 Uhr", "2026-11-27T16:00:00-05:00"}, {"in zwei Stunden", "2026-11-20T17:00:00-05:00"},
	})
	readAll(t, "duration", c, []wording{
		{"una hora y media", "PT1H30M"}, {"media hora", "PT30M"}, {"dos semanas", "P14D"}, {"une heure et demie", "PT1H30M"}, {"une demi-heure", "PT30M"}, {"un quart d'heure", "PT15M"},
		{"eine halbe Stunde", "PT30M"}, {"anderthalb Stunden", "PT1H30M"}, {"zweieinhalb Stunden", "PT2H30M"}, {"eine Dreiviertelstunde", "PT45M"}, {"zwei Stunden und zehn Minuten", "PT2H10M"},
	})
	for _, w := range []wording{
		{"veintiuno", "21"}, {"treinta y cinco", "35"}, {"doscientos cinco", "205"}, {"ciento veinte", "120"}, {"mil novecientos ochenta y cuatro", "1984"}, {"quinientos", "500"},
		{"vingt et un", "21"}, {"soixante et onze", "71"}, {"soixante-dix-sept", "77"}, {"quatre-vingts", "80"}, {"quatre-vingt-dix-sept", "97"}, {"deux cents", "200"}, {"deux cent trois", "203"}, {"mille deux cent", "1200"}, {"septante-deux", "72"},
		{"einundzwanzig", "21"}, {"siebzehn", "17"}, {"neunundneunzig", "99"}, {"zweihundertfünf", "205"}, {"zweitausendsiebenundzwanzig", "2027"}, {"hundert", "100"}, {"eine Million", "1000000"},
	} {
		got, err := spoken.Number("", "", w.text, c)
		judge(t, "number", w, got, err)
	}
}

// No error repeats what was given: it may be a secret.
func TestErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	for _, format := range spoken.Formats() {
		for _, text := range []string{"hunter2", "hunter2 hunter2", "hunter2@hunter2", "2026-02-30 hunter2", "hunter2:hunter2"} {
			if _, err := spoken.Read(format, text, newYork(t)); err == nil && format != "address" || err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s %q: got %v, want an error without it", format, text, err)
			}
			if _, err := spoken.Number(format, "", text, newYork(t)); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s as a number, %q: got %v, want an error without it", format, text, err)
			}
		}
	}
}

// A format that is not known is nobody's business.
func TestOtherFormats(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"", "uuid", "Date"} {
		if got, err := spoken.Read(format, "tomorrow", newYork(t)); got != "tomorrow" || err != nil {
			t.Errorf("%s: got %q, %v, want it as it is", format, got, err)
		}
	}
}

// Authors of skills find every format in the guide.
func TestFormatsAreDocumented(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/skills.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range spoken.Formats() {
		if !strings.Contains(string(guide), "| `"+format+"` |") {
			t.Errorf("%s: got no row in docs/skills.md, want one", format)
		}
	}
}

// Microsoft's recognizers, which nobody here wrote, see the same values in 600 wordings
// (testdata/recognizers.mjs), except where we mean to differ.
func TestRecognizers(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/recognizers.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if len(lines) < 600 {
		t.Fatalf("got %d wordings, want at least 600", len(lines))
	}
	c := newYork(t)
	for _, l := range lines {
		format, text, values := cut3(l)
		if differs(format, text) {
			continue
		}
		got, err := "", error(nil)
		switch format {
		case "number":
			got, err = spoken.Number("", "", text, c)
		case "duration":
			got, err = spoken.Number("duration", "seconds", text, c)
		case "date-time":
			got, err = spoken.Read(format, text, c)
			got = strings.Replace(strings.TrimSuffix(strings.TrimSuffix(got, ":00-05:00"), ":00-04:00"), "T", " ", 1)
		default:
			got, err = spoken.Read(format, text, c)
		}
		if !slices.Contains(strings.Split(values, "|"), got) {
			t.Errorf("%s %q: got %q, %v; want one of %s", format, text, got, err, values)
		}
	}
}

func cut3(line string) (a, b, c string) {
	a, rest, _ := strings.Cut(line, "\t")
	b, c, _ = strings.Cut(rest, "\t")
	return a, b, c
}

// differs lists where we mean something else: to the recognizers "last Monday" is of
// last week and "this Monday" of this one, even when it is over; "Friday" said on a
// Friday may be today; fifty cents are 50; and two days from tomorrow is the day after.
func differs(format, text string) bool {
	return format == "date" && (strings.HasPrefix(text, "last ") && text < "last f" || strings.HasPrefix(text, "last ") && len(text) < 15 || strings.HasPrefix(text, "this ") || text == "Friday" || strings.HasSuffix(text, "days from tomorrow")) ||
		format == "date-time" && (strings.HasPrefix(text, "Friday at ") || text == "4 pm on Friday") || text == "fifty cents"
}

// Whatever is read reads as itself from then on, and is what its format promises.
func canonical(t interface {
	Helper()
	Errorf(string, ...any)
}, format, text string, c spoken.Context) {
	t.Helper()
	got, err := spoken.Read(format, text, c)
	if err != nil {
		if m := err.Error(); got != "" || !strings.HasPrefix(m, "must ") {
			t.Errorf("%s %q: got %q, %q, want only an error of what must be", format, text, got, m)
		}
		return
	}
	if again, err := spoken.Read(format, got, c); err != nil || again != got {
		t.Errorf("%s %q: got %q, which reads as %q, %v", format, text, got, again, err)
	}
	layout := map[string]string{"date": "2006-01-02", "date-time": time.RFC3339}[format]
	if _, err := time.Parse(layout, got); layout != "" && err != nil {
		t.Errorf("%s %q: got %q, which is none", format, text, got)
	}
}

func numeral(t interface {
	Helper()
	Errorf(string, ...any)
}, format, text string, c spoken.Context) {
	t.Helper()
	got, err := spoken.Number(format, "", text, c)
	if err == nil && (!json.Valid([]byte(got)) || bytes.ContainsAny([]byte(got), `"{[tfn`)) {
		t.Errorf("%s %q: got %q, which is no JSON number", format, text, got)
	}
}

var vocabulary = strings.Fields(`a an the and at on in of to past half quarter noon midnight am pm morning evening tonight tomorrow today next last this week weeks day days month from now ago Friday Tuesday May March november
	3 3rd 14 30 31 2026 2027 4:30 16:30 3/5 24.12. first second third twenty thirty twenty-one one two five seven twelve fifty hundred thousand million dollars euros cents $ € £ 12.50 1,200 1.200,50 minus point oh double hours minutes
	end beginning Christmas mañana de la el las y media cuarto demain le à heures et demie morgen um halb Uhr fünf einundzwanzig quatre vingt cent cents dot com example underscore dash plus my name is Ada Lovelace , - + ( ) / : ' . ½ PT1H P2W`)

func TestReadingSettles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		format := rapid.SampledFrom(spoken.Formats()).Draw(r, "format")
		c := in(t, rapid.SampledFrom([]string{"US", "GB", "DE", "FR", "CA", "IN", ""}).Draw(r, "region"))
		c.Past = rapid.Bool().Draw(r, "past")
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 6).Draw(r, "words"), " ")
		canonical(r, format, text, c)
		numeral(r, rapid.SampledFrom([]string{"", "money", "duration"}).Draw(r, "number"), text, c)
	})
}

// Text of any kind is read or refused.
func TestArbitraryText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.String().Draw(r, "text")
		for _, format := range spoken.Formats() {
			canonical(r, format, text, newYork(t))
			numeral(r, format, text, berlin(t))
		}
	})
}

// A value in the form that leaves is read as itself.
func TestCanonicalForms(t *testing.T) {
	t.Parallel()
	c := berlin(t)
	rapid.Check(t, func(r *rapid.T) {
		at := time.Unix(rapid.Int64Range(-2_208_900_000, 7_258_000_000).Draw(r, "seconds"), 0).In(c.Now.Location())
		n := rapid.IntRange(0, 999_999).Draw(r, "n")
		for format, text := range map[string]string{
			"date": at.Format("2006-01-02"), "time": at.Format("15:04"), "date-time": at.Format(time.RFC3339),
			"money": strings.TrimSuffix(time.Duration(n).String(), "ns"),
		} {
			if strings.Trim(text, "0123456789.:-+TZ") != "" {
				continue
			}
			want := text
			if format == "money" {
				want += ".00"
			}
			if got, err := spoken.Read(format, want, c); err != nil || got != want {
				r.Errorf("%s: got %q, %v; want %q", format, got, err, want)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	for i, s := range []string{"tomorrow at half past four", "$1,200.50", "1.200,50 €", "two one two triple five oh one two three", "ada dot l at example dot com", "an hour and a half", "PT1.5H", "Friday the 13th", "quatre-vingt-dix-sept", "sw1a 1aa",
		"my name is Ada", "https://example.com/%zz", "2027-03-28T02:30", "half of a half of a half", "a day after a day after a day after tomorrow", "½", "'", "-", "12 Main St"} {
		f.Add(s, byte(i))
	}
	c := newYork(f)
	f.Fuzz(func(t *testing.T, text string, which byte) {
		c := c
		c.Region = []string{"US", "GB", "DE", "FR", "CA", "IN", "", "ZZ"}[which%8]
		for _, format := range spoken.Formats() {
			canonical(t, format, text, c)
			numeral(t, format, text, c)
			spoken.Say(format, text, c.Region)
		}
	})
}

// Values are read out as people say them.
func TestSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ format, value, region, want string }{
		{"date", "2026-11-24", "US", "Tuesday, November 24, 2026"}, {"time", "16:30", "US", "4:30 PM"}, {"time", "09:00", "US", "9 AM"}, {"time", "12:00", "US", "noon"}, {"time", "00:00", "US", "midnight"},
		{"date-time", "2026-11-24T16:30:00-05:00", "US", "Tuesday, November 24, 2026 at 4:30 PM"}, {"duration", "PT1H30M", "US", "1 hour and 30 minutes"}, {"duration", "P2DT12H", "US", "2 days and 12 hours"}, {"duration", "PT0S", "US", "no time"},
		{"duration", "P1Y2M3D", "US", "1 year, 2 months and 3 days"}, {"phone", "+12125550123", "US", "(212) 555-0123"}, {"phone", "+12125550123", "GB", "+1 212-555-0123"}, {"phone", "+442079460958", "GB", "020 7946 0958"},
		{"email", "ada@example.com", "US", "ada@example.com"}, {"money", "12.50", "US", "12.50"}, {"date", "soon", "US", "soon"}, {"time", "16:30:00Z", "US", "16:30:00Z"}, {"", "2026-11-24", "US", "2026-11-24"},
	} {
		if got := spoken.Say(c.format, c.value, c.region); got != c.want {
			t.Errorf("%s %s in %s: got %q, want %q", c.format, c.value, c.region, got, c.want)
		}
	}
}

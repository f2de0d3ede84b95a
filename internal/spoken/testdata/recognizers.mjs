// Asks Microsoft's recognizers what wordings mean, for TestRecognizers:
//
//	npm install --no-save @microsoft/recognizers-text-suite@1.3.1
//	node recognizers.mjs >recognizers.tsv
//
// A line has the format, the wording and every value that they see in the whole of
// it. Now is Friday, 2026-11-20 15:00.
import { createRequire } from "node:module";
const R = createRequire(import.meta.url)("@microsoft/recognizers-text-suite");
const now = new Date(2026, 10, 20, 15, 0, 0);
const en = "en-us";
const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const small = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const ordinals = ["first", "second", "third", "fourth", "fifth", "tenth", "eleventh", "twelfth", "fifteenth", "twentieth", "twenty first", "twenty-fifth", "thirtieth"];

const date = ["today", "tomorrow", "yesterday", "the day after tomorrow", "the day before yesterday", "3/5/2027", "11/24/2026", "2027-03-14", "12/25"];
for (const d of days) date.push(d, `next ${d}`, `this ${d}`, `last ${d}`, `on ${d}`);
for (const m of months) date.push(`${m} 3`, `${m} 21st`, `the 3rd of ${m}`, `${m} 14, 2027`, `14 ${m} 2027`, `${m.slice(0, 3)} 9`);
for (const o of ordinals) date.push(`the ${o} of March`, `June ${o}`, `January the ${o}`);
for (const n of [...small, "2", "10"]) date.push(`in ${n} days`, `in ${n} weeks`, `${n} days ago`, `${n} weeks from now`, `${n} days from tomorrow`, `in ${n} months`);
date.push("the 3rd", "the 21st", "the 30th", "the twenty-fifth", "Friday November 27", "Tuesday, November 24, 2026", "Friday the 27th", "the first Monday of December", "the last Friday of November", "the second Tuesday of May 2027");

const time = ["noon", "midnight", "midday", "16:30", "07:05", "23:59", "0:15", "5 o'clock in the morning", "seven in the evening", "eight at night", "ten thirty in the morning"];
for (const h of small) time.push(`${h} pm`, `${h} am`, `half past ${h}`, `quarter to ${h}`, `a quarter past ${h}`, `ten past ${h}`, `twenty to ${h}`, `${h} o'clock`, `${h} thirty`, `${h} fifteen pm`, `${h} in the afternoon`);
for (const t of ["4pm", "4:30pm", "4:30 p.m.", "11:15 am", "12 am", "12 pm", "12:30 pm", "12:30 am", "9 in the morning", "3 in the afternoon"]) time.push(t);

const datetime = [];
for (const d of ["tomorrow", "today", "next Tuesday", "Friday", "May 3", "the day after tomorrow", "11/24/2026", "January 14, 2027"])
  for (const t of ["4 pm", "half past four", "16:30", "noon", "9:15 am", "quarter to six", "eight in the evening"]) datetime.push(`${d} at ${t}`);
datetime.push("half past four tomorrow", "4 pm on Friday", "noon on May 3", "tonight at 8", "in two hours", "in 30 minutes", "in an hour", "9 am tomorrow");

const duration = [];
for (const n of [...small, "20", "90", "a"]) for (const u of ["minute", "hour", "day", "week"]) duration.push(`${n} ${u}${n === "one" || n === "a" ? "" : "s"}`.replace("a hour", "an hour"));
duration.push("an hour and a half", "half an hour", "two and a half hours", "two and a half days", "1.5 hours", "one hour and fifteen minutes", "2 hours 30 minutes", "45 min", "three hours and ten minutes");

const number = ["forty two", "two hundred and five", "a dozen", "two dozen", "half a dozen", "one thousand two hundred", "twelve hundred", "ninety-nine", "one million", "two point five", "three and a half", "minus seven", "one hundred and one thousand", "zero", "1,200", "5 thousand", "1.5 million", "two hundred thousand and four", "nineteen", "eighty"];
for (const t of ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]) for (const u of small.slice(0, 9)) number.push(`${t} ${u}`, `two hundred and ${t}-${u}`);

const money = ["$1,200.50", "twenty dollars", "twenty dollars and fifty cents", "five hundred dollars", "$20", "$ 0.99", "20 dollars and 5 cents", "a hundred dollars", "two thousand dollars", "12.50 dollars", "fifty cents", "one million dollars", "$2.5 million", "three hundred and ten dollars"];

const whole = (text, found) => found.length === 1 && found[0].start === 0 && found[0].end === text.length - 1 ? found[0].resolution : null;
const print = (format, text, values) => values.length && console.log([format, text, [...new Set(values)].join("|")].join("\t"));
const at = (text) => (whole(text, R.recognizeDateTime(text, en, undefined, now)) ?? { values: [] }).values;
for (const t of date) print("date", t, at(t).filter((v) => v.type === "date").map((v) => v.value));
for (const t of time) print("time", t, at(t).filter((v) => v.type === "time").map((v) => v.value.slice(0, 5)));
for (const t of datetime) print("date-time", t, at(t).filter((v) => v.type === "datetime").map((v) => v.value.slice(0, 16)));
for (const t of duration) print("duration", t, at(t).filter((v) => v.type === "duration").map((v) => v.value));
for (const t of number) print("number", t, [whole(t, R.recognizeNumber(t, en))].filter(Boolean).map((v) => v.value));
for (const t of money) print("money", t, [whole(t, R.recognizeCurrency(t, en))].filter(Boolean).map((v) => Number(v.value).toFixed(2)));

// Twilio's own libraries as judges, a line of JSON for each line of JSON:
//   {"text"}                              how many segments Twilio counts
//   {"url", "form", "token", "signature"} whether Twilio's library takes the signature
import { createInterface } from 'node:readline'
import segments from 'sms-segments-calculator'
import twilio from 'twilio'

for await (const line of createInterface({ input: process.stdin })) {
  const q = JSON.parse(line)
  if (q.text !== undefined) {
    const m = new segments.SegmentedMessage(q.text)
    console.log(JSON.stringify({ encoding: m.encodingName, segments: m.segmentsCount }))
  } else {
    console.log(JSON.stringify({ valid: twilio.validateRequest(q.token, q.signature, q.url, q.form) }))
  }
}

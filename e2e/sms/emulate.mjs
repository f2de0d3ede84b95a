// A provider of text messages: emulate's Twilio, with one account and one number. It
// prints where it listens, and ends with its standard input.
import { createEmulator } from 'emulate'

const emulator = await createEmulator({
  service: 'twilio', port: 0, hostname: '127.0.0.1',
  seed: { twilio: { account: { auth_token: process.env.TOKEN }, phone_numbers: [{ phone_number: '+15550100001' }] } },
})
process.stdin.on('end', () => process.exit(0)).resume()
console.log(JSON.stringify({ url: emulator.url }))

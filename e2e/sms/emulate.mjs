// A provider of text messages: emulate's Twilio, with one account. It prints where it
// listens, and ends with its standard input.
import { createEmulator } from 'emulate'

const emulator = await createEmulator({
  service: 'twilio', port: 0, hostname: '127.0.0.1',
  seed: { twilio: { account: { auth_token: process.env.TOKEN } } },
})
process.stdin.on('end', () => process.exit(0)).resume()
console.log(JSON.stringify({ url: emulator.url }))

// A mail server that behaves as its first recipient's local part says, and prints the
// port it listens on, then a line of JSON for every message that it takes.
//
//   refuse@…   550 at RCPT       greylist@…  451 at RCPT, twice, then takes it
//   full@…     452 at DATA's end bad@…       554 at DATA's end
//   hangup@…   closes the connection at DATA's end, and has the message
//   drop@…     closes the connection at RCPT   slow@…  never answers RCPT
import { readFileSync } from 'node:fs'
import { SMTPServer } from 'smtp-server'

const seen = new Map()
const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code })
const hangUp = (session) => {
  for (const c of server.connections) if (c.id === session.id) c._socket.destroy()
}
const server = new SMTPServer({
  key: process.env.KEY && readFileSync(process.env.KEY), cert: process.env.CERT && readFileSync(process.env.CERT),
  secure: process.env.SECURE === 'yes', authOptional: !process.env.PASSWORD, disableReverseLookup: true, closeTimeout: 100, logger: false,
  disabledCommands: process.env.CERT ? [] : ['STARTTLS'],
  onAuth(auth, session, done) {
    done(auth.password === process.env.PASSWORD ? null : refusal(535, '5.7.8 Who are you?'), { user: auth.username })
  },
  onRcptTo(address, session, done) {
    const [what] = address.address.split('@')
    session.what ??= what
    if (what === 'refuse') return done(refusal(550, '5.1.1 No such user here'))
    if (what === 'drop') return hangUp(session)
    if (what === 'slow') return
    if (what === 'greylist') {
      const n = (seen.get(address.address) ?? 0) + 1
      seen.set(address.address, n)
      if (n <= 2) return done(refusal(451, '4.7.1 Greylisted, come back later'))
    }
    done()
  },
  onData(stream, session, done) {
    let text = ''
    stream.on('data', (chunk) => { text += chunk })
    stream.on('end', () => {
      if (session.what === 'full') return done(refusal(452, '4.3.1 Out of space'))
      if (session.what === 'bad') return done(refusal(554, '5.7.1 Looks like spam'))
      console.log(JSON.stringify({ from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((r) => r.address), secure: session.secure, text }))
      if (session.what === 'hangup') return hangUp(session)
      done(null, 'Taken')
    })
  },
})
server.on('error', () => {}) // of connections; the client sees them
process.stdin.on('end', () => process.exit(0)).resume()
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.server.address().port })))

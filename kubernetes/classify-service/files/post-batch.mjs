// What `helm test` runs: posts a batch of two indicators through the guard, then sees that what must be closed is closed.
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'

const { GUARD_URL, API_TOKEN_FILE, CLOSED = '' } = process.env
const url = `${GUARD_URL}/classify-api/batch`
const token = (await readFile(API_TOKEN_FILE, 'utf8')).trim()
const indicators = [
  { indicator_id: 'helm-test-1', name: 'Gross domestic product, current prices, USD million' },
  { indicator_id: 'helm-test-2', name: 'Consumer price index, 2015 = 100' },
]
const call = (headers) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ indicators, catalogue: 'helm-test' }),
    signal: AbortSignal.timeout(120_000),
  })

const faults = []
const check = (what, isRight, found) => {
  console.log(`${isRight ? 'ok' : 'FAILED'}: ${what}${isRight ? '' : ` (${found})`}`)
  if (!isRight) faults.push(what)
}

const answer = await call({ authorization: `Bearer ${token}` })
const text = await answer.text()
const results = answer.ok ? JSON.parse(text).results : []
check(
  'a batch of two indicators is classified',
  answer.ok && results.length === 2 && results.every(({ type }) => typeof type === 'string'),
  `${answer.status} ${text.slice(0, 300)}`,
)
const foreign = await call({})
check('a call without a token is refused', foreign.status === 401, foreign.status)

/** Whether a connection comes about within three seconds. */
function isOpen(place) {
  return new Promise((resolve) => {
    const [host, port] = place.split(':')
    const socket = connect({ host, port: Number(port), timeout: 3_000 })
    const end = (value) => {
      socket.destroy()
      resolve(value)
    }
    socket
      .once('connect', () => end(true))
      .once('timeout', () => end(false))
      .once('error', () => end(false))
  })
}
for (const place of CLOSED.split(' ').filter(Boolean))
  check(`${place} is closed to other pods`, !(await isOpen(place)), 'the network does not enforce NetworkPolicies')

if (faults.length > 0) process.exit(1)

/** What pages of other origins can do to an embedded stack, in a real browser: nothing. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestStack, type TestStack } from '../helpers/stack/stack.ts'
import { waitUntil } from '../helpers/wait.ts'
import { type Attacker, startAttacker } from './attacker.ts'
import { assertNothingPassed } from './attacks.ts'
import { ATTACKER_HOST, type Chromium, REBOUND_HOST, startChromium } from './chromium.ts'
import { ATTACK, adminTargets, at, ingressTargets, modelTargets, replicaTargets, type Target } from './targets.ts'
import { askAsProgram, assertUntouched, scheduleBatch, stateOf, type Victim } from './victim.ts'

let stack: TestStack
let attacker: Attacker
let browser: Chromium
let victim: Victim
let scheduled: string
/** The targets of each port. */
let ports: readonly (readonly Target[])[]

before(async () => {
  attacker = await startAttacker()
  browser = await startChromium(attacker.port)
  stack = await startTestStack()
  const { ingressUrl, adminUrl, replicaUrl, offlineModelUrl } = stack
  const modelUrl = offlineModelUrl ?? ''
  victim = { ingressUrl, adminUrl, modelUrl }
  scheduled = await scheduleBatch(victim)
  const [deployment = ''] = (await stateOf(victim)).deployments
  ports = [
    ingressTargets(ingressUrl),
    adminTargets(adminUrl, scheduled, deployment),
    replicaTargets(replicaUrl),
    modelTargets(modelUrl),
  ]
})

after(async () => {
  await browser?.close()
  await attacker?.close()
  await stack?.stop()
})

const portOf = ([first]: readonly Target[]) => new URL(first?.url ?? '').port

test('every way of the attacker reaches a service without a defence', async () => {
  const url = `http://127.0.0.1:${attacker.port}/{way}`
  const open: Target[] = [
    { what: 'open', url, method: 'POST', body: '{"rpm":7}' },
    { what: 'open', url, method: 'GET' },
  ]
  const { read } = await browser.attackFrom(`http://${ATTACKER_HOST}:${attacker.port}`, open)
  assert.deepEqual(new Set(attacker.taken.map((path) => path.slice(1))), new Set(await browser.ways()))
  const readable = new Set(read.map(({ way }) => way))
  for (const way of [
    'fetch, cors, text',
    'fetch, cors, JSON',
    'fetch from a sandbox',
    'fetch from a worker',
    'XMLHttpRequest',
  ])
    assert.ok(readable.has(way), way)
})

test('a page of another host moves nothing and reads nothing', async () => {
  const before = await stateOf(victim)
  assertNothingPassed(await browser.attackFrom(`http://${ATTACKER_HOST}:${attacker.port}`, ports.flat()), ports.flat())
  assertUntouched(before, await stateOf(victim))
})

test('a page of this machine on another port, which is of the same site, does not either', async () => {
  const before = await stateOf(victim)
  const targets = ports.flatMap((all) => all.slice(0, 2))
  assertNothingPassed(await browser.attackFrom(`http://127.0.0.1:${attacker.port}`, targets), targets)
  assertUntouched(before, await stateOf(victim))
})

test('another name of this machine does not help the page', async () => {
  const before = await stateOf(victim)
  for (const host of ['localhost', 'attack.localhost', '0.0.0.0', ATTACKER_HOST]) {
    // One call that changes something at each port is enough, since all ways are tried.
    const targets = ports.flatMap(([first], index) =>
      at(`http://${host}:${portOf(ports[index] ?? [])}`, first ? [first] : []),
    )
    // Chromium may keep requests to 0.0.0.0 back.
    const sent = host === '0.0.0.0' ? [] : targets
    assertNothingPassed(await browser.attackFrom(`http://${ATTACKER_HOST}:${attacker.port}`, targets), sent)
  }
  assertUntouched(before, await stateOf(victim))
})

test('DNS rebinding gives a page no answer but the refusal', async () => {
  const before = await stateOf(victim)
  for (const targets of ports) {
    const origin = `http://${REBOUND_HOST}:${portOf(targets)}`
    const rebound = at(origin, targets)
    assertNothingPassed(await browser.attackRebound(origin, rebound), rebound, { readable: '"foreign-host"' })
  }
  assertUntouched(before, await stateOf(victim))
})

test("the admin port's own page, Restate's UI, loads and reads what it shows", async () => {
  const answered = await browser.visit(`${stack.adminUrl}/ui/`, async (page, seen) => {
    await waitUntil('the UI reads the deployments', () => {
      return seen.some(({ url, status }) => url === `${stack.adminUrl}/deployments` && status === 200)
    })
    const ask = `fetch('/query', { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: '{"query":"select id from sys_invocation"}' }).then((response) => response.json())`
    const { rows } = await page.evaluate<{ rows: { id: string }[] }>(ask)
    assert.ok(rows.some(({ id }) => id === scheduled))
  })
  const own = answered.filter(({ url }) => new URL(url).origin === stack.adminUrl)
  assert.deepEqual(
    own.filter(({ status }) => status >= 400),
    [],
  )
  assert.ok(own.length > 3)
})

test('the same calls of a program pass and change all that the pages could not', async () => {
  const before = await stateOf(victim)
  const passing = ports.flat().filter(({ what }) => what !== 'unregister')
  const statuses = await askAsProgram(passing)
  const refused = Object.entries(statuses).filter(([, status]) => status === 403)
  assert.deepEqual(refused, [])
  const now = await stateOf(victim)
  assert.equal(now.rpm, ATTACK.rpm)
  assert.ok(now.codebooks.includes(ATTACK.codebook))
  assert.ok(now.modelRequests > before.modelRequests)
  assert.ok(Object.keys(now.invocations).length > Object.keys(before.invocations).length)
  assert.notEqual(now.invocations[scheduled], before.invocations[scheduled])
})

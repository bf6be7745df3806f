/** One budget for the cluster, with real replicas: leases follow demand, and no part is lost or given twice. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../src/embedded/ports.ts'
import { isAnswering } from '../../../src/embedded/supervisor.ts'
import type { BudgetResponse } from '../../../src/restate/contract.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

const RPM = 600
const SAFETY = 0.99

interface ReplicaProcess {
  readonly name: string
  readonly url: string
  readonly child: ChildProcess
}

let stack: TestStack
const replicas: ReplicaProcess[] = []

before(async () => {
  stack = await startTestStack({ RATE_RPM: String(RPM), SERVICE_NAME: 'first' })
})

after(async () => {
  for (const { child } of replicas) child.kill('SIGKILL')
  await stack?.stop()
})

async function startReplica(name: string): Promise<ReplicaProcess> {
  const port = await freePort()
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../../src/server.ts', import.meta.url))], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DATABASE_URL: stack.databaseUrl,
      OPENAI_BASE_URL: stack.offlineModelUrl ?? '',
      OPENAI_MODEL: 'offline-rules',
      PORT: String(port),
      SERVICE_NAME: name,
    },
  })
  const replica = { name, url: `http://127.0.0.1:${port}`, child }
  replicas.push(replica)
  await waitUntil(`${name} answers`, () => isAnswering(`${replica.url}/classify-api/health`))
  return replica
}

async function budget(change: unknown = {}): Promise<BudgetResponse> {
  const answer = await callIngress(stack, 'classify-api/budget', change)
  assert.equal(answer.status, 200, answer.text)
  const found = answer.json() as BudgetResponse
  const sum = found.replicas.reduce((total, { rpm }) => total + rpm, 0)
  if (change !== null && Object.keys(change as object).length === 0) latest = { ...found, sum }
  return found
}
let latest: (BudgetResponse & { readonly sum: number }) | undefined

const shareOf = (found: BudgetResponse, name: string) => found.replicas.find((one) => one.name === name)?.share ?? 0

/** What the replica's limiter may start, as it says itself. */
async function paceOf(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^classify_limiter_pace_rpm (\S+)$/m.exec(metrics)?.[1])
}

test('a lone replica has everything', async () => {
  const found = await budget()
  assert.deepEqual(
    { ...found, replicas: found.replicas.map(({ name, share, rpm, tpm }) => ({ name, share, rpm, tpm })) },
    {
      rpm: RPM,
      tpm: null,
      safety: SAFETY,
      paused_ms: 0,
      pace_factor: 1,
      account: { rpm: null, tpm: null },
      replicas: [{ name: 'first', share: 1, rpm: RPM * SAFETY, tpm: null }],
    },
  )
  assert.equal(await paceOf(stack.replicaUrl), RPM * SAFETY)
})

test('what is no budget is refused, with the field and what is allowed, and changes nothing', async () => {
  const wrong: readonly [unknown, RegExp][] = [
    [{ rpm: 0 }, /rpm.*whole number from 1 to 1000000|whole number from 1 to 1000000.*rpm/s],
    [{ rpm: 1.5 }, /rpm/],
    [{ rpm: '5' }, /rpm/],
    [{ rpm: null }, /rpm/],
    [{ rpm: 1_000_001 }, /rpm/],
    [{ tpm: -1 }, /tpm/],
    [{ tpm: 10_000_000_001 }, /tpm/],
    [{ requests: 5 }, /requests/],
    [[], /object/],
  ]
  for (const [body, message] of wrong) {
    const answer = await callIngress(stack, 'classify-api/budget', body)
    assert.equal(answer.status, 400, `${JSON.stringify(body)}: ${answer.text}`)
    assert.match(answer.text, message)
  }
  assert.equal((await budget()).rpm, RPM)
})

test('three replicas share equally; the part of a stopped one and of a killed one goes to the others', async () => {
  const second = await startReplica('second')
  const third = await startReplica('third')
  await waitUntil('the parts of three replicas are equal', async () => {
    const found = await budget()
    return found.replicas.length === 3 && found.replicas.every(({ share }) => Math.abs(share - 1 / 3) < 0.02)
  })
  assert.ok((latest?.sum ?? 0) <= RPM * SAFETY * (1 + 1e-9))

  third.child.kill('SIGTERM')
  await once(third.child, 'exit')
  assert.equal(third.child.exitCode, 0)
  assert.deepEqual(
    (await budget()).replicas.map(({ name }) => name),
    ['first', 'second'],
  )
  second.child.kill('SIGKILL')
  await waitUntil('the first replica has the whole budget', async () => shareOf(await budget(), 'first') === 1)
})

test('shares follow demand, and a budget that is lowered or bounded in tokens holds for every replica', async () => {
  const fourth = await startReplica('fourth')
  // From now on new invocations go there.
  const registered = await fetch(`${stack.adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: fourth.url }),
  })
  assert.ok(registered.ok, await registered.text())
  const indicators = Array.from({ length: 100 }, (_, n) => ({ indicator_id: `L.${n}`, name: `Zorbic lease ${n}` }))
  for (let batch = 0; batch < 3; batch += 1) {
    const options = { mode: 'model', reuse: false, pack: 1 }
    const sent = await callIngress(stack, 'classify-api/batch/send', { indicators, options, force: true })
    assert.equal(sent.status, 202, sent.text)
  }
  await waitUntil('the replica with the work has most of it', async () => shareOf(await budget(), 'fourth') > 0.9)
  assert.ok((latest?.sum ?? 0) <= RPM * SAFETY * (1 + 1e-9))
  assert.ok(shareOf(latest ?? (await budget()), 'first') > 0)

  const changed = await budget({ rpm: 60, tpm: 6_000 })
  assert.deepEqual([changed.rpm, changed.tpm], [60, 6_000])
  await waitUntil('every replica goes by the lower budget', async () => {
    const paces = await Promise.all([stack.replicaUrl, fourth.url].map(paceOf))
    const sum = paces.reduce((total, pace) => total + pace, 0)
    return sum > 0.9 * 60 * SAFETY && sum <= 60 * SAFETY * (1 + 1e-9)
  })
  await waitUntil('all tokens are leased, and no more', async () => {
    const sum = (await budget()).replicas.reduce((total, { tpm }) => total + (tpm ?? Number.POSITIVE_INFINITY), 0)
    return Math.abs(sum - 6_000 * SAFETY) < 1
  })
  assert.equal((await budget({ tpm: null })).tpm, null)
  assert.equal((await budget()).rpm, 60)

  const metrics = await (await fetch(`${fourth.url}/metrics`)).text()
  for (const name of [
    'budget_rpm',
    'budget_tpm',
    'lease_rpm',
    'lease_tpm',
    'demand',
    'pace_factor',
    'paused_seconds',
  ]) {
    assert.match(metrics, new RegExp(`^classify_rate_${name} (?:[\\d.e+-]+|\\+Inf)$`, 'm'))
  }
  assert.match(metrics, /^classify_rate_renewals_total\{outcome="granted"\} [1-9]/m)
  assert.match(metrics, /^classify_rate_allowed_requests_total [1-9]/m)
})

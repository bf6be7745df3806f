/** Bodies that would fell a replica, in a small heap: none holds its event loop, and a batch that fells each replica all the same is paused. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import pg from 'pg'
import type { QueueReport } from '../../../src/cli/queue/queue-report.ts'
import { freePort } from '../../../src/embedded/ports.ts'
import type { BatchResponse } from '../../../src/restate/contract.ts'
import { runCli } from '../../helpers/cli/cli.ts'
import { FELLING_ID } from '../../helpers/stack/felled-replica.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

const REPLICA = fileURLToPath(new URL('../../helpers/stack/felled-replica.ts', import.meta.url))

/** The heap that Node takes in a container of 512 MiB. */
const NODE_OPTIONS = '--max-old-space-size=272'
/** A bound on how long the event loop is held, which only work out of all proportion exceeds; a busy machine itself holds a process for a second or two. */
const MAX_HELD_S = 5
const MEGABYTE = 1_000_000
/** More than the batch of this test may fell, with one for the rest. */
const REPLICAS = 5

let stack: TestStack
/** Replicas that can be felled. Restate reaches the first of them that lives, as behind NGINX. */
const replicas: { readonly process: ChildProcess; readonly port: number }[] = []
let front: Server | undefined
/** How often a replica was felled. */
let deaths = 0

before(async () => {
  stack = await startTestStack({ RATE_RPM: '100000', OFFLINE_MODEL_LATENCY_MS: '300' }, { NODE_OPTIONS })
})

/** From now on new invocations go to replicas that can be felled. */
async function useFelledReplicas(): Promise<void> {
  Object.assign(process.env, { DATABASE_URL: stack.databaseUrl, OPENAI_BASE_URL: stack.offlineModelUrl })
  for (let count = 0; count < REPLICAS; count += 1) {
    const port = await freePort()
    const env = { ...process.env, NODE_OPTIONS, PORT: String(port) }
    const replica = { process: spawn(process.execPath, [REPLICA], { env, stdio: 'inherit' }), port }
    replicas.push(replica)
    replica.process.once('exit', () => {
      deaths += 1
      replicas.splice(replicas.indexOf(replica), 1)
    })
  }
  front = createServer((socket) => {
    const upstream = connect(replicas[0]?.port ?? 0, '127.0.0.1')
    socket.pipe(upstream).pipe(socket)
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on('error', () => undefined).on('close', () => other.end())
    }
  })
  await new Promise<void>((resolve) => front?.listen(0, '127.0.0.1', resolve))
  const { port } = front.address() as AddressInfo
  const isListening = (to: number) =>
    new Promise<boolean>((resolve) => {
      const probe = connect(to, '127.0.0.1', () => probe.end(() => resolve(true)))
      probe.on('error', () => resolve(false))
    })
  await waitUntil('every replica listens', async () => {
    return (await Promise.all(replicas.map((replica) => isListening(replica.port)))).every(Boolean)
  })
  const registered = await fetch(`${stack.adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
  })
  assert.ok(registered.ok, await registered.text())
}

after(async () => {
  front?.close()
  for (const replica of replicas) replica.process.kill('SIGKILL')
  await stack?.stop()
})

/** The longest time for which the event loop of the stack's replica was held since it was last asked. */
async function heldSeconds(): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${stack.env.PORT}/metrics`)).text()
  return Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(metrics)?.[1])
}

const rows = (prefix: string, count: number, more: object = {}) =>
  Array.from({ length: count }, (_, index) => ({
    indicator_id: `${prefix}.${index}`,
    name: `Output of ${index}`,
    ...more,
  }))

/** Sends a byte now and then for ever. */
function trickle(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.write('POST /invoke/classify-api/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n')
  socket.write('content-type: application/vnd.restate.invocation.v6\r\n\r\n')
  const timer = setInterval(() => socket.write('0'), 50)
  return socket.on('error', () => undefined).on('close', () => clearInterval(timer))
}

test('hostile bodies neither fell a replica nor hold its event loop, and the rows beside them are classified', async () => {
  const victim = stack.pids().replica
  const slow = Array.from({ length: 20 }, () => trickle(Number(stack.env.PORT)))
  await heldSeconds()

  // 10 MB of brackets in a field that nobody reads: the record itself is sound.
  const nested = `${'['.repeat(5 * MEGABYTE)}${']'.repeat(5 * MEGABYTE)}`
  const evil = JSON.stringify({ indicators: rows('N', 50, { evil: 0 }), run_id: 'run-evil' })
  const first = await callIngress(stack, 'classify-api/batch', evil.replace('"evil":0', `"evil":${nested}`))
  assert.equal(first.status, 200, first.text.slice(0, 300))
  const { summary } = first.json() as BatchResponse
  assert.equal(summary.classified, 50)
  assert.match(JSON.stringify(summary.warnings), /unknown fields were left out: \\"evil\\"/)
  // The same where the service reads: the body is refused with the field and the bound.
  const bad = await callIngress(stack, 'classify-api/batch', evil.replace('"name":"Output of 0"', `"name":${nested}`))
  assert.equal(bad.status, 400)
  assert.match(bad.text, /indicators\/0\/name\) must take at most 6002 bytes/)

  // U+FDFA stands for a sentence of 18 characters. A code list is searched for each row.
  const long = rows('U', 100, { description: '\ufdfa'.repeat(2_000), long_name: '\ufdfa'.repeat(1_000) })
  const ligatures = { indicators: long, run_id: 'run-evil', codebook: 'business-activities' }
  const second = await callIngress(stack, 'classify-api/batch', ligatures)
  assert.equal(second.status, 200, second.text.slice(0, 300))

  // 1 GB in 1 MB: a file of a hundred members. Neither the ingress nor the replica unpacks it.
  const member = gzipSync(Buffer.alloc(10 * MEGABYTE, '['))
  const bomb = Buffer.concat(Array.from({ length: 100 }, () => member))
  const replicaUrl = `http://127.0.0.1:${stack.env.PORT}/invoke/classify-api/batch`
  for (const url of [`${stack.ingressUrl}/classify-api/batch`, replicaUrl]) {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const { status } = await fetch(url, { method: 'POST', headers, body: bomb })
    assert.ok(status >= 400 && status < 500, `${url} answered ${status}`)
  }

  const last = await callIngress(stack, 'classify-api/batch', { indicators: rows('G', 50), run_id: 'run-evil' })
  assert.equal((last.json() as BatchResponse).summary.classified, 50)
  const held = await heldSeconds()
  assert.ok(held < MAX_HELD_S, `the event loop was held for ${held} s`)
  console.log(`the event loop was held for ${held} s at most`)
  for (const socket of slow) socket.destroy()
  assert.equal(stack.pids().replica, victim)
})

test('control characters cost their place in a text by API too, and a reference with them is refused', async () => {
  const indicators = [{ indicator_id: 'C\u00001', name: 'Out\u0000put\ud800 of\u0007 steel' }]
  const answer = await callIngress(stack, 'classify-api/batch', { indicators, options: { mode: 'rules' } })
  assert.equal(answer.status, 200, answer.text)
  const [result] = (answer.json() as BatchResponse).results
  assert.deepEqual([result?.indicator_id, result?.name], ['C 1', 'Out put  of  steel'])
  for (const [handler, body] of [
    ['status', { indicator_id: 'C\u00001' }],
    ['status', { run_id: '\ud800' }],
    ['codebook', { name: 'a\u0000' }],
    ['codebook', { text: 'name: a\u0000' }],
    ['evidence', { catalogue: 'a\u0000' }],
  ] as const) {
    const refused = await callIngress(stack, `classify-api/${handler}`, body)
    assert.equal(refused.status, 400, `${handler}: ${refused.text}`)
  }
})

test('a batch that fells its replica is paused with the words for it, and what lay beside it is classified', async () => {
  const post = (run: string, id: string, handler = 'classify-api/batch') =>
    callIngress(
      stack,
      handler,
      {
        indicators: [{ indicator_id: id, name: `Output of ${id}` }],
        run_id: run,
        options: { mode: 'model', reuse: false },
      },
      { 'idempotency-key': `${run}-0` },
    )
  await useFelledReplicas()
  // The innocent batches wait for a slow model while the replica is felled beside them.
  const innocent = Array.from({ length: 4 }, (_, index) => post(`run-i${index}`, `I.${index}`))
  const sent = await post('run-felling', FELLING_ID, 'classify-api/batch/send')
  assert.equal(sent.status, 202, sent.text)

  // Each query of the command takes a while, so it is asked first when there is something to see.
  await waitUntil('three replicas died', async () => deaths >= 3)
  await waitUntil('the queue shows the pause', async () => {
    const { code, stdout, stderr } = await runCli(['queue', '--json'], { env: stack.env })
    assert.equal(code, 0, stderr)
    const { failures } = JSON.parse(stdout) as QueueReport
    const paused = failures.filter(({ status }) => status === 'paused')
    assert.ok(paused.length <= 1, JSON.stringify(paused))
    return paused.some(({ reason }) => /the replica that held it died/.test(reason))
  })
  // Where a replica dies before Restate has stored that the step began, the count begins anew once.
  const felled = deaths
  assert.ok(felled === 3 || felled === 4, `${felled} replicas were felled`)
  for (const answer of await Promise.all(innocent)) assert.equal(answer.status, 200, answer.text)

  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    await waitUntil('no note is left', async () => {
      const { rows } = await client.query('select * from attempt_notes')
      return rows.length === 0
    })
  } finally {
    await client.end()
  }
  const { code, stdout, stderr } = await runCli(['kill', 'run-felling', '--json'], { env: stack.env })
  assert.equal(code, 0, stderr + stdout)
  assert.equal(deaths, felled)
})

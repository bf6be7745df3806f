/** Objects of S3 as catalogues and as outputs, against a server that checks signatures and parts. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readObject, writeObject } from '../../../src/catalogue/remote/objects.ts'
import { readObjectStore } from '../../../src/config/object-store.ts'
import { runCli, startCli } from '../../helpers/cli/cli.ts'
import { type ObjectServer, startObjectServer } from '../../helpers/servers/object-server.ts'
import { waitUntil } from '../../helpers/wait.ts'

const NEVER = new AbortController().signal
const CSV = 'Code,Indicator Name,Unit\nA.1,Imports of goods,USD million\nB.2,Unemployment Rate,%\n'

let server: ObjectServer

before(async () => {
  server = await startObjectServer('stats')
})

after(async () => {
  await server?.stop()
})

const access = () => readObjectStore(server.env)

async function put(url: string, bytes: Uint8Array | string): Promise<void> {
  await writeObject(url, async (append) => await append(bytes), access())
}

async function get(url: string): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of await readObject(url, access(), NEVER)) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

test('an object of several parts comes back as it was sent, in whatever pieces it was written', async () => {
  const bytes = randomBytes(12_000_000)
  await writeObject(
    's3://stats/large file ü.bin',
    async (append) => {
      for (let at = 0; at < bytes.length; at += 700_001) await append(bytes.subarray(at, at + 700_001))
    },
    access(),
  )
  const hash = (data: Buffer) => createHash('sha256').update(data).digest('hex')
  assert.equal(hash(await get('s3://stats/large file ü.bin')), hash(bytes))
  await put('s3://stats/empty.csv', '')
  assert.equal((await get('s3://stats/empty.csv')).length, 0)
})

test('an output that fails leaves the object that was there', async () => {
  await put('s3://stats/kept.csv', 'old')
  const failing = writeObject(
    's3://stats/kept.csv',
    async (append) => {
      await append(randomBytes(6_000_000))
      throw new Error('the file has changed')
    },
    access(),
  )
  await assert.rejects(failing, /the file has changed/)
  assert.equal((await get('s3://stats/kept.csv')).toString(), 'old')
})

test('a packed object is read as a catalogue, by FILE and by --from', async () => {
  await put('s3://stats/in/series.csv.gz', gzipSync(CSV))
  for (const source of [['s3://stats/in/series.csv.gz'], ['--from', 's3://stats/in/series.csv.gz']]) {
    const { code, stdout, stderr } = await runCli(['inspect', ...source, '--json', '--no-estimate'], {
      env: server.env,
    })
    assert.equal(code, 0, stderr)
    const report = JSON.parse(stdout)
    assert.deepEqual([report.format, report.compression, report.records], ['csv', 'gzip', 2])
  }
})

test('what is refused is said in a sentence that names the variable, and no key', async () => {
  const inspect = async (url: string, env: Readonly<Record<string, string>>) => {
    const { code, stderr } = await runCli(['inspect', url], { env: { ...server.env, ...env } })
    assert.ok(!stderr.includes('hunter2') && !/^\s+at /m.test(stderr), stderr)
    return [code, stderr] as const
  }
  const cases = [
    ['s3://stats/no.csv', {}, /there is no such object \(NoSuchKey\)/],
    ['s3://nobody/no.csv', {}, /there is no such bucket \(NoSuchBucket\)/],
    ['s3://stats/kept.csv', { AWS_SECRET_ACCESS_KEY: 'hunter2' }, /AWS_SECRET_ACCESS_KEY \(SignatureDoesNotMatch\)/],
    ['s3://stats/kept.csv', { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, /cannot be read: .*(ECONNREFUSED|bad port)/],
    ['s3://u:hunter2@stats/kept.csv', {}, /set AWS_ACCESS_KEY_ID/],
  ] as const
  const said = await Promise.all(cases.map(([url, env]) => inspect(url, env)))
  for (const [place, [, , reason]] of cases.entries()) {
    const [code, stderr = ''] = said[place] ?? []
    assert.equal(code, 2, stderr)
    assert.match(stderr, reason)
  }
})

/** A server that takes connections and never answers, and what it was sent so far. */
async function silentServer() {
  const sockets = new Set<Socket>()
  let head = ''
  const silent = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      if (head.length < 10_000) head += bytes.toString('latin1')
    })
  })
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  return {
    env: { ...server.env, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` },
    asked: () => head,
    closed: () => [...sockets].every((socket) => socket.destroyed),
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      silent.close()
      await once(silent, 'close')
    },
  }
}

test('an abort ends a request that nobody answers, and leaves no connection and no file behind', async () => {
  const silent = await silentServer()
  const folder = await mkdtemp(join(tmpdir(), 'classify-silent-'))
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
  try {
    const stop = new AbortController()
    const store = readObjectStore(silent.env)
    const sent = writeObject('s3://stats/never.csv', (append) => append('a,b\n'), store, stop.signal)
    const read = readObject('s3://stats/never.csv', store, stop.signal)
    const outcomes = Promise.allSettled([sent, read])
    await waitUntil('both requests are under way', () => /^PUT /m.test(silent.asked()) && /^GET /m.test(silent.asked()))
    stop.abort(new Error('Ctrl+C'))
    for (const outcome of await outcomes) {
      assert.equal(outcome.status, 'rejected')
      assert.match(String(outcome.reason), /Ctrl\+C/)
    }
    await waitUntil('the connections are closed', silent.closed)
    assert.deepEqual(await readdir(folder), [])
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    await silent.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

test('an interrupt ends a command that waits for an object', async () => {
  const silent = await silentServer()
  try {
    const cli = startCli(['inspect', 's3://stats/never.csv'], { env: silent.env })
    await waitUntil('the object is asked for', () => /^GET /m.test(silent.asked()))
    cli.child.kill('SIGINT')
    const { code, stderr } = await cli.result
    assert.equal(code, 130, stderr)
    assert.doesNotMatch(stderr, /^\s+at /m)
  } finally {
    await silent.stop()
  }
})

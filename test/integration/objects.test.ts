/** Objects of S3 as catalogues and as outputs, against a server that checks signatures and parts. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readObject, writeObject } from '../../src/catalogue/remote/objects.ts'
import { readObjectStore } from '../../src/config/object-store.ts'
import { runCli } from '../helpers/cli.ts'
import { type ObjectServer, startObjectServer } from '../helpers/object-server.ts'

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

/** What the guard learns of the nodes from their volumes, and which calls it refuses for it. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createNodeMarks } from '../../../src/guard/node-marks.ts'
import { call, startGuardPort } from '../../helpers/servers/guard-port.ts'

/** Volumes of nodes with these clusters; null for one that is empty. */
async function volumes(t: TestContext, clusters: readonly (string | null)[]) {
  const root = await mkdtemp(join(tmpdir(), 'classify-marks-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const upstreams = clusters.map((_, index) => ({
    socketPath: join(root, `${index}`, `restate-${index}`, 'admin.sock'),
  }))
  const mark = async (index: number, cluster: string) => {
    const directory = join(root, `${index}`, `restate-${index}`)
    await mkdir(directory, { recursive: true })
    // A number that a JSON number of JavaScript cannot hold.
    await writeFile(join(directory, '.cluster-marker'), `{"cluster_name":"classify","cluster_fingerprint":${cluster}}`)
  }
  for (const [index, cluster] of clusters.entries()) if (cluster !== null) await mark(index, cluster)
  const hold = async (index: number, text: string) => {
    await mkdir(join(root, `${index}`), { recursive: true })
    await writeFile(join(root, `${index}`, 'held'), text)
  }
  return { upstreams, mark, hold }
}

const A = '7443183080711305773'
const B = '7443183080711305774'

test('calls to a node of another cluster than most are refused, and no others', async (t) => {
  const { upstreams } = await volumes(t, [B, A, A, null, A])
  const marks = createNodeMarks([...upstreams, ...upstreams])
  const codes = await Promise.all(upstreams.map(async (upstream) => (await marks.refusalFor(upstream))?.code))
  assert.deepEqual(codes, ['node-stray', undefined, undefined, undefined, undefined])
  assert.deepEqual(await marks.of(upstreams[0] ?? { url: '' }), { cluster: B, held: null })
  assert.deepEqual(await marks.of(upstreams[3] ?? { url: '' }), { cluster: null, held: null })
})

test('where two clusters have equally many nodes, none of both is called', async (t) => {
  const { upstreams } = await volumes(t, [B, A, null])
  const marks = createNodeMarks(upstreams)
  const codes = await Promise.all(upstreams.map(async (upstream) => (await marks.refusalFor(upstream))?.code))
  assert.deepEqual(codes, ['node-stray', 'node-stray', undefined])
})

test('a node alone, and nodes that are called over TCP, are never refused', async (t) => {
  const { upstreams } = await volumes(t, [A])
  const tcp = { url: 'http://restate-1:8080' }
  const marks = createNodeMarks([...upstreams, tcp])
  assert.equal(await marks.refusalFor(upstreams[0] ?? tcp), undefined)
  assert.equal(await marks.refusalFor(tcp), undefined)
  assert.deepEqual(await marks.of(tcp), { cluster: null, held: null })
})

test('what changes in a volume counts within seconds', async (t) => {
  let now = 0
  const { upstreams, mark, hold } = await volumes(t, [B, A, A])
  const marks = createNodeMarks(upstreams, () => now)
  const [first = { url: '' }] = upstreams
  assert.equal((await marks.refusalFor(first))?.code, 'node-stray')
  await mark(0, A)
  now += 3_000
  assert.equal(await marks.refusalFor(first), undefined)
  await hold(0, 'restate-0 has lost its data\n')
  now += 3_000
  assert.deepEqual(await marks.of(first), { cluster: A, held: 'restate-0 has lost its data' })
  const refused = await marks.refusalFor(first)
  assert.deepEqual([refused?.code, refused?.message], ['node-away', 'restate-0 has lost its data'])
})

test('a port tells the mark of its node, and passes no call on to one that is refused', async (t) => {
  const { upstreams } = await volumes(t, [B, A, A])
  const [upstream = { url: '' }] = upstreams
  const guard = await startGuardPort(upstream, { marks: createNodeMarks(upstreams) })
  t.after(() => guard.close())
  const told = await call(guard.url, '/guard/node', { method: 'GET' })
  assert.deepEqual([told.status, JSON.parse(told.text)], [200, { cluster: B, held: null }])
  const refused = await call(guard.url, '/classify-api/batch', { body: '{}' })
  assert.deepEqual([refused.status, JSON.parse(refused.text).code], [502, 'node-stray'])
  assert.equal((await call(guard.url, '/guard/health', { method: 'GET' })).status, 200)
})

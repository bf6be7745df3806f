/** The scripts that make one cluster of the nodes and start a node, run by sh with programs that answer for curl and Restate. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { waitUntil } from '../helpers/wait.ts'

const read = (name: string) => readFileSync(new URL(`../../docker/restate/${name}`, import.meta.url), 'utf8')
const directories: string[] = []
after(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** A directory with programs of its own, which are found before those of the system. */
function world() {
  const root = mkdtempSync(join(tmpdir(), 'classify-nodes-'))
  directories.push(root)
  mkdirSync(join(root, 'bin'))
  const at = (name: string) => join(root, name)
  const program = (name: string, script: string) => {
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(root, 'bin', name), 0o755)
  }
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, ROOT: root }
  return { at, program, env, asked: () => (existsSync(at('asked')) ? readFileSync(at('asked'), 'utf8') : '') }
}

const WAITING = '{"node_id":null,"metadata_server_status":"AwaitingProvisioning"}'
const MEMBER = '{"node_id":"N2:1","metadata_server_status":"Member"}'
/** A node with data that cannot reach the others. */
const ALONE = '{"status":"StartingUp","node_id":null,"metadata_server_status":"Member"}'
const STARTING = '{"node_id":null,"metadata_server_status":"Unknown"}'

/** Runs provision.sh on nodes a, b and c with these answers; an empty one is silence. */
async function provision(answers: readonly string[], { wanted = '3', makes = true } = {}) {
  const { at, program, env, asked } = world()
  for (const [index, answer] of answers.entries()) writeFileSync(at('abc'[index] ?? ''), answer)
  // curl gets the URL last; from http://a:5122/health it takes the name of the file with the answer.
  program('curl', 'for url; do :; done; cat "$ROOT/$(echo "$url" | cut -d/ -f3 | cut -d: -f1)"')
  const made = makes ? `for node in a b c; do echo '${MEMBER}' >"$ROOT/$node"; done` : 'echo "tcp connect error" >&2'
  // As the real one, it ends with 0 also where it could not connect.
  program('restatectl', `echo "$*" >>"$ROOT/asked"; ${made}`)
  program('sleep', ':')
  const all = { ...env, NODES: 'a b c', WANTED: wanted, TIMEOUT_S: '3' }
  const run = promisify(execFile)('sh', ['-c', read('provision.sh')], { env: all })
  const { code, said } = await run.then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      said: error.stdout + error.stderr,
    }),
  )
  return { code, said, asked: asked().trim() }
}

test('a cluster is made once all nodes answer that they know none, at the first of them', async () => {
  const { code, said, asked } = await provision([WAITING, WAITING, WAITING])
  assert.deepEqual([code, asked], [0, '--yes --address http://a:5122 provision'], said)
  assert.match(said, /Made the cluster/)
})

test('nothing is made while any node knows a cluster, also one that reaches no other node', async () => {
  const standby = MEMBER.replace('Member', 'Standby')
  for (const known of [MEMBER, ALONE, standby]) {
    for (const answers of [
      [WAITING, known, WAITING],
      [WAITING, '', known],
      [known, known, known],
    ]) {
      const { code, said, asked } = await provision(answers, { wanted: '1' })
      assert.deepEqual([code, asked], [0, ''], said)
      assert.match(said, /The cluster exists: .*Nothing is made/)
    }
  }
})

test('nothing is made while a node is silent or only starting, which may know a cluster, and the line names it', async () => {
  for (const quiet of ['', STARTING, 'Bad gateway']) {
    const { code, said, asked } = await provision([WAITING, quiet, WAITING])
    assert.deepEqual([code, asked], [1, ''], said)
    assert.match(said, /because b gave no answer in 3 s and may know one.*CLUSTER_PROVISION_NODES=2/)
  }
})

test('by the word of the operator fewer nodes are enough, and any other word is refused', async () => {
  const { code, asked } = await provision(['', WAITING, WAITING], { wanted: '2' })
  assert.deepEqual([code, asked], [0, '--yes --address http://b:5122 provision'])
  for (const wanted of ['0', '4', 'all', '-1', '2.5']) {
    const refused = await provision([WAITING, WAITING, WAITING], { wanted })
    assert.deepEqual([refused.code, refused.asked], [2, ''], wanted)
    assert.match(refused.said, /CLUSTER_PROVISION_NODES is .* from 1 to 3/)
  }
})

test('a try that made no cluster is made again at the same node, and fails in the end', async () => {
  const { code, said, asked } = await provision([WAITING, WAITING, WAITING], { makes: false })
  assert.equal(code, 1)
  assert.match(said, /No cluster was made: a did not become its first node/)
  assert.deepEqual(new Set(asked.split('\n')), new Set(['--yes --address http://a:5122 provision']))
  assert.ok(asked.split('\n').length > 1, 'it was tried once')
})

/** Starts start.sh as node restate-3, of whose log the others say what stands in the file `state`. */
function startNode(t: TestContext, state: string) {
  const { at, program, env } = world()
  for (const directory of ['data', 'secrets']) mkdirSync(at(directory))
  for (const name of ['SNAPSHOT_ACCESS_KEY_ID', 'SNAPSHOT_SECRET_ACCESS_KEY']) writeFileSync(at(`secrets/${name}`), 'x')
  writeFileSync(at('state'), state)
  program('restatectl', 'echo "$*" >>"$ROOT/asked"; cat "$ROOT/state"')
  program('restate-server', 'echo "serving $AWS" >"$ROOT/served"')
  const addresses = JSON.stringify([1, 2, 3].map((node) => `http://restate-${node}:5122`))
  const script = read('start.sh')
    .replaceAll('/restate-data/', `${at('data')}/`)
    .replaceAll('/secrets/snapshots/', `${at('secrets')}/`)
    .replaceAll('/identity/', `${at('identity')}/`)
  const child: ChildProcess = spawn('sh', ['-c', script], {
    env: { ...env, RESTATE_NODE_NAME: 'restate-3', RESTATE_METADATA_CLIENT__ADDRESSES: addresses },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let log = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  t.after(() => child.kill('SIGKILL'))
  return { at, child, log: () => log, serves: () => existsSync(at('served')) }
}

const row = (state: string) => `[{"storage_state":"${state}"}]`

test('a node starts where the others say nothing of its log, or that it is sound or empty by repair', async (t) => {
  for (const state of ['', row('read-write'), row('provisioning'), 'Error: transport error']) {
    const node = startNode(t, state)
    writeFileSync(node.at('data/held'), 'an earlier note')
    const [code] = await once(node.child, 'exit')
    assert.deepEqual([code, node.serves(), existsSync(node.at('data/held'))], [0, true, false], state)
  }
})

test('a node that lost its data asks the other nodes, stays down with a line and a note, and starts once it is repaired', async (t) => {
  const node = startNode(t, row('data-loss'))
  await waitUntil('the node says why it stays down', () => node.log() !== '')
  const { level, fields } = JSON.parse(node.log().split('\n', 1)[0] ?? '') as {
    level: string
    fields: { message: string }
  }
  assert.equal(level, 'ERROR')
  assert.match(fields.message, /restate-3 has lost its data.*npm run cluster:repair -- restate-3/)
  assert.equal(readFileSync(node.at('data/held'), 'utf8').trim(), fields.message)
  assert.match(
    readFileSync(node.at('asked'), 'utf8'),
    /-s http:\/\/restate-1:5122,http:\/\/restate-2:5122 sql --json .*'restate-3'/,
  )
  assert.ok(!node.serves())
  writeFileSync(node.at('state'), row('provisioning'))
  const [code] = await once(node.child, 'exit')
  assert.deepEqual([code, node.serves(), existsSync(node.at('data/held'))], [0, true, false])
})

test('a node that stays down ends at SIGTERM, which Docker sends at a stop', async (t) => {
  const node = startNode(t, row('data-loss'))
  await waitUntil('the node says why it stays down', () => node.log() !== '')
  node.child.kill('SIGTERM')
  const [code] = await once(node.child, 'exit')
  assert.deepEqual([code, node.serves()], [0, false])
})

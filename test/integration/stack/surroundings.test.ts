/** The embedded stack in a shell that is full of variables of other programs: it starts, classifies, and no part gets them. */
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type RunningCli, runCli, startCli } from '../../helpers/cli/cli.ts'
import { isolatedEnv } from '../../helpers/stack/stack.ts'

/** Each of these, where it reaches a part that reads it, keeps the stack from starting or from answering. */
const HOSTILE = {
  PGSSLMODE: 'verify-full',
  PGOPTIONS: '-c default_transaction_read_only=on',
  PGHOST: 'nowhere.invalid',
  PGPORT: '1',
  PGUSER: 'nobody',
  PGPASSWORD: 'wrong',
  PGDATABASE: 'none',
  PGSERVICE: 'none',
  PGCLIENTENCODING: 'LATIN1',
  RESTATE_AUTO_PROVISION: 'false',
  RESTATE_CLUSTER_NAME: 'another',
  RESTATE_CONFIG: '/no/such/file.toml',
  RESTATE_INGRESS__BIND_ADDRESS: '127.0.0.1:1',
  HTTP_PROXY: 'http://127.0.0.1:1',
  http_proxy: 'http://127.0.0.1:1',
  HTTPS_PROXY: 'http://127.0.0.1:1',
  ALL_PROXY: 'socks5://127.0.0.1:1',
  all_proxy: 'socks5://127.0.0.1:1',
  NODE_OPTIONS: '--trace-uncaught --use-env-proxy',
  NODE_DEBUG: 'http,net',
  TZ: 'Asia/Kathmandu',
  LC_ALL: 'tr_TR.UTF-8',
  LANG: 'tr_TR.UTF-8',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
}

let env: Record<string, string>
let stack: RunningCli | undefined

before(async () => {
  env = { ...(await isolatedEnv()), ...HOSTILE }
})

after(async () => {
  stack?.child.kill('SIGTERM')
  await stack?.result
  await rm(env.DATA_DIR ?? '', { recursive: true, force: true })
})

test('it starts', async () => {
  stack = startCli(['start'], { env })
  await stack.untilSaid('npm run classify')
})

test('no part has a variable of the shell that it does not read', { skip: process.platform !== 'linux' }, async () => {
  const line = /^ +processes +(.*)$/m.exec(stack?.said() ?? '')?.[1] ?? ''
  const parts = [...line.matchAll(/(\S+) (\d+)/g)].map(([, name = '', pid = '']) => ({ name, pid }))
  assert.deepEqual(parts.map(({ name }) => name).sort(), [
    ...['console', 'guard', 'offline-model', 'postgres', 'replica', 'restate-server'],
  ])
  for (const { name, pid } of parts) {
    const own = new Set((await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0'))
    const found = Object.entries(HOSTILE).filter(([variable, value]) => own.has(`${variable}=${value}`))
    // The replica alone may be told to reach the model through a proxy.
    const names = found
      .map(([variable]) => variable)
      .filter((variable) => name !== 'replica' || !/proxy$/i.test(variable))
    assert.deepEqual(names, [], name)
  }
})

test('a catalogue is classified, and the commands read the database', async () => {
  const file = join(env.DATA_DIR ?? '', 'one.jsonl')
  await writeFile(
    file,
    '{"indicator_id":"S1","name":"Exports of goods","units":"USD million","periodicity":"Monthly"}\n',
  )
  const run = await runCli(['classify', file, '--json'], { env, ownProcess: true })
  assert.equal(run.code, 0, run.stderr)
  assert.equal((JSON.parse(run.stdout) as { classified: number }).classified, 1)
  const exported = await runCli(['export', '--format', 'jsonl'], { env, ownProcess: true })
  assert.equal(exported.code, 0, exported.stderr)
  assert.match(exported.stdout, /"S1"/)
})

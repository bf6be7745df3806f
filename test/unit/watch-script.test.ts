/** docker/watch.sh, the first process of the cluster's containers: what it passes on, and what it takes for silence. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { waitUntil } from '../helpers/wait.ts'

const SCRIPT = fileURLToPath(new URL('../../docker/watch.sh', import.meta.url))

/** A shell that starts late where it has nothing to do, as every program does on a machine that is short of CPU. */
const SLOW_SH = `#!/bin/sh
if [ "$2" = : ]; then sleep 0.3; fi
exec /bin/sh "$@"
`

/** Starts a command that writes its number to a file and then does `script`. The check is the content of another file. */
async function world(t: TestContext, script: string, { patience = '2', isSlow = false } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'classify-watch-'))
  const at = (name: string) => join(directory, name)
  await writeFile(at('check'), 'true\n')
  if (isSlow) await writeFile(at('sh'), SLOW_SH, { mode: 0o755 })
  const command = ['sh', '-c', `echo $$ > ${at('pid')}; ${script}`]
  // In a container the end of the first process ends all others; here they are a group.
  const child = spawn('sh', [SCRIPT, patience, `echo >> ${at('asks')}; . ${at('check')}`, ...command], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${isSlow ? `${directory}:` : ''}${process.env.PATH}` },
  })
  let said = ''
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString()
  })
  t.after(async () => {
    killGroup(child)
    // `timeout` puts a check into a group of its own, which may still write a file while the directory goes.
    await rm(directory, { recursive: true, force: true, maxRetries: 10 })
  })
  const pid = async () => Number(await readFile(at('pid'), 'utf8').catch(() => ''))
  const asks = async () => (await readFile(at('asks'), 'utf8').catch(() => '')).length
  await waitUntil('the command runs', async () => (await pid()) > 0)
  return { child, pid, asks, said: () => said, setCheck: (line: string) => writeFile(at('check'), `${line}\n`) }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-(pid ?? 0), 'SIGKILL')
  } catch {
    // It has ended.
  }
}

test('the exit code of the command is that of the container', async (t) => {
  const { child } = await world(t, 'exit 7')
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
  assert.equal(code, 7)
})

test('signals reach the command, which ends when it is ready', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
    const name = signal.slice(3)
    // The command sets its own handler, as every part does: a shell starts what runs in the background with SIGINT ignored.
    const script = `exec node -e "process.on('SIG${name}', () => setTimeout(() => process.exit(5), 300)); setInterval(() => {}, 1000); require('fs').writeFileSync(process.argv[1], 'up')"`
    const directory = await mkdtemp(join(tmpdir(), 'classify-watch-up-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    const { child } = await world(t, `${script} ${join(directory, 'up')}`)
    await waitUntil('it listens', async () => (await readFile(join(directory, 'up'), 'utf8').catch(() => '')) === 'up')
    child.kill(signal)
    const [code] = await once(child, 'exit')
    assert.equal(code, 5, signal)
  }
})

test('a check that hangs is silence: the command is killed, with a line that says so', async (t) => {
  const { child, asks, said, setCheck } = await world(t, 'while :; do sleep 1; done')
  await waitUntil('it was asked', async () => (await asks()) >= 1)
  await setCheck('sleep 60')
  const [code] = await once(child, 'exit')
  assert.equal(code, 137)
  assert.match(said(), /There was no sign of life for [2-8] s: the container ends, and Docker starts it again/)
})

test('on a machine that is short of CPU a check that hangs is silence only after four times as long', async (t) => {
  const { child, asks, said, setCheck } = await world(t, 'while :; do sleep 1; done', { isSlow: true })
  await waitUntil('it was asked', async () => (await asks()) >= 1)
  await setCheck('sleep 60')
  const [code] = await once(child, 'exit')
  assert.equal(code, 137)
  assert.match(said(), /There was no sign of life for 8 s/)
})

test('a command that was stopped is silent, however short of CPU the machine is', async (t) => {
  const { child, pid, asks, said, setCheck } = await world(t, 'while :; do sleep 1; done', { isSlow: true })
  await waitUntil('it was asked', async () => (await asks()) >= 1)
  process.kill(await pid(), 'SIGSTOP')
  await setCheck('sleep 60')
  const [code] = await once(child, 'exit')
  assert.equal(code, 137)
  assert.match(said(), /There was no sign of life for 2 s/)
})

test('a check that says no is an answer, and a command that has not answered yet is starting', async (t) => {
  const { child, asks, setCheck } = await world(t, 'while :; do sleep 1; done')
  await waitUntil('it was asked', async () => (await asks()) >= 1)
  await setCheck('false')
  const before = await asks()
  await waitUntil('it was asked again', async () => (await asks()) >= before + 2)
  assert.equal(child.exitCode, null)
})

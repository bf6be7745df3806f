/** Processes of the embedded stack: how they are described, recorded and ended, and the message for one that does not start. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeDataDir } from '../../../src/embedded/data-dir.ts'
import { describeProcess, isOurProcess, isRunning, parsePs } from '../../../src/embedded/pids.ts'
import { startProcess } from '../../../src/embedded/process.ts'
import { waitUntil } from '../../helpers/wait.ts'

let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-processes-'))
})

after(async () => {
  await rm(directory, { recursive: true, force: true })
})

function startNode(program: string, kill = new AbortController().signal) {
  return startProcess({
    record: { dataDir: directory, name: 'part', mark: 'x' },
    file: process.execPath,
    args: ['-e', program],
    env: {},
    logFile: join(directory, 'part.log'),
    withChannel: false,
    kill,
  })
}

test('a process is known by its command line, and not when it is gone or a zombie', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'my-mark'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  const found = await describeProcess(pid)
  assert.equal(found?.parent, process.pid)
  assert.equal(await isOurProcess(pid, ['another-mark', 'my-mark']), true)
  assert.equal(await isOurProcess(pid, ['another-mark']), false)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(await isOurProcess(pid, ['my-mark']), false)
  assert.equal(await isRunning(pid), false)
})

test('what ps prints is read where there is no /proc', () => {
  assert.deepEqual(parsePs('  501 Ss   /usr/bin/node /x y/src/cli/main.ts start\n'), {
    command: '/usr/bin/node /x y/src/cli/main.ts start',
    parent: 501,
    isZombie: false,
  })
  assert.deepEqual(parsePs('    1 Z+   (postgres)\n')?.isZombie, true)
  assert.equal(parsePs('\n'), undefined)
})

test('a program that is not there is embedded-failed, in one line', async () => {
  const command = {
    record: { dataDir: directory, name: 'part', mark: 'x' },
    ...{ file: join(directory, 'nothing'), args: [], env: {}, logFile: join(directory, 'log') },
    withChannel: false,
    kill: new AbortController().signal,
  }
  await assert.rejects(startProcess(command), { code: 'embedded-failed', message: /The part could not .*ENOENT/ })
  const unloggable = { ...command, file: process.execPath, logFile: join(directory, 'no', 'log') }
  await assert.rejects(startProcess(unloggable), { code: 'embedded-failed', message: /The part could not .*ENOENT/ })
})

test('the output in a message is that of this process, not of an earlier one', async () => {
  await writeFile(join(directory, 'part.log'), 'from the last start\n')
  const running = await startNode('console.error("no such gold file")')
  await running.exited
  assert.match(running.describeOutput(), /part\.log:\nno such gold file$/)
})

test('a second Ctrl+C kills what does not end by itself', async () => {
  const kill = new AbortController()
  const program =
    'process.on("SIGTERM", () => console.log("It refuses.")); console.log("It runs."); setInterval(() => {}, 1000)'
  const running = await startNode(program, kill.signal)
  await waitUntil('the process is up', () => running.describeOutput().includes('It runs.'))
  const stopping = running.stop(60_000)
  await waitUntil('the process refuses to end', () => running.describeOutput().includes('It refuses.'))
  kill.abort()
  assert.deepEqual(await stopping, { code: null, signal: 'SIGKILL' })
})

test('a DATA_DIR that cannot be used is named with its value and the reason', async () => {
  const file = join(directory, 'file')
  await writeFile(file, '')
  for (const value of [file, join(file, 'below')]) {
    await assert.rejects(makeDataDir(value), (error: Error & { code: string }) => {
      assert.equal(error.code, 'config-invalid')
      assert.ok(error.message.startsWith(`DATA_DIR is "${value}": it must be a directory`), error.message)
      assert.match(error.message, /EEXIST|ENOTDIR/)
      return true
    })
  }
})

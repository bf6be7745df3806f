/** What the commands of the cluster say of Docker: not there, not running, not allowed, too old, in another context, on another machine. */
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findEngine, isOlder, type TryRun } from '../../../../src/cli/docker/engine.ts'
import { runCli } from '../../../helpers/cli/cli.ts'

/** Answers of programs by the beginning of their command lines; a number is the exit code of one that prints to stderr. */
type Answers = Readonly<Record<string, string | readonly [code: number, stderr: string]>>

const GOOD: Answers = {
  'docker version': '27.1.0\n',
  'docker context inspect': 'default\tunix:///var/run/docker.sock\n',
  'docker context ls': 'default\n',
  'docker compose version': '2.40.3\n',
}

function machine(answers: Answers): TryRun {
  return async (file, args) => {
    const line = [file, ...args].join(' ')
    const found = Object.entries(answers).find(([start]) => line.startsWith(start))?.[1]
    if (found === undefined) return file === 'docker' && 'docker version' in answers ? NO_COMMAND : undefined
    if (typeof found === 'string') return { code: 0, stdout: found, stderr: '' }
    return { code: found[0], stdout: '', stderr: found[1] }
  }
}

const NO_COMMAND = { code: 1, stdout: '', stderr: "docker: 'compose' is not a docker command." }
const DOWN = [
  1,
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n',
] as const

async function complaint(answers: Answers): Promise<string> {
  const error = await findEngine(machine(answers)).then(
    () => assert.fail('nothing was wrong'),
    (thrown: Error & { code: string; lines: readonly string[] }) => thrown,
  )
  assert.equal(error.code, 'cluster-failed')
  assert.equal(error.lines.length, 1, 'one line says it')
  return error.message
}

test('an engine and Compose that are there are used, the plugin before the old program', async () => {
  const found = await findEngine(machine(GOOD))
  assert.deepEqual(found, {
    program: ['docker', 'compose'],
    place: 'context default, unix:///var/run/docker.sock',
    warnings: [],
  })
  const { 'docker compose version': _, ...withoutPlugin } = GOOD
  const old = await findEngine(machine({ ...withoutPlugin, 'docker-compose version': '1.29.2\n' }))
  assert.deepEqual(old.program, ['docker-compose'])
})

test('no docker, no Compose: how to install them', async () => {
  assert.match(await complaint({}), /"docker" was not found: install .*https:/)
  const { 'docker compose version': _, ...withoutPlugin } = GOOD
  assert.match(await complaint(withoutPlugin), /Docker has no Compose.*: install .*https:/)
})

test('an engine or a Compose that is too old is named with its version and the one that is needed', async () => {
  assert.match(await complaint({ ...GOOD, 'docker version': '19.03.15\n' }), /19\.03\.15 .*too old.*20\.10/)
  const { 'docker compose version': _, ...withoutPlugin } = GOOD
  const old = { ...withoutPlugin, 'docker-compose version': '1.25.0\n' }
  assert.match(await complaint(old), /Compose 1\.25\.0 is too old.*1\.29/)
})

test('an engine that is down is named with its context and reason, and other contexts are offered', async () => {
  const said = await complaint({ ...GOOD, 'docker version': DOWN, 'docker context ls': 'default\nrootless\n' })
  assert.match(said, /does not answer \(context default, unix:.*docker\.sock\): Cannot connect.*: start it/)
  assert.match(said, /docker context use \(rootless\)$/)
  assert.doesNotMatch(await complaint({ ...GOOD, 'docker version': DOWN }), /context use/)
})

test('a user who may not use the engine is told how to be allowed', async () => {
  const denied = [1, 'permission denied while trying to connect to the Docker daemon socket'] as const
  assert.match(await complaint({ ...GOOD, 'docker version': denied }), /permission denied.*group docker.*rootless/)
})

test('an engine on another machine is warned of; one behind a local port or a socket of the user is not', async () => {
  const at = async (host: string) =>
    (await findEngine(machine({ ...GOOD, 'docker context inspect': `x\t${host}\n` }))).warnings
  for (const host of ['ssh://me@build.example', 'tcp://10.0.0.7:2376', 'tcp://docker:2375']) {
    assert.match((await at(host)).join(), new RegExp(`${host.replaceAll('.', '\\.')}.*another machine`))
  }
  for (const host of [
    'unix:///run/user/1000/docker.sock',
    'tcp://127.0.0.1:2375',
    'tcp://localhost:2375',
    'npipe:////./pipe/x',
  ]) {
    assert.deepEqual(await at(host), [], host)
  }
})

test('versions are compared by number, and what is no version counts as new', () => {
  for (const old of ['1.28.6', 'v1.9.0', '0.99']) assert.equal(isOlder(old, [1, 29]), true, old)
  for (const fine of ['1.29.2', '2.0.1', 'v2.40.3-3', 'dev', '']) assert.equal(isOlder(fine, [1, 29]), false, fine)
})

test('a command says it in one line, and ends with code 1', { skip: process.platform === 'win32' }, async () => {
  const bin = await mkdtemp(join(tmpdir(), 'classify-bin-'))
  try {
    const docker = join(bin, 'docker')
    await writeFile(docker, `#!/bin/sh\ncase "$1" in version) echo '${DOWN[1].trim()}' >&2; exit 1;; esac\nexit 1\n`)
    await chmod(docker, 0o755)
    const { code, stderr } = await runCli(['cluster:ps'], { env: { PATH: bin }, ownProcess: true })
    assert.equal(code, 1)
    assert.match(stderr, /^The Docker engine does not answer .*: start it, and check .*\n$/)
    await rm(docker)
    const without = await runCli(['cluster:ps'], { env: { PATH: bin } })
    assert.match(without.stderr, /^The program "docker" was not found: .*\n$/)
  } finally {
    await rm(bin, { recursive: true, force: true })
  }
})

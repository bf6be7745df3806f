/** The script that writes the cluster's secrets, run here by sh in a directory of its own. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { hasDoneItsWork } from '../../src/cli/cluster/containers.ts'
import { parseChanges } from '../../src/cli/cluster/outdated.ts'
import { parseTokens } from '../../src/http/tokens.ts'
import { sha256 } from '../../src/lib/sha256.ts'

const SCRIPT = readFileSync(new URL('../../docker/secrets/make.sh', import.meta.url), 'utf8')
const VOLUMES = ['database', 'snapshots', 'grafana', 'console', 'model', 'guard']
const directories: string[] = []
after(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** A container of the script: its directories lie below a temporary one instead of the root. */
function container() {
  const root = mkdtempSync(join(tmpdir(), 'classify-make-'))
  directories.push(root)
  mkdirSync(join(root, 'given'))
  for (const volume of VOLUMES) mkdirSync(join(root, 'secrets', volume), { recursive: true })
  const script = SCRIPT.replaceAll('/given/', `${root}/given/`)
    .replaceAll('/secrets/', `${root}/secrets/`)
    .replaceAll('/readable/', `${root}/readable/`)
  const at = (path: string) => join(root, 'secrets', path)
  for (const volume of ['files', 'nginx', 'grafana']) mkdirSync(join(root, 'readable', volume), { recursive: true })
  return {
    root,
    at,
    read: (path: string) => readFileSync(at(path), 'utf8'),
    give: (name: string, content: string) => writeFileSync(join(root, 'given', name), content),
    giveDirectory: (name: string) => mkdirSync(join(root, 'given', name)),
    take: (name: string) => rmSync(join(root, 'given', name)),
    run: async (env: Record<string, string> = {}) =>
      await promisify(execFile)('sh', ['-c', script], { env: { PATH: process.env.PATH, ...env } }).then(
        // When each volume last changed stands in the log for the commands that start the cluster.
        ({ stdout, stderr }) => ({ code: 0, said: (stdout + stderr).replace(/^changed \d+ \S+\n/gm, '') }),
        (error: { code: number; stdout: string; stderr: string }) => ({
          code: error.code,
          said: error.stdout + error.stderr,
        }),
      ),
  }
}

const PASSWORD = 'database/POSTGRES_PASSWORD'

test('secrets that nobody gave are made once, all different, and readable for the users of all containers', async () => {
  const { run, read, at } = container()
  assert.deepEqual(await run(), { code: 0, said: '' })
  const paths = [
    PASSWORD,
    'snapshots/SNAPSHOT_ACCESS_KEY_ID',
    'snapshots/SNAPSHOT_SECRET_ACCESS_KEY',
    'grafana/GRAFANA_ADMIN_PASSWORD',
    'console/CONSOLE_TOKEN',
  ]
  const made = paths.map(read)
  for (const value of made) assert.match(value, /^[0-9a-f]{48}$/)
  assert.equal(new Set(made).size, made.length)
  for (const path of paths) assert.equal(statSync(at(path)).mode & 0o777, 0o644)
  assert.ok(!existsSync(at('model/OPENAI_API_KEY')))
  const times = paths.map((path) => statSync(at(path)).mtimeMs)
  await run()
  assert.deepEqual(paths.map(read), made)
  assert.deepEqual(
    paths.map((path) => statSync(at(path)).mtimeMs),
    times,
  )
})

test('what is given by a variable or a file counts, with all its characters but the newline at its end', async () => {
  const { run, read, give, take, at } = container()
  const odd = `it's "odd" $HOME \\ %s \`x\` ü`
  assert.equal((await run({ POSTGRES_PASSWORD: odd })).said, '')
  assert.equal(read(PASSWORD), odd)
  give('POSTGRES_PASSWORD', `${odd}2\n`)
  give('OPENAI_API_KEY', 'sk-file\n')
  assert.equal((await run()).said, '')
  assert.equal(read(PASSWORD), `${odd}2`)
  assert.equal(read('model/OPENAI_API_KEY'), 'sk-file')
  // A password is kept where its file is taken away, because the database has it. A key is not.
  take('POSTGRES_PASSWORD')
  take('OPENAI_API_KEY')
  assert.equal((await run({ OPENAI_API_KEY: 'sk-variable' })).code, 0)
  assert.equal(read(PASSWORD), `${odd}2`)
  assert.ok(!existsSync(at('model/OPENAI_API_KEY')))
})

test('both forms at once, an empty file and a directory end the start with the name of the setting and no secret', async () => {
  const both = container()
  both.give('POSTGRES_PASSWORD', 'hidden1')
  const said = await both.run({ POSTGRES_PASSWORD: 'hidden2' })
  assert.notEqual(said.code, 0)
  assert.match(said.said, /^POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are both set/)
  assert.ok(!said.said.includes('hidden'))
  for (const content of ['', '\n']) {
    const empty = container()
    empty.give('OPENAI_API_KEY', content)
    assert.match((await empty.run()).said, /^OPENAI_API_KEY_FILE must not be an empty file/)
  }
  const directory = container()
  directory.giveDirectory('GRAFANA_ADMIN_PASSWORD')
  assert.match((await directory.run()).said, /^GRAFANA_ADMIN_PASSWORD_FILE must be a file/)
})

test('an empty list of tokens is passed on, because it lets nobody in', async () => {
  const { run, read, give, take, at } = container()
  for (const content of ['nightly:1:read\n', '', '# nightly:2:read\n', 'nightly:2:read\n', '\n']) {
    give('API_TOKENS', content)
    assert.deepEqual(await run(), { code: 0, said: '' })
    const named = content.startsWith('nightly') ? `\n${lineOfConsole(read)}` : ''
    assert.equal(read('guard/API_TOKENS'), content.trim() + named)
  }
  take('API_TOKENS')
  await run()
  assert.ok(!existsSync(at('guard/API_TOKENS')))
})

/** The line by which the guard knows the console. */
const lineOfConsole = (read: (path: string) => string) =>
  `console@cluster:${sha256(read('console/CONSOLE_TOKEN'))}:submit+read+review+operate`

test("a list of tokens gets the console's own once, keeps its time, and is one that the guard reads", async () => {
  const { run, read, give, at } = container()
  const ann = `  ann:${'a'.repeat(64)}:read\r\n# nobody else`
  give('API_TOKENS', ann)
  await run()
  const tokens = parseTokens(read('guard/API_TOKENS'), 'API_TOKENS_FILE')
  assert.deepEqual(
    [...tokens.values()].map(({ name }) => name),
    ['ann', 'console@cluster'],
  )
  assert.ok(tokens.get(sha256(read('console/CONSOLE_TOKEN')))?.rights.has('operate'))
  const before = statSync(at('guard/API_TOKENS')).mtimeMs
  await run()
  assert.equal(statSync(at('guard/API_TOKENS')).mtimeMs, before, 'a list that is the same is not read again')
  // A token that its owner has put into the list already has the rights that stand there.
  give('CONSOLE_TOKEN', 'a-token-of-my-own-of-32-characters')
  const own = `console:${sha256('a-token-of-my-own-of-32-characters').toUpperCase()}:read`
  give('API_TOKENS', own)
  await run()
  assert.equal(read('guard/API_TOKENS'), own)
})

test('the service that has written the secrets counts as ready, and one that failed does not', () => {
  assert.ok(hasDoneItsWork({ service: 'secrets', state: 'exited', exitCode: 0 }))
  assert.ok(!hasDoneItsWork({ service: 'secrets', state: 'exited', exitCode: 1 }))
  assert.ok(!hasDoneItsWork({ service: 'nginx', state: 'exited', exitCode: 0 }))
  assert.ok(hasDoneItsWork({ service: 'provision', state: 'exited', exitCode: 0 }))
})

test('what the parts mount is copied so that every user may read it, and follows what is given', async () => {
  const { root, run } = container()
  const given = (path: string, text: string) => {
    mkdirSync(join(root, 'given', dirname(path)), { recursive: true, mode: 0o700 })
    writeFileSync(join(root, 'given', path), text, { mode: 0o600 })
  }
  const copy = (path: string) => join(root, 'readable', path)
  given('docker/health.sh', 'check\n')
  given('docker/restate/start.sh', 'start a $node\n\n')
  given('docker/prometheus/alerts.yml', 'alerts')
  given('docker/grafana/dashboards/classify.json', '{}')
  given('docker/identity/nodes/node.pem', 'PRIVATE')
  given('nginx/nginx.conf', 'events {}\n')
  given('identity/cluster.pub', 'publickeyv1_a\n')
  given('identity/old.pub', 'publickeyv1_b\n')
  assert.deepEqual(await run(), { code: 0, said: '' })
  const copied = {
    'files/health.sh': 'check\n',
    'files/restate/start.sh': 'start a $node\n\n',
    'files/prometheus/alerts.yml': 'alerts',
    'files/identity/cluster.pub': 'publickeyv1_a\n',
    'files/identity/old.pub': 'publickeyv1_b\n',
    'grafana/dashboards/classify.json': '{}',
    'nginx/nginx.conf': 'events {}\n',
  }
  for (const [path, text] of Object.entries(copied)) {
    assert.equal(readFileSync(copy(path), 'utf8'), text, path)
    assert.equal(statSync(copy(path)).mode & 0o777, 0o644, path)
    assert.equal(statSync(dirname(copy(path))).mode & 0o777, 0o755, path)
  }
  assert.ok(!existsSync(copy('files/identity/node.pem')), 'the private key is no file of the replicas')
  assert.ok(!readdirSync(join(root, 'readable'), { recursive: true }).some((path) => String(path).includes('node')))

  rmSync(join(root, 'given', 'identity', 'old.pub'))
  given('nginx/nginx.conf', 'events { }\n')
  const time = statSync(copy('files/health.sh')).mtimeMs
  await run()
  assert.deepEqual(readdirSync(copy('files/identity')), ['cluster.pub'])
  assert.equal(readFileSync(copy('nginx/nginx.conf'), 'utf8'), 'events { }\n')
  assert.equal(statSync(copy('files/health.sh')).mtimeMs, time, 'a file that is the same keeps its time')
})

test('the log tells when the secrets of each volume last changed, by a new value and by one that is gone', async () => {
  const { root, run, at, give, take } = container()
  const longAgo = new Date('2026-01-02T03:04:05Z')
  const changed = async () => {
    for (const volume of VOLUMES) utimesSync(at(volume), longAgo, longAgo)
    const script = SCRIPT.replaceAll(/\/(given|secrets|readable)\//g, `${root}/$1/`)
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { env: { PATH: process.env.PATH } })
    const times = parseChanges(stdout.replaceAll(`${root}/`, '/'))
    const secrets = [...times].filter(([path]) => path.startsWith('/secrets/'))
    assert.deepEqual(secrets.map(([path]) => path).toSorted(), VOLUMES.map((name) => `/secrets/${name}`).toSorted())
    return secrets.filter(([, ms]) => ms !== longAgo.getTime()).map(([path]) => path.replace('/secrets/', ''))
  }
  give('OPENAI_API_KEY', 'one')
  await run()
  assert.deepEqual(await changed(), [])
  give('POSTGRES_PASSWORD', 'another')
  assert.deepEqual(await changed(), ['database'])
  assert.deepEqual(await changed(), [])
  take('OPENAI_API_KEY')
  assert.deepEqual(await changed(), ['model'])
})

/** Tests of the files of DATA_DIR: their owner alone may read them, whatever the umask is and whatever mode they had. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createRunJournal } from '../../../src/cli/classify/run-journal.ts'
import { makeDataDir, tightenDataDir } from '../../../src/embedded/data-dir.ts'
import { ensureIdentity } from '../../../src/embedded/identity.ts'
import { recordProcess } from '../../../src/embedded/leftovers.ts'
import { chooseRunAs } from '../../../src/embedded/postgres-user.ts'
import { makePrivateFolder, openPassage, replaceFile, writePrivateFile } from '../../../src/embedded/private-files.ts'
import { startProcess } from '../../../src/embedded/process.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-private-'))
})
after(() => rm(directory, { recursive: true, force: true }))

const modeOf = async (...path: readonly string[]) => (await stat(join(...path))).mode & 0o777

/** Runs `work` under a umask. */
async function under<T>(umask: number, work: () => Promise<T>): Promise<T> {
  const before = process.umask(umask)
  try {
    return await work()
  } finally {
    process.umask(before)
  }
}

for (const umask of [0, 0o022, 0o777]) {
  test(`under the umask ${umask.toString(8)} folders are made with 700 and files with 600`, async () => {
    const dataDir = join(directory, `umask-${umask}`)
    const header = { run_id: 'run-1', file: '-', fingerprint: 'f', batch_size: 1, force: false }
    await under(umask, async () => {
      await makeDataDir(dataDir, 'logs', 'deep')
      await writePrivateFile(join(dataDir, 'state.json'), '{}')
      await recordProcess(dataDir, 'part', 1, 'mark')
      await createRunJournal(dataDir, { ...header, options: { mode: 'rules', reuse: true, trust: 'shipped' } })
    })
    for (const folder of ['.', 'logs', 'logs/deep', 'pids', 'runs'])
      assert.equal(await modeOf(dataDir, folder), 0o700, folder)
    for (const file of ['state.json', 'pids/part', 'runs/run-1.jsonl'])
      assert.equal(await modeOf(dataDir, file), 0o600, file)
    assert.equal(await readFile(join(dataDir, 'state.json'), 'utf8'), '{}')
  })
}

test('the log of a part, and the files that the part makes, are private under any umask', async () => {
  const dataDir = await makeDataDir(join(directory, 'parts'))
  const running = await under(0, () =>
    startProcess({
      file: '/bin/sh',
      args: ['-c', 'echo said; echo text > "$0/made"; mkdir "$0/folder"', dataDir],
      env: {},
      record: { dataDir, name: 'part', mark: 'sh' },
      logFile: join(dataDir, 'part.log'),
      withChannel: false,
      kill: new AbortController().signal,
    }),
  )
  await running.exited
  assert.equal(await readFile(join(dataDir, 'part.log'), 'utf8'), 'said\n')
  for (const file of ['part.log', 'made']) assert.equal(await modeOf(dataDir, file), 0o600, file)
  assert.equal(await modeOf(dataDir, 'folder'), 0o700)
})

test('what an earlier release left open is tightened, but not behind links and not what is of PostgreSQL', async () => {
  const dataDir = join(directory, 'old')
  const outside = join(directory, 'outside')
  await writeFile(outside, '')
  for (const folder of ['logs', 'restate/node', 'postgres/cluster'])
    await mkdir(join(dataDir, folder), { recursive: true })
  const files = ['logs/replica.log', 'restate/node/wal', 'postgres/cluster/PG_VERSION', 'embedded.json']
  for (const file of files) await writeFile(join(dataDir, file), '')
  await symlink(outside, join(dataDir, 'logs', 'link'))
  for (const path of await readdir(dataDir, { recursive: true })) await chmod(join(dataDir, path), 0o777)
  await chmod(dataDir, 0o777)
  const said: string[] = []
  await tightenDataDir(dataDir, (line) => said.push(line))
  assert.deepEqual(said, [])
  for (const folder of ['.', 'logs', 'restate', 'restate/node', 'postgres'])
    assert.equal(await modeOf(dataDir, folder), 0o700, folder)
  for (const file of files.filter((name) => !name.includes('cluster')))
    assert.equal(await modeOf(dataDir, file), 0o600, file)
  assert.equal(await modeOf(dataDir, 'postgres/cluster/PG_VERSION'), 0o777)
  assert.equal(await modeOf(outside), 0o777, 'the file behind the link has the mode that chmod gave it')
})

test('a DATA_DIR that holds other things keeps its rights, with a warning, and what is ours in it is private', async () => {
  const dataDir = join(directory, 'shared')
  await mkdir(join(dataDir, 'web'), { recursive: true })
  await writeFile(join(dataDir, 'web', 'run.sh'), '')
  await chmod(join(dataDir, 'web', 'run.sh'), 0o755)
  await chmod(dataDir, 0o755)
  await makeDataDir(dataDir, 'logs')
  const said: string[] = []
  await tightenDataDir(dataDir, (line) => said.push(line))
  assert.equal(said.length, 1)
  assert.match(
    said[0] ?? '',
    /shared also holds web, so that its rights stay as they are: give DATA_DIR a folder of its own/,
  )
  const modes = await Promise.all(['.', 'logs', 'web/run.sh'].map((path) => modeOf(dataDir, path)))
  assert.deepEqual(modes, [0o755, 0o700, 0o755])
})

test('a passage for the group of PostgreSQL is no door: the folder cannot be listed, and stays so', async () => {
  const folder = join(directory, 'passage')
  await makePrivateFolder(folder)
  const { gid } = await stat(folder)
  // Root gives the folder to another group; anybody else only to one of his own.
  await openPassage(folder, process.getuid?.() === 0 ? 4_242 : gid)
  assert.equal(await modeOf(folder), 0o710)
  await makePrivateFolder(folder)
  assert.equal(await modeOf(folder), process.getuid?.() === 0 ? 0o710 : 0o700)
})

test('as root without user namespaces PostgreSQL runs as its own user, who may pass through DATA_DIR', async () => {
  await chmod(directory, 0o755)
  const dataDir = await makeDataDir(join(directory, 'root'))
  const bin = join(directory, 'bin')
  await mkdir(bin)
  // The program "unshare" is missing here.
  for (const name of ['id', 'useradd']) {
    const path = ['/usr/bin', '/usr/sbin', '/bin'].map((folder) => join(folder, name)).find((one) => existsSync(one))
    if (path !== undefined) await symlink(path, join(bin, name))
  }
  const { PATH } = process.env
  process.env.PATH = bin
  try {
    const runAs = await chooseRunAs([join(dataDir, 'postgres')], dataDir)
    const isRoot = process.getuid?.() === 0
    assert.equal(runAs.kind, isRoot ? 'user' : 'ourselves')
    assert.equal(await modeOf(dataDir), isRoot ? 0o710 : 0o700)
    if (runAs.kind === 'user') assert.equal((await stat(dataDir)).gid, runAs.gid)
  } finally {
    process.env.PATH = PATH
  }
})

test('a file is replaced as a whole with its mode, and a failure leaves nothing of it behind', async () => {
  const folder = join(directory, 'replaced')
  await makePrivateFolder(folder)
  const file = join(folder, 'cluster.pub')
  await writeFile(file, 'old', { mode: 0o666 })
  await under(0o777, () => replaceFile(file, 'new'))
  assert.deepEqual([await readFile(file, 'utf8'), await modeOf(file)], ['new', 0o600])
  await under(0o077, () => replaceFile(file, 'for all', 0o644))
  assert.deepEqual([await readFile(file, 'utf8'), await modeOf(file)], ['for all', 0o644])
  const taken = join(folder, 'node.pem')
  await makePrivateFolder(join(taken, 'full'))
  await assert.rejects(replaceFile(taken, 'secret'))
  const identity = { directory: folder, variable: 'V', value: folder, isMounted: false }
  await makePrivateFolder(join(folder, 'replicas', 'cluster.pub', 'full'))
  await assert.rejects(ensureIdentity(identity), { code: 'config-invalid' })
  const left = await readdir(folder, { recursive: true })
  assert.deepEqual(
    left.filter((name) => name.includes('partial')),
    [],
  )
})

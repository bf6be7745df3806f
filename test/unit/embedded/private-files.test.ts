/** Tests of the files of DATA_DIR: their owner alone may read them, whatever the umask is and whatever mode they had. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createRunJournal } from '../../../src/cli/classify/run-journal.ts'
import { makeDataDir, tightenDataDir } from '../../../src/embedded/data-dir.ts'
import { recordProcess } from '../../../src/embedded/leftovers.ts'
import { makePrivateFolder, openPassage, writePrivateFile } from '../../../src/embedded/private-files.ts'
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
  const files = ['logs/replica.log', 'restate/node/wal', 'postgres/owner.pid', 'postgres/cluster/PG_VERSION', 'run']
  for (const file of files) await writeFile(join(dataDir, file), '')
  await symlink(outside, join(dataDir, 'link'))
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

/** The commands `backup` and `restore`: nothing is lost of what was done and under way, and nothing is written over. */
import assert from 'node:assert/strict'
import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { drill } from '../../drill/drill.ts'
import { embeddedStack } from '../../drill/embedded.ts'
import { runCli } from '../../helpers/cli/cli.ts'

const folder = await mkdtemp(join(tmpdir(), 'classify-backup-'))
after(() => rm(folder, { recursive: true, force: true }))

test('a stack that lost everything is as it was after a restore, and ends what was under way', async () => {
  const { faults, before } = await drill(await embeddedStack(), 120, () => undefined)
  assert.deepEqual(faults, [])
  assert.equal(before['results'], 120)
  assert.ok((before['open'] ?? 0) > 0, 'work was under way')
})

test('a restore writes over no data, and a backup over no folder', async () => {
  const [dataDir, backup, other] = ['data', 'backup', 'other'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await mkdir(join(dataDir, 'restate'), { recursive: true })
  await mkdir(join(dataDir, 'console', 'certificates'), { recursive: true })
  await mkdir(join(dataDir, 'logs'))
  await writeFile(join(dataDir, 'restate', 'log'), 'entries')
  await writeFile(join(dataDir, 'logs', 'replica.log'), 'lines')
  const env = { DATA_DIR: dataDir }

  assert.equal((await runCli(['backup', backup], { env, ownProcess: true })).code, 0)
  const kept = await readdir(join(backup, 'data'))
  assert.deepEqual(kept.toSorted(), ['console', 'restate'], 'files of the console are data, and logs are none')
  const again = await runCli(['backup', backup], { env })
  assert.equal(again.code, 2)
  assert.match(again.stderr, /holds backup.json already: name a folder that is new or empty/)

  const over = await runCli(['restore', backup], { env, ownProcess: true })
  assert.equal(over.code, 2)
  assert.match(over.stderr, /holds restate already: set DATA_DIR to a new folder/)
  const wrongKind = await runCli(['restore', backup, '--cluster'], { env: { ...env, PATH: '' } })
  assert.notEqual(wrongKind.code, 0)

  await appendFile(join(backup, 'data', 'restate', 'log'), ' more')
  await writeFile(join(backup, 'data', 'restate', 'new'), '')
  const changed = await runCli(['restore', backup], { env: { DATA_DIR: other } })
  assert.match(changed.stderr, /was changed: restate\/log has another content, restate\/new is not in its list/)
  await rm(join(backup, 'backup.json'))
  const partial = await runCli(['restore', backup], { env: { DATA_DIR: other } })
  assert.match(partial.stderr, /is no whole backup: it has no backup.json/)
  const nothing = await runCli(['backup', join(folder, 'new')], { env: { DATA_DIR: other } })
  assert.equal(nothing.code, 2)
  assert.match(nothing.stderr, /holds no data of a stack: nothing was backed up/)
})

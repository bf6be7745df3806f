/** The copies of catalogues that `all-in-one` makes: which run has one, and when it goes. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createRunJournal } from '../../../../src/cli/classify/run-journal.ts'
import { findCopyOf, newCataloguePath, removeUnreadCopy } from '../../../../src/cli/cluster/catalogue-copy.ts'

let dataDir: string

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'classify-copy-'))
})

after(async () => {
  await rm(dataDir, { recursive: true, force: true })
})

async function begin(runId: string, file: string) {
  const options = { mode: 'hybrid', reuse: true, trust: 'catalogue' } as const
  const header = { run_id: runId, file, fingerprint: 'f', batch_size: 100, force: false, options }
  return await createRunJournal(dataDir, header)
}

async function copy(): Promise<string> {
  const path = await newCataloguePath(dataDir)
  await writeFile(path, '{"indicator_id": "a"}\n')
  return path
}

const copies = async () => (await readdir(join(dataDir, 'cluster'))).filter((name) => name.startsWith('indicators-'))

test('a copy belongs to the run that reads it, and goes when no run that can be resumed reads it', async () => {
  const path = await copy()
  const [first, second] = [await begin('run-1', path), await begin('run-2', path)]
  await first.noteFailed(0)
  await removeUnreadCopy(dataDir, path)
  assert.equal((await copies()).length, 1, 'both runs read it')
  assert.equal(await findCopyOf(dataDir, 'run-1'), undefined, 'a purge of one run leaves what the other one reads')
  await second.remove()
  assert.equal(await findCopyOf(dataDir, 'run-1'), path)
  await removeUnreadCopy(dataDir, path)
  assert.equal((await copies()).length, 1)
  await first.remove()
  await removeUnreadCopy(dataDir, path)
  assert.deepEqual(await copies(), [])
})

test('a copy of a run that never began goes, and a copy that is gone is no file of a run', async () => {
  const path = await copy()
  await removeUnreadCopy(dataDir, path)
  assert.deepEqual(await copies(), [])
  const journal = await begin('run-3', path)
  assert.equal(await findCopyOf(dataDir, 'run-3'), undefined)
  await journal.remove()
})

test('a catalogue of the user is left alone, wherever it lies, and so is standard input', async () => {
  await newCataloguePath(dataDir)
  const inside = join(dataDir, 'cluster', 'mine.jsonl')
  const alike = join(dataDir, 'indicators-run-20261129043132-f31dbcbc.jsonl')
  for (const file of [inside, alike]) {
    await writeFile(file, '{}')
    const journal = await begin('run-4', file)
    assert.equal(await findCopyOf(dataDir, 'run-4'), undefined)
    await journal.remove()
    await removeUnreadCopy(dataDir, file)
    await rm(file)
  }
  const journal = await begin('run-5', '-')
  assert.equal(await findCopyOf(dataDir, 'run-5'), undefined)
  await journal.remove()
  await removeUnreadCopy(dataDir, '-')
  assert.equal(await findCopyOf(join(dataDir, 'nowhere'), 'run-5'), undefined)
})

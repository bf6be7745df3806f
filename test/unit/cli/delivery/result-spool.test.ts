/** The results that a run keeps for its file: found by id, the last of each, also after a kill. */
import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openResultSpool } from '../../../../src/cli/delivery/result-spool.ts'
import type { ResultBody } from '../../../../src/restate/contract.ts'

const result = (id: string, reason: string) => ({ indicator_id: id, reason }) as unknown as ResultBody

async function inFolder(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'classify-spool-'))
  try {
    await work(join(folder, 'run.results'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('the last result of an indicator is found, and none of one that has none', async () => {
  await inFolder(async (path) => {
    const spool = await openResultSpool(path)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    const many = Array.from({ length: 3_000 }, (_, row) => result(`I${row}`, 'x'.repeat(500)))
    await Promise.all([spool.append(many), spool.append([result('ä\n"', 'first')])])
    await spool.append([result('I7', 'second'), result('ä\n"', 'second')])
    const { find } = await spool.lookUp()
    assert.equal((await find('I7'))?.reason, 'second')
    assert.equal((await find('ä\n"'))?.reason, 'second')
    assert.equal((await find('I2999'))?.reason.length, 500)
    assert.equal((await find('I0'))?.indicator_id, 'I0')
    assert.equal(await find('I3000'), undefined)
    await spool.remove()
    await assert.rejects(stat(path), { code: 'ENOENT' })
  })
})

test('a line that a kill has cut off costs only itself', async () => {
  await inFolder(async (path) => {
    const first = await openResultSpool(path)
    await first.append([result('A', '1')])
    await first.close()
    await appendFile(path, '{"indicator_id":"B","rea')
    const second = await openResultSpool(path)
    await second.append([result('C', '3')])
    const { find } = await second.lookUp()
    assert.deepEqual([(await find('A'))?.reason, await find('B'), (await find('C'))?.reason], ['1', undefined, '3'])
    await second.close()
    assert.equal((await readFile(path, 'utf8')).split('\n').length, 4)
  })
})

/** Batches by codebook and catalogue: results that still hold, versions, unknown codebooks, the handler codebook and the status. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSchemes } from '../../../../src/catalogue/schemes.ts'
import { answerCodebook } from '../../../../src/restate/answers/codebook.ts'
import { readStatus } from '../../../../src/restate/answers/status.ts'
import { codebookRequestSchema, statusRequestSchema } from '../../../../src/restate/contract.ts'
import { asTerminalError } from '../../../../src/restate/terminal-errors.ts'
import { createWorld, type World } from '../batch-world.ts'
import { createMemoryStore } from '../memory-store.ts'
import { goods, goodsLists, notes } from '../own-codebooks.ts'

const says = () => ({ topic: 'prices', tone: 'good', length: 3 })
const LENGTH = '  - name: length\n    title: Length\n    number: { min: 0, max: 9, definition: How long it is. }'
const note = { indicator_id: 'a', name: 'Bread costs more' }
const request = { codebook: 'notes', indicators: [note] }

async function worldOfNotes(): Promise<World> {
  const world = createWorld({ says })
  await world.schemes.save(notes(), new Map())
  return world
}

test('two catalogues with the same ids keep a result each, and share the answer to the same question', async () => {
  const world = await worldOfNotes()
  for (const [catalogue, name, source] of [
    ['north', 'Bread costs more', 'model'],
    ['south', 'Bread costs more', 'reuse'],
    ['west', 'Jobs are lost', 'model'],
  ]) {
    const { response } = await world.classify({ ...request, catalogue, indicators: [{ ...note, name }] })
    const [result] = response.results
    assert.deepEqual([result?.catalogue, result?.name, result?.source], [catalogue, name, source])
  }
  const again = await world.classify({ ...request, catalogue: 'south' })
  assert.deepEqual([again.response.summary.unchanged, again.response.results[0]?.catalogue], [1, 'south'])
  assert.equal(world.asked.length, 2)
  assert.equal(new Set(world.store.batches.map(({ batchId }) => batchId)).size, 3, 'each catalogue has its batch')
})

test('a result holds for as long as the text of its codebook is the same', async () => {
  const world = await worldOfNotes()
  const first = await world.classify(request)
  const { hash } = await world.schemes.find('notes')
  assert.deepEqual([first.response.results[0]?.codebook, first.response.results[0]?.codebook_hash], ['notes@1', hash])
  assert.equal((await world.classify(request)).response.summary.unchanged, 1)
  assert.equal((await world.classify({ ...request, codebook: `notes@${hash}` })).response.summary.unchanged, 1)

  await world.schemes.save(notes('2', LENGTH), new Map())
  const newer = await world.classify(request)
  assert.deepEqual([newer.response.summary.unchanged, newer.response.results[0]?.codebook], [0, 'notes@2'])
  assert.deepEqual(newer.response.results[0]?.length, 3)
  const older = await world.classify({ ...request, codebook: 'notes@1' })
  assert.deepEqual([older.response.summary.unchanged, older.response.results[0]?.codebook], [0, 'notes@1'])
  assert.deepEqual([older.response.results[0]?.source, world.asked.length], ['reuse', 2])
})

test('a batch under way keeps the codebook that it was planned by', async () => {
  const world = await worldOfNotes()
  const { response, journal } = await world.classify({ ...request, run_id: 'run-x' })
  const later = createWorld({ says })
  await later.schemes.save(notes(), new Map())
  await later.schemes.save(notes('2', LENGTH), new Map())
  for (let length = 1; length < journal.entries.length; length += 1) {
    const replayed = await later.classify({ ...request, run_id: 'run-x' }, journal.entries.slice(0, length))
    assert.equal(replayed.response.results[0]?.codebook_hash, response.results[0]?.codebook_hash)
    assert.ok(!('length' in (replayed.response.results[0] ?? {})))
  }
})

test('a request for a codebook that is not there ends at once, opens no run and claims nothing', async () => {
  const world = await worldOfNotes()
  for (const codebook of ['note', 'notes@9', `notes@${'0'.repeat(64)}`, 'economic-indicators@7']) {
    const failed = await world.classify({ ...request, codebook }).catch((error: unknown) => error)
    const terminal = asTerminalError(failed)
    assert.equal(terminal?.code, 400, String(failed))
    assert.match(
      terminal?.message ?? '',
      new RegExp(`^input-invalid: codebook: there is no "${codebook}" here; .*notes@1`),
    )
  }
  assert.deepEqual([world.store.runs.size, world.store.batches.length, world.store.held.size], [0, 0, 0])
})

test('a codebook is stored once for its content, read by name, version or hash, and listed after the built-in ones', async () => {
  const store = createMemoryStore()
  const schemes = createWorld({ says, store }).schemes
  const ask = (body: object) => answerCodebook(schemes, codebookRequestSchema.parse(body))
  const lists = Object.fromEntries(goodsLists)
  const stored = await ask({ text: goods, lists })
  assert.ok('hash' in stored)
  assert.deepEqual(stored, { name: 'goods', version: '1', hash: stored.hash })
  assert.deepEqual(await ask({ text: goods, lists }), stored)
  for (const name of ['goods', 'goods@1', `goods@${stored.hash}`]) {
    assert.deepEqual(await ask({ name }), { ...stored, text: goods, lists })
  }
  const listed = await ask({})
  assert.ok('codebooks' in listed)
  assert.deepEqual(
    listed.codebooks.map(({ name }) => name),
    ['economic-indicators', 'business-activities', 'release-topics', 'goods'],
  )
  // Another replica has the codebook of the database.
  assert.deepEqual(await answerCodebook(createSchemes([], store), { name: 'goods' }), { ...stored, text: goods, lists })
})

test('storing another content under a name and version that are stored already says so', async () => {
  const { schemes } = createWorld({ says })
  const ask = async (text: string) => await answerCodebook(schemes, codebookRequestSchema.parse({ text }))
  assert.ok(!('warning' in (await ask(notes()))))
  assert.ok(!('warning' in (await ask(`# a comment\n${notes()}`))))
  const changed = await ask(notes('1', LENGTH))
  assert.deepEqual(
    'warning' in changed && changed.warning,
    'notes@1 is stored with another content as well; raise the version',
  )
  assert.ok(!('warning' in (await ask(notes('2', LENGTH)))))
})

test('a faulty codebook is refused with the line of each fault, and the name of a built-in one is refused', async () => {
  const { schemes, store } = createWorld({ says })
  const ask = (body: object) => answerCodebook(schemes, codebookRequestSchema.parse(body))
  const doubled = notes().replace('value: work', 'value: prices')
  const line = doubled.split('\n').findLastIndex((text) => text.includes('value: prices')) + 1
  await assert.rejects(ask({ text: doubled }), ({ code, message }: Error & { code: string }) => {
    assert.equal(code, 'input-invalid')
    assert.match(message, new RegExp(`:${line}\\b.*prices`))
    return true
  })
  await assert.rejects(ask({ text: goods }), /products\.csv/)
  await assert.rejects(ask({ text: notes().replace('name: notes', 'name: release-topics') }), {
    code: 'input-invalid',
    message: 'name: "release-topics" is the name of a built-in codebook: give yours another name',
  })
  await assert.rejects(ask({ name: 'nothing' }), /there is no "nothing" here/)
  assert.deepEqual(await store.listCodebooks(), [])
})

test('a request to the handler codebook that cannot be meant names the property and the way out', () => {
  for (const [body, path, message] of [
    [{ text: 5 }, 'text', /must be a text/],
    [{ text: notes(), lists: { 'a.csv': 5 } }, 'lists.a.csv', /must be a text/],
    [{ text: 'x'.repeat(2_000_001) }, 'text', /at most 2000000 characters/],
    [{ text: notes(), name: 'notes' }, '', /either text, to store a codebook, or name, to read one/],
    [{ lists: { 'a.csv': 'code,title' } }, 'text', /the codebook that the lists belong to/],
    [{ name: ' ' }, 'name', /must not be empty/],
    [{ nam: 'notes' }, '', /nam/],
  ] as const) {
    const issues = codebookRequestSchema.safeParse(body).error?.issues
    assert.equal(issues?.length, 1)
    assert.equal(issues[0]?.path.join('.'), path)
    assert.match(issues[0]?.message ?? '', message)
  }
})

test('the status of an id that one place has is its result; of several places the right one is to be named', async () => {
  const world = await worldOfNotes()
  const status = (body: object) => readStatus(world, statusRequestSchema.parse(body))
  await assert.rejects(status({ indicator_id: 'a' }), { code: 'input-not-found' })
  await world.classify({ ...request, catalogue: 'north' })
  const only = await status({ indicator_id: 'a' })
  assert.ok('topic' in only)
  assert.deepEqual([only.catalogue, only.codebook, only.topic], ['north', 'notes@1', 'prices'])

  await world.classify({ ...request, catalogue: 'south' })
  await world.schemes.save(goods, goodsLists)
  await world.classify({ ...request, catalogue: 'south', codebook: 'goods', options: { mode: 'rules' } })
  await assert.rejects(status({ indicator_id: 'a' }), {
    code: 'input-invalid',
    message:
      'indicator "a" is in several places: catalogue "north" by notes, catalogue "south" by notes, ' +
      'catalogue "south" by goods; name the catalogue and the codebook',
  })
  await assert.rejects(status({ indicator_id: 'a', catalogue: 'south' }), { code: 'input-invalid' })
  await assert.rejects(status({ indicator_id: 'a', catalogue: 'west' }), { code: 'input-not-found' })
  for (const codebook of ['notes', 'notes@1']) {
    const found = await status({ indicator_id: 'a', catalogue: 'south', codebook })
    assert.deepEqual(['topic' in found && found.topic, 'catalogue' in found && found.catalogue], ['prices', 'south'])
  }
})

test('a status shows the fields of the codebook that the result was made by, also where a newer version has others', async () => {
  const world = await worldOfNotes()
  await world.classify(request)
  const other = notes('2').replace('name: topic', 'name: subject').replace('{ topic: work }', '{ subject: work }')
  await world.schemes.save(other, new Map())
  const status = await readStatus(world, { indicator_id: 'a' })
  assert.ok('topic' in status && !('subject' in status))
})

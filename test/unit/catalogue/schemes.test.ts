/** The registry of codebooks: references, what is kept, what is stored and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { type CodebookStore, createSchemes } from '../../../src/catalogue/schemes.ts'
import { BUILT_IN_NAMES } from '../../../src/codebooks/built-in.ts'
import type { CodebookColumn, StoredCodebook } from '../../../src/codebooks/types.ts'

const builtIns = await loadBuiltIns()
const NO_LISTS: ReadonlyMap<string, string> = new Map()

const news = (version: string, values = ['prices', 'work']) => `
name: news
version: "${version}"
title: News
record:
  name: text
  plural: texts
  description: A text is one line.
  texts:
    - name: name
      limit: 200
fields:
  - name: topic
    title: Topic
    values:
${values.map((value) => `      - value: ${value}\n        definition: It is about ${value}.`).join('\n')}
  - name: people
    title: People
    multi: true
    max: 2
    values:
      - value: firms
        definition: Firms.
      - value: states
        definition: States.
  - name: size
    title: Size
    number: { min: 0, max: 9, definition: How large it is. }
`

/** A database that counts the reads of codebooks. */
function databaseOf() {
  const stored: StoredCodebook[] = []
  const columns = new Map<string, readonly CodebookColumn[]>()
  const reads: object[] = []
  const store: CodebookStore = {
    async saveCodebook(codebook, fields) {
      columns.set(codebook.name, fields)
      if (!stored.some(({ hash }) => hash === codebook.hash)) stored.push(codebook)
    },
    async findCodebook(by) {
      reads.push(by)
      return stored.findLast((one) => {
        if ('hash' in by) return one.hash === by.hash
        return one.name === by.name && (by.version ?? one.version) === one.version
      })
    },
    listCodebooks: async () => stored.toReversed().map(({ name, version, hash }) => ({ name, version, hash })),
  }
  return { store, stored, columns, reads }
}

test('a built-in codebook is found by its name, version and hash, and without a reference the default one, all without the database', async () => {
  const { store, reads } = databaseOf()
  const schemes = createSchemes(builtIns, store)
  const standard = await schemes.find(undefined)
  assert.equal(standard.codebook.name, 'economic-indicators')
  assert.ok(standard.code !== null)
  for (const name of BUILT_IN_NAMES) {
    const scheme = await schemes.find(name)
    assert.equal(scheme.codebook.name, name)
    assert.equal(await schemes.find(`${name}@${scheme.codebook.version}`), scheme)
    assert.equal(await schemes.find(`${name}@${scheme.hash}`), scheme)
    assert.equal(await schemes.findByHash(scheme.hash), scheme)
    assert.equal(schemes.cached(scheme.hash), scheme)
  }
  assert.deepEqual(reads, [])
})

test('a stored codebook is parsed once for its content, while its name leads to the newest version of any replica', async () => {
  const { store, reads } = databaseOf()
  const [one, other] = [createSchemes(builtIns, store), createSchemes(builtIns, store)]
  const first = await one.save(news('1'), NO_LISTS)
  assert.equal(first.code, null)
  assert.equal(other.cached(first.hash), undefined)
  const found = await other.find('news')
  assert.deepEqual([found.hash, found.codebook.version], [first.hash, '1'])
  assert.equal(await other.find('news@1'), found)
  assert.equal(await other.find(`news@${first.hash}`), found)
  const before = reads.length
  assert.equal(await other.findByHash(first.hash), found)
  assert.equal(other.cached(first.hash), found)
  assert.equal(reads.length, before, 'a hash that was found before needs no database')

  const second = await one.save(news('2', ['prices', 'work', 'health']), NO_LISTS)
  assert.notEqual(second.hash, first.hash)
  assert.equal((await other.find('news')).hash, second.hash)
  assert.equal(await other.find('news@1'), found)
})

test('a codebook is found by the first digits of its hash, as they are printed', async () => {
  const { store, stored } = databaseOf()
  const schemes = createSchemes(builtIns, store)
  const { hash } = await schemes.save(news('1'), NO_LISTS)
  for (const digits of [12, 13, 40, 64]) assert.equal((await schemes.find(`news@${hash.slice(0, digits)}`)).hash, hash)
  const standard = await schemes.find(undefined)
  assert.equal(await schemes.find(`economic-indicators@${standard.hash.slice(0, 12)}`), standard)
  for (const none of [hash.slice(0, 11), `${hash.slice(0, 12)}${'0'.repeat(51)}`, '0123456789ab']) {
    await assert.rejects(schemes.find(`news@${none}`), { message: /^codebook: there is no "news@/ })
  }
  await assert.rejects(schemes.find(`release-topics@${hash.slice(0, 12)}`), { message: /there is no "release-topics@/ })

  const twin = `${hash.slice(0, 12)}${'f'.repeat(52)}`
  stored.push({ name: 'news', version: '2', hash: twin, text: news('2'), lists: {} })
  await assert.rejects(schemes.find(`news@${hash.slice(0, 12)}`), {
    code: 'input-invalid',
    message: `codebook: 2 codebooks begin with "news@${hash.slice(0, 12)}": news@${twin} (version 2), news@${hash} (version 1); give more digits`,
  })
  // A version that looks like digits of a hash is a version.
  const version = hash.slice(0, 12)
  const named = await schemes.save(news(version), NO_LISTS)
  assert.equal((await schemes.find(`news@${version}`)).hash, named.hash)
})

test('what says the same is stored once, with the text that came first', async () => {
  const { store, stored } = databaseOf()
  const schemes = createSchemes(builtIns, store)
  const { hash } = await schemes.save(news('1'), NO_LISTS)
  const again = news('1').replace('title: News', 'title: "News" # what it is').replaceAll('\n', '\r\n')
  assert.equal((await schemes.save(again, NO_LISTS)).hash, hash)
  assert.deepEqual([stored.length, stored[0]?.text], [1, news('1')])
})

test('a reference to nothing is refused with what there is, and so is the hash of another codebook', async () => {
  const { store } = databaseOf()
  const schemes = createSchemes(builtIns, store)
  const { hash } = await schemes.save(news('1'), NO_LISTS)
  for (const reference of ['new', 'news@2', `release-topics@${hash}`, 'news@', '@1', '', 'news@1@1', 'NEWS']) {
    await assert.rejects(schemes.find(reference), ({ code, message }: Error & { code: string }) => {
      assert.equal(code, 'input-invalid')
      assert.ok(
        message.startsWith(`codebook: there is no "${reference}" here; there are economic-indicators@2, `),
        message,
      )
      assert.match(message, /news@1; store it with classify-api\/codebook, or classify with --codebook FILE$/)
      return true
    })
  }
  const unknown = '0'.repeat(64)
  for (const read of [schemes.findByHash, schemes.textsOf]) {
    await assert.rejects(read(unknown), { code: 'input-not-found', message: new RegExp(unknown) })
  }
  assert.equal(schemes.cached(unknown), undefined)
})

test('without a database only the built-in codebooks are there', async () => {
  const schemes = createSchemes(builtIns, null)
  assert.deepEqual(
    (await schemes.list()).map(({ name }) => name),
    [...BUILT_IN_NAMES],
  )
  await assert.rejects(schemes.find('news'), { code: 'input-invalid' })
  await assert.rejects(schemes.findByHash('0'.repeat(64)), { code: 'input-not-found' })
})

test('a codebook is stored with its texts and a column for each field, once for its content', async () => {
  const { store, stored, columns } = databaseOf()
  const schemes = createSchemes(builtIns, store)
  const { hash } = await schemes.save(news('1'), NO_LISTS)
  assert.equal((await schemes.save(news('1'), NO_LISTS)).hash, hash)
  assert.deepEqual(stored, [{ name: 'news', version: '1', hash, text: news('1'), lists: {} }])
  assert.deepEqual(columns.get('news'), [
    { name: 'topic', type: 'text' },
    { name: 'people', type: 'text[]' },
    { name: 'size', type: 'double precision' },
  ])
  assert.deepEqual(await schemes.textsOf(hash), stored[0])
})

test('the built-in codebooks are stored with their code lists, listed first and each once', async () => {
  const { store, stored, columns } = databaseOf()
  const schemes = createSchemes(builtIns, store)
  await schemes.save(news('1'), NO_LISTS)
  await schemes.saveBuiltIns()
  await schemes.saveBuiltIns()
  assert.deepEqual(
    (await schemes.list()).map(({ name }) => name),
    [...BUILT_IN_NAMES, 'news'],
  )
  const activities = stored.find(({ name }) => name === 'business-activities')
  assert.deepEqual(Object.keys(activities?.lists ?? {}), ['naics-2022.csv'])
  assert.deepEqual(await schemes.textsOf(activities?.hash ?? ''), activities)
  const fields = (await schemes.find(undefined)).codebook.fields.map(({ name }) => name)
  assert.deepEqual(
    columns.get('economic-indicators')?.map(({ name }) => name),
    fields,
  )
  // A replica whose code has no built-in codebooks reads them from the database, with the code of their name.
  const read = await createSchemes([], store).find('economic-indicators@2')
  assert.ok(read.code !== null)
  assert.ok((await createSchemes([], store).find('business-activities')).shortlisters.has('industry'))
})

test('a faulty codebook is refused with the line of each fault, and nothing is stored', async () => {
  const { store, stored } = databaseOf()
  const schemes = createSchemes(builtIns, store)
  const faulty = news('1', ['prices', 'prices']).replace('min: 0, ', '')
  const lineOf = (part: string) => faulty.split('\n').findLastIndex((line) => line.includes(part)) + 1
  await assert.rejects(schemes.save(faulty, NO_LISTS), ({ code, message }: Error & { code: string }) => {
    assert.equal(code, 'input-invalid')
    assert.match(message, new RegExp(`^ {2}text:${lineOf('max: 9')}: `, 'm'))
    return true
  })
  await assert.rejects(schemes.save(news('1', ['prices', 'prices']), NO_LISTS), {
    message: new RegExp(`^ {2}text:${lineOf('value: prices')}: .*prices`, 'm'),
  })
  assert.deepEqual(stored, [])
})

test('the name of a built-in codebook is refused for any other text than its own', async () => {
  const { store, stored } = databaseOf()
  const schemes = createSchemes(builtIns, store)
  for (const name of BUILT_IN_NAMES) {
    await assert.rejects(schemes.save(news('1').replace('name: news', `name: ${name}`), NO_LISTS), {
      code: 'input-invalid',
      message: `name: "${name}" is the name of a built-in codebook: give yours another name`,
    })
  }
  assert.deepEqual(stored, [])
  const topics = builtIns.find(({ codebook }) => codebook.name === 'release-topics')
  assert.ok(topics)
  assert.equal((await schemes.save(topics.text, topics.lists)).hash, topics.hash)
})

test('a stored codebook that this release cannot read is refused with the reason, and the others stay', async () => {
  const { store, stored } = databaseOf()
  const schemes = createSchemes(builtIns, store)
  await schemes.save(news('1'), NO_LISTS)
  const hash = 'f'.repeat(64)
  stored.push({ name: 'newer', version: '3', hash, text: 'name: newer\nfuture: true\n', lists: {} })
  for (const read of [() => schemes.find('newer'), () => schemes.findByHash(hash)]) {
    await assert.rejects(read(), {
      code: 'input-invalid',
      message: /^The stored codebook newer@3 does not fit this release: .*newer:/s,
    })
  }
  assert.equal((await schemes.find('news')).codebook.version, '1')
  assert.equal((await schemes.textsOf(hash)).version, '3', 'its text can still be read')
})

/** Codebook files on disk: their code lists, encodings, names that are taken, and the hash of what they say. */
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { builtInFile, isMeant, loadCodebook } from '../../../src/catalogue/codebook-files.ts'

const LIST = 'code,title,parent,definition,synonyms\n1,Food,,,\n2,Wear,,,hat; coat\n'

const text = (file = 'codes.csv') => `name: goods
version: 1
title: Goods
record:
  name: good
  plural: goods
  description: One thing for sale.
  texts:
    - name: name
fields:
  - name: kind
    title: Kind
    values:
      - {value: new, definition: Never used.}
      - {value: old, definition: Used before.}
  - name: code
    title: Code
    codes: {file: ${file}}
`

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-codebook-files-'))
  await mkdir(join(directory, 'book', 'sub', 'folder.csv'), { recursive: true })
  await writeFile(join(directory, 'outside.csv'), LIST)
  await writeFile(join(directory, 'book', 'codes.csv'), LIST)
  await writeFile(join(directory, 'book', 'sub', 'codes.csv'), LIST)
  await writeFile(join(directory, 'book', 'latin.csv'), Buffer.from('code,title\n1,Food\n2,Caf\xe9\n', 'latin1'))
})
after(() => rm(directory, { recursive: true, force: true }))

async function load(content: string | Buffer, name = 'goods.yaml') {
  const path = join(directory, 'book', name)
  await writeFile(path, content)
  return await loadCodebook(path)
}

test('a code list is read from the folder of the codebook and from beneath it', async () => {
  assert.deepEqual([...(await load(text())).lists.keys()], ['codes.csv'])
  assert.deepEqual([...(await load(text('sub/codes.csv'))).lists.keys()], ['sub/codes.csv'])
})

test('a code list that is not read is refused with the place where it was looked for', async () => {
  const book = join(directory, 'book')
  const must = `it must lie in the folder of the codebook, ${book}, or beneath it`
  for (const [file, message] of [
    ['none.csv', `the code list none.csv is not there: there is no file ${join(book, 'none.csv')}`],
    ['../outside.csv', `the code list ../outside.csv lies elsewhere: ${must}`],
    ['../none.csv', `the code list ../none.csv is not there: ${must}`],
    [
      'sub/folder.csv',
      `the code list sub/folder.csv is no file: ${join(book, 'sub', 'folder.csv')} is a directory or the like`,
    ],
  ] as const) {
    await assert.rejects(load(text(file)), {
      code: 'input-invalid',
      message: `The codebook ${join(book, 'goods.yaml')} has 1 fault:\n  ${join(book, 'goods.yaml')}:18: fields[1].codes.file: ${message}`,
    })
  }
})

test('a file that is not UTF-8 is refused with the line', async () => {
  await assert.rejects(load(Buffer.from(text().replace('for sale', 'for sal\xe9'), 'latin1')), {
    message: /goods\.yaml:7: is not UTF-8: save the file as UTF-8$/,
  })
  await assert.rejects(load(text('latin.csv')), { message: /latin\.csv:3: is not UTF-8: save the file as UTF-8$/ })
})

test('a codebook with the name of a built-in one is refused, also beside other faults, unless it is a copy of it', async () => {
  const taken = /goods\.yaml:1: name: "release-topics" is the name of a built-in codebook: give yours another name/
  const named = text().replace('name: goods', 'name: release-topics')
  await assert.rejects(load(named), { code: 'input-invalid', message: taken })
  await assert.rejects(load(named.replace('title: Goods', 'titel: Goods')), { message: taken })

  const original = builtInFile('release-topics') ?? ''
  const copy = join(directory, 'copy')
  await cp(dirname(original), copy, { recursive: true })
  assert.equal((await loadCodebook(join(copy, 'codebook.yaml'))).hash, (await loadCodebook(original)).hash)
  await writeFile(
    join(copy, 'codebook.yaml'),
    (await readFile(original, 'utf8')).replace(/^title: .*$/m, 'title: Mine'),
  )
  await assert.rejects(loadCodebook(join(copy, 'codebook.yaml')), {
    message: /"release-topics" is the name of a built-in/,
  })
})

test('the hash is that of what the codebook says, not of how it is written', async () => {
  const { hash } = await load(text())
  const same = [
    `# A comment.\n${text()}\n# And one more.\n`,
    `\ufeff${text().replaceAll('\n', '\r\n')}`,
    text().replace('title: Goods', 'title: "Goods"'),
    text().replace('name: goods\nversion: 1\n', 'version: "1"\nname: goods\n'),
    text().replace('title: Kind', 'title: Kind\n    multi: false\n    asked: true'),
    text('sub/codes.csv'),
  ]
  for (const other of same) assert.equal((await load(other)).hash, hash, other)
  await writeFile(
    join(directory, 'book', 'codes.csv'),
    `${LIST.replaceAll(',', ';').replace('hat; coat', '"hat;coat"')}\n`,
  )
  assert.equal((await load(text())).hash, hash)

  const others = [
    text().replace('version: 1', 'version: 2'),
    text().replace('Never used', 'Hardly used'),
    text().replace(/( {6}- \{value: new.*\n)( {6}- .*\n)/, '$2$1'),
    text().replace('title: Code', 'title: Code\n    nullable: true'),
  ]
  for (const other of others) assert.notEqual((await load(other)).hash, hash, other)
  await writeFile(join(directory, 'book', 'codes.csv'), LIST.replace('Wear', 'Clothes'))
  assert.notEqual((await load(text())).hash, hash)
})

test('a version, a hash and the first twelve digits of it mean a codebook', () => {
  const hash = '0123456789abcdef'.repeat(4)
  const means = (wanted: string | undefined) => isMeant(wanted, { version: '2', hash })
  assert.deepEqual([undefined, '2', hash, hash.slice(0, 12), hash.slice(0, 30)].map(means), Array(5).fill(true))
  assert.deepEqual(['1', '', hash.slice(0, 11), 'fedcba987654', `${hash}0`].map(means), Array(5).fill(false))
})

/** The options --codebook and --catalogue: what a value means, which codebook a run gets, and what a resumed run refuses. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { builtInFile, loadCodebook } from '../../../../src/catalogue/codebook-files.ts'
import { type CodebookStore, createSchemes } from '../../../../src/catalogue/schemes.ts'
import { referenceOf } from '../../../../src/classification/scheme.ts'
import type { StoredCodebook } from '../../../../src/classification/types.ts'
import { catalogueNameOf, catalogueOption } from '../../../../src/cli/classify/catalogue-name.ts'
import { catalogueOfRun } from '../../../../src/cli/classify/resume.ts'
import { findLocalScheme, readGivenCodebook, settleCodebook } from '../../../../src/cli/classify/run-codebook.ts'
import type { RunHeader, RunJournal } from '../../../../src/cli/classify/run-journal.ts'
import type { ServiceClient } from '../../../../src/cli/client/service.ts'
import { findScheme, readCodebookChoice } from '../../../../src/cli/codebook/codebook-option.ts'
import { sayThrough } from '../../../../src/cli/ui/terminal.ts'
import { ServiceError } from '../../../../src/errors.ts'

const TEMPLATE = new URL('../../../../src/codebooks/template.yaml', import.meta.url)
const signal = new AbortController().signal

let directory: string
let file: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-codebook-choice-'))
  file = join(directory, 'my.yaml')
  await writeFile(file, await readFile(TEMPLATE, 'utf8'))
})
after(() => rm(directory, { recursive: true, force: true }))

/** A service that keeps codebooks as the real one does, and what it was asked. */
function serviceOf(isOfEarlierRelease = false) {
  const stored: StoredCodebook[] = []
  const registry = createSchemes([], {
    saveCodebook: async (codebook) => {
      stored.push(codebook)
    },
    findCodebook: async (by) =>
      stored.find((one) =>
        'hash' in by ? one.hash === by.hash : one.name === by.name && [undefined, one.version].includes(by.version),
      ),
    listCodebooks: async () => stored,
  })
  const asked: unknown[] = []
  const service: ServiceClient = {
    async ask({ handler, body, schema }) {
      asked.push(body)
      assert.equal(handler, 'codebook')
      if (isOfEarlierRelease) return undefined
      const request = body as { text?: string; lists?: Record<string, string>; name?: string }
      const scheme =
        request.text === undefined
          ? await registry.find(request.name)
          : await registry.save(request.text, new Map(Object.entries(request.lists ?? {})))
      return schema.parse(await registry.textsOf(scheme.hash))
    },
  }
  return { service, asked, stored }
}

const header = (more: Partial<RunHeader> = {}): RunHeader => ({
  ...{ run_id: 'run-1', file: '/x.csv', fingerprint: 'f', batch_size: 100, force: false },
  options: { mode: 'hybrid', reuse: true, trust: 'catalogue' },
  ...more,
})

test('a value is a file where it looks like a path or names a file, else the name of a codebook', async () => {
  const kindOf = async (text: string) => (await readCodebookChoice(text)).kind
  assert.deepEqual(await Promise.all(['my.yaml', 'My.YML', './my', 'a/b', 'a\\b'].map(kindOf)), Array(5).fill('file'))
  const names = ['economic-indicators', 'economic-indicators@2', `my-book@${'a'.repeat(64)}`]
  assert.deepEqual(await Promise.all(names.map(kindOf)), Array(3).fill('name'))
  await mkdir(join(directory, 'release-topics'))
  await writeFile(join(directory, 'plain'), 'name: x\n')
  const here = process.cwd()
  process.chdir(directory)
  try {
    assert.deepEqual([await kindOf('plain'), await kindOf('release-topics')], ['file', 'name'])
  } finally {
    process.chdir(here)
  }
  const message = /--codebook: there is no file "My Book", and it is no name: give a YAML file, or a name such as /
  await assert.rejects(readCodebookChoice('My Book'), { code: 'input-invalid', message })
})

test('the codebook of a file is stored in the service, and every batch names its hash', async () => {
  const { service, stored } = serviceOf()
  const given = await readGivenCodebook(file)
  const { scheme, reference } = await settleCodebook(service, { given, earlier: null, signal })
  assert.deepEqual(
    stored.map(({ name, version, hash }) => [name, version, hash]),
    [['my-codebook', '1', scheme.hash]],
  )
  assert.equal(reference, `my-codebook@${scheme.hash}`)
  // A name is looked up in the service, and the run keeps to the content that it has now.
  const named = await settleCodebook(service, { given: { reference: 'my-codebook' }, earlier: null, signal })
  assert.deepEqual([named.reference, referenceOf(named.scheme)], [reference, 'my-codebook@1'])
})

test('what the service warns of when it stores a codebook is said in one line', async () => {
  const warning = 'my-codebook@1 is stored with another content as well; raise the version'
  const { service } = serviceOf()
  const warns: ServiceClient = {
    ask: async (question) => {
      const answer = await service.ask({ ...question, schema: z.looseObject({}) })
      return question.schema.parse({ ...answer, warning })
    },
  }
  const said: string[] = []
  const restore = sayThrough((line) => void said.push(line))
  try {
    await settleCodebook(warns, { given: await readGivenCodebook(file), earlier: null, signal })
  } finally {
    restore()
  }
  assert.deepEqual(said, [`Warning: ${warning}`])
})

test('without the option the service is not asked, and takes its default codebook', async () => {
  const { service, asked } = serviceOf()
  const { scheme, reference } = await settleCodebook(service, { given: undefined, earlier: null, signal })
  assert.deepEqual([reference, scheme.codebook.name, asked], [undefined, 'economic-indicators', []])
})

test('a faulty file, an unknown name and a service of an earlier release are refused with the way out', async () => {
  const wrong = join(directory, 'wrong.yaml')
  await writeFile(wrong, (await readFile(TEMPLATE, 'utf8')).replace('value: work', 'value: prices'))
  await assert.rejects(readGivenCodebook(wrong), { code: 'input-invalid', message: /wrong\.yaml:\d+: / })
  await assert.rejects(readGivenCodebook(join(directory, 'none.yaml')), {
    code: 'input-invalid',
    message: /cannot be read/,
  })
  const unknown = { given: { reference: 'nothing' }, earlier: null, signal }
  await assert.rejects(settleCodebook(serviceOf().service, unknown), { code: 'input-invalid', message: /"nothing"/ })
  const given = await readGivenCodebook(file)
  await assert.rejects(settleCodebook(serviceOf(true).service, { given, earlier: null, signal }), {
    code: 'input-invalid',
    message: /--codebook: the running service is of an earlier release/,
  })
})

test('a resumed run keeps its codebook, and refuses another one', async () => {
  const { service } = serviceOf()
  const given = await readGivenCodebook(file)
  const { reference, scheme } = await settleCodebook(service, { given, earlier: null, signal })
  const earlier = header({ codebook: `my-codebook@${scheme.hash}` })
  for (const again of [undefined, given, { reference: 'my-codebook@1' }]) {
    const resumed = await settleCodebook(service, { given: again, earlier, signal })
    assert.deepEqual([resumed.reference, resumed.scheme.hash], [reference, scheme.hash])
  }
  const changed = join(directory, 'changed.yaml')
  await writeFile(changed, (await readFile(TEMPLATE, 'utf8')).replace('title: Subject', 'title: The subject'))
  const commented = join(directory, 'commented.yaml')
  await writeFile(commented, `${await readFile(TEMPLATE, 'utf8')}# one more line\n`)
  const other = { given: await readGivenCodebook(commented), earlier, signal }
  assert.equal((await settleCodebook(service, other)).reference, reference, 'a comment changes nothing')
  const refused = async (path: string, message: RegExp) => {
    const question = { given: await readGivenCodebook(path), earlier, signal }
    await assert.rejects(settleCodebook(service, question), { code: 'input-invalid', message })
  }
  await refused(
    changed,
    /^The run run-1 began with the codebook my-codebook@1, and its content has changed since: resume without/,
  )
  await refused(
    builtInFile('release-topics') ?? '',
    /, and --codebook names release-topics@1: resume without --codebook/,
  )
  // A run without a codebook of its own began with the default one.
  const plain = { given, earlier: header(), signal }
  await assert.rejects(settleCodebook(service, plain), /began with the codebook economic-indicators@2/)
  const same = await readGivenCodebook(builtInFile('economic-indicators') ?? '')
  assert.equal((await settleCodebook(service, { given: same, earlier: header(), signal })).reference, undefined)
})

test('an estimate without a service knows files and built-in codebooks', async () => {
  const nameOf = async (text: string | undefined, earlier: RunHeader | null = null) => {
    const scheme = await findLocalScheme({ given: await readGivenCodebook(text), earlier })
    return scheme === undefined ? undefined : referenceOf(scheme)
  }
  assert.equal(await nameOf(undefined), 'economic-indicators@2')
  assert.equal(await nameOf('release-topics'), 'release-topics@1')
  assert.equal(await nameOf('release-topics@7'), undefined)
  assert.equal(await nameOf('my-codebook'), undefined)
  assert.equal(await nameOf(file), 'my-codebook@1')
  const { hash } = await loadCodebook(builtInFile('release-topics') ?? '')
  assert.equal(await nameOf(undefined, header({ codebook: `release-topics@${hash}` })), 'release-topics@1')
  assert.equal(await nameOf(undefined, header({ codebook: `my-codebook@${'a'.repeat(64)}` })), undefined)
  assert.equal(await nameOf(undefined, header()), 'economic-indicators@2')
})

test('commands that read the database find files, built-in codebooks and stored ones', async () => {
  const { stored } = serviceOf()
  const texts = await loadCodebook(file)
  stored.push({ name: 'my-codebook', version: '1', hash: 'h1', text: texts.text, lists: {} })
  const store: CodebookStore = {
    saveCodebook: async () => assert.fail('nothing is stored'),
    findCodebook: async (by) => stored.find((one) => 'name' in by && one.name === by.name),
    listCodebooks: async () => stored,
  }
  assert.equal((await findScheme(undefined, store)).codebook.name, 'economic-indicators')
  assert.equal((await findScheme('release-topics', store)).codebook.name, 'release-topics')
  assert.equal((await findScheme('my-codebook', store)).hash, 'h1')
  assert.equal((await findScheme(file, store)).hash, texts.hash)
  await assert.rejects(findScheme('your-codebook', store), (error: unknown) => {
    return (
      error instanceof ServiceError && /there is no "your-codebook" here; there are .*my-codebook@1/.test(error.message)
    )
  })
})

test('a catalogue has the name of its file without the ending; what has no name is the default catalogue', () => {
  const names = {
    ...{
      'wb.csv': 'wb',
      '/data/wb.2024.jsonl': 'wb.2024',
      'no-ending': 'no-ending',
      './Zürich & Bern.csv': 'Zürich & Bern',
    },
    ...{
      '-': 'default',
      '/dev/stdin': 'default',
      '/dev/fd/63': 'default',
      ' .csv': 'default',
      '/data/\u0007.csv': 'default',
    },
  }
  assert.deepEqual(Object.fromEntries(Object.keys(names).map((path) => [path, catalogueNameOf(path)])), names)
  assert.equal(catalogueNameOf(`${'x'.repeat(300)}.csv`).length, 100)
  assert.equal(catalogueOption('wb'), 'wb')
  for (const text of ['', ' wb', 'a\u0000b', 'x'.repeat(101)]) {
    assert.throws(() => catalogueOption(text), {
      code: 'commander.invalidArgument',
      message: /^It must be 1 to 100 characters/,
    })
  }
})

test('a resumed run keeps its catalogue, and refuses another one', () => {
  const journal = (more: Partial<RunHeader>) => ({ header: header(more) }) as RunJournal
  assert.equal(catalogueOfRun({ path: '/x/wb.csv' }, {}, null), 'wb')
  assert.equal(catalogueOfRun({ path: '/x/wb.csv' }, { catalogue: 'imf' }, null), 'imf')
  assert.equal(catalogueOfRun({ path: '/x/wb.csv' }, {}, journal({ catalogue: 'imf' })), 'imf')
  assert.equal(catalogueOfRun({ path: '/x/wb.csv' }, { catalogue: 'imf' }, journal({ catalogue: 'imf' })), 'imf')
  // A run of an earlier release had no catalogue, and its batches named none.
  assert.equal(catalogueOfRun({ path: '/x/wb.csv' }, { catalogue: 'default' }, journal({})), undefined)
  assert.throws(() => catalogueOfRun({ path: '/x/wb.csv' }, { catalogue: 'wb' }, journal({})), {
    code: 'input-invalid',
    message: /^The run run-1 began with the catalogue "default": resume without --catalogue, or classify as a new run$/,
  })
})

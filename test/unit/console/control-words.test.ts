/** What commands say is said on the page of a file in the words of the page: its controls, and the file's own name. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CONTROLS, inWordsOfThePage } from '../../../src/console/views/control-words.ts'
import { endsSoon } from '../../helpers/ends-soon.ts'

const UPLOAD = { folder: '/tmp/data/console/uploads/0123456789abcdef01234567', name: 'made up.csv' }
const say = (...lines: string[]) => inWordsOfThePage(lines, UPLOAD)

test('a way out by an option names the control of the page', () => {
  const path = `${UPLOAD.folder}/${UPLOAD.name}`
  for (const [said, shown] of [
    [
      `${path}, line 1, header row: no column indicator_id and no column name; it has "foo", "bar". Say which columns they are: --map id=COLUMN,name=COLUMN. The first row must name the fields`,
      'made up.csv, line 1, header row: no column indicator_id and no column name; it has "foo", "bar". Say below which columns they are: indicator id and name. The first row must name the fields',
    ],
    [
      'the text is no UTF-8 and was read as Windows-1252 (Latin-1); another: --encoding NAME',
      'the text is no UTF-8 and was read as Windows-1252 (Latin-1); another is typed under "Encoding"',
    ],
    [
      'description is read from Remarques, unsure: "Remarques" may be description. Another: --map description=COLUMN',
      'description is read from Remarques, unsure: "Remarques" may be description. Choose another column for description below',
    ],
    [
      'records that cannot be read stop a run; --skip-invalid leaves them out',
      'records that cannot be read stop a run, unless "Leave out records that cannot be read" is ticked below',
    ],
    [
      `${path}: the workbook has 9 sheets, such as "a, b", "c". Say which: --sheet NAME`,
      'made up.csv: the workbook has 9 sheets, such as "a, b", "c". Say which under "Sheet"',
    ],
    [
      `${path}: the document holds several lists. Say which: --records data.items`,
      'made up.csv: the document holds several lists. Say which under "Records at", such as data.items',
    ],
    ['two sheets were left out: "x" (--sheet NAME)', 'two sheets were left out: "x" (say which under "Sheet")'],
    [
      `${path}: indicator_id may be "a b" or "c". Say which: --map id="a b"`,
      'made up.csv: indicator_id may be "a b" or "c". Say below which is indicator id',
    ],
    [
      `--mapping ${UPLOAD.folder}/mapping-0123456789abcdef.yaml: key layout: it is wrong`,
      'what is chosen on this page: key layout: it is wrong',
    ],
  ] as const)
    assert.deepEqual(say(said), [shown])
})

test('a file whose folder is not known goes by its name as well', () => {
  const said = 'The file /srv/data/console/uploads/0123456789abcdef01234567/made up.csv has changed; or --max-cost USD'
  assert.deepEqual(inWordsOfThePage([said]), ['The file made up.csv has changed; or "May cost at most"'])
})

test('a message that quotes a hostile line does not hold the console', () => {
  const place = '/console/uploads/0123456789abcdef01234567/'
  const long = 200_000
  const hostile = [
    '/a'.repeat(long),
    '/'.repeat(long) + place.slice(0, -1),
    `/aaa/bbb${place.slice(0, -1)}`.repeat(10_000),
    place.repeat(10_000),
    '--map a='.repeat(long / 10),
    `--map a="${'\\"'.repeat(long)}`,
    `--map a=b${',a=b'.repeat(long)}`,
    '(--sheet "'.repeat(long / 10),
    `Say which columns they are: --map ${'a=COLUMN,'.repeat(long / 10)}`,
    `it may be ${'a_'.repeat(long)}`,
    `: ${'a_'.repeat(long)} reads `,
  ]
  for (const line of hostile) endsSoon(() => inWordsOfThePage([line]))
  // The places of dropped files are taken out in a hostile line as well.
  const [shown] = endsSoon(() => say(`${'/a'.repeat(long)} ${'/b'.repeat(long)}${place}made up.csv`))
  assert.equal(shown, `${'/a'.repeat(long)} made up.csv`)
})

test('a line that only a terminal needs is left out', () => {
  assert.deepEqual(say('To see how the file is read: npm run inspect -- FILE; --map says it otherwise', 'b'), ['b'])
})

test('no sentence of the reading of files keeps an option that the page has a control for', () => {
  const folders = ['src/catalogue', 'src/cli/inspect'].map((path) => new URL(`../../../${path}`, import.meta.url))
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      // The descriptions of options stand in no message.
      .filter((file) => file.endsWith('.ts') && !file.endsWith('reading-flags.ts'))
      .map((file) => readFileSync(`${folder.pathname}/${file}`, 'utf8')),
  )
  const texts = files.flatMap((text) =>
    [...text.matchAll(/(['`])((?:(?!\1).)*--[a-z](?:(?!\1).)*)\1/g)].map(([, , found = '']) => found),
  )
  const ofPage = texts.filter((text) => /--(?:map|layout|sheet|records|encoding|skip-invalid)\b/.test(text))
  assert.ok(ofPage.length >= 12, `${ofPage.length}`)
  for (const text of ofPage) {
    const filled = text.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, 'value')
    const [shown = ''] = say(filled)
    assert.doesNotMatch(shown, /--(?:map|layout|sheet|records|encoding|skip-invalid)\b|COLUMN|NAME/, text)
    assert.doesNotMatch(shown, /npm run/, text)
  }
})

test('every control that is named is one that the page shows', () => {
  const page = readFileSync(new URL('../../../src/console/page/upload-page.ts', import.meta.url), 'utf8')
  for (const name of Object.keys(CONTROLS)) assert.match(page, new RegExp(`controls\\.${name}\\b`), name)
})

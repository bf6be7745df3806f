/** Says in the words of the page of a file what a command says in its own: its options as fields of the page, the file by its name. Pure. */
import type { Upload } from '../uploads.ts'

/** The names of the controls, as the page shows them. */
export const CONTROLS = {
  mapping: 'Which column is which field',
  layout: 'Layout',
  sheet: 'Sheet',
  records: 'Records at',
  encoding: 'Encoding',
  skipInvalid: 'Leave out records that cannot be read',
  catalogue: 'Name of the catalogue',
  maxCost: 'May cost at most',
} as const

/** A value as messages write it: in quotes, or a word up to the next sign. */
const VALUE = String.raw`(?:"(?:[^"\\]|\\.)*"|[^\s,;:()"]+)`
const OF = '[ =]'
const named = (name: string) => `"${name}"`

/** What a message writes, and what the page has in its place. The first that fits counts, so that the longer ones stand first. */
const WORDS: readonly (readonly [RegExp, string | ((...found: string[]) => string)])[] = [
  [
    /;? ?records that cannot be read stop a run; --skip-invalid leaves them out/g,
    `records that cannot be read stop a run, unless ${named(CONTROLS.skipInvalid)} is ticked below`,
  ],
  [
    /To leave out the records that cannot be read, and use the others: --skip-invalid/g,
    `To leave them out and use the others, tick ${named(CONTROLS.skipInvalid)}.`,
  ],
  [/To see how the file is read: npm run inspect -- FILE; --map says it otherwise/g, ''],
  [/\bor --skip-invalid to leave such rows out/g, `or tick ${named(CONTROLS.skipInvalid)}`],
  [/; nothing was sent\. Correct the file and run again\./g, '; nothing was sent. Correct the file and drop it again.'],
  [/--map ([a-z_]+)= names no column, but/g, (_all, field = '') => `${fieldName(field)} is set to "leave out", but`],
  [
    /(Another|another): --map ([a-z_]+)=COLUMN/g,
    (_all, _word, field = '') => `Choose another column for ${fieldName(field)} below`,
  ],
  [
    /Say which columns they are: --map ([a-z_]+=COLUMN(?:,[a-z_]+=COLUMN)*)/g,
    (_all, fields = '') =>
      `Say below which columns they are: ${fields
        .split(',')
        .map((one) => fieldName(one.replace(/=COLUMN$/, '')))
        .join(' and ')}`,
  ],
  [
    new RegExp(`Say which: --map ([a-z_]+)=(${VALUE})`, 'g'),
    (_all, field = '') => `Say below which is ${fieldName(field)}`,
  ],
  [
    new RegExp(`it may be ([a-z_]+): --map [a-z_]+=(${VALUE})`, 'g'),
    (_all, field = '') => `it may be ${fieldName(field)}, which is chosen below`,
  ],
  [/--map: there is no column/g, `${named(CONTROLS.mapping)}: there is no column`],
  [
    new RegExp(`(?:write FIELD=COLUMN, as in )?--map\\b(?:${OF}[a-z_]+=${VALUE}(?:,[a-z_]+=${VALUE})*)?`, 'g'),
    `a column in ${named(CONTROLS.mapping)}`,
  ],
  [/--mapping /g, ''],
  [
    /--layout wide has nothing to turn\. Read it as it is: --layout long/g,
    `${named(CONTROLS.layout)} by periods has nothing to turn. Choose one row a record there`,
  ],
  [/read its rows as records: --layout long/g, `choose one row a record under ${named(CONTROLS.layout)}`],
  [/\banother: --encoding NAME/g, `another is typed under ${named(CONTROLS.encoding)}`],
  [
    new RegExp(`Give --encoding (${VALUE})`, 'g'),
    (_all, name = '') => `Type ${name} under ${named(CONTROLS.encoding)}`,
  ],
  [
    new RegExp(String.raw`(?:Say which: |\()--(sheet|records) (${VALUE})\)?`, 'g'),
    (all, option = '', value = '') => {
      const text = `say which under ${named(controlOf(option))}${value === 'NAME' ? '' : `, such as ${value}`}`
      return all.startsWith('(') ? `(${text})` : `${text[0]?.toUpperCase()}${text.slice(1)}`
    },
  ],
  [/--skip-invalid/g, named(CONTROLS.skipInvalid)],
  [
    new RegExp(`--(layout|sheet|records|encoding|catalogue|max-cost)${OF}?(${VALUE})?`, 'g'),
    (_all, option = '', value = '') =>
      `${named(controlOf(option))}${/^(?:NAME|PATH|USD)?$/.test(value) ? '' : ` ${value}`}`,
  ],
]

function controlOf(option: string): string {
  if (option === 'max-cost') return CONTROLS.maxCost
  return CONTROLS[option as 'layout' | 'sheet' | 'records' | 'encoding' | 'catalogue']
}

/** A field as the page names it. */
function fieldName(field: string): string {
  return field === 'id' || field === 'indicator_id' ? 'indicator id' : field.replaceAll('_', ' ')
}

/** The place of a dropped file, where it is not known which one a message speaks of. */
const ANY_PLACE = /\/console\/uploads\/[0-9a-f]{24}\//g
/** What no folder of a message has in its name, as the place of a text ends there. */
const ENDS_FOLDER = /[\s"':,;]/

/**
 * The text without the folders of dropped files. It walks back from each place instead of matching the folders before it, because
 * messages quote hostile files: a pattern of folders takes exponential time on a text of forty slashes.
 */
function withoutFolders(text: string): string {
  let shown = ''
  let read = 0
  for (const { index, 0: place } of text.matchAll(ANY_PLACE)) {
    let from = index
    for (let at = index - 1; at >= read && !ENDS_FOLDER.test(text[at] ?? ''); at -= 1) if (text[at] === '/') from = at
    shown += text.slice(read, from)
    read = index + place.length
  }
  return shown + text.slice(read)
}

/** The lines in words of the page; a line that has nothing to say there is left out. */
export function inWordsOfThePage(lines: readonly string[], upload?: Pick<Upload, 'folder' | 'name'>): string[] {
  return lines
    .map((line) => {
      // What was chosen on the page goes to the command as a file, whose name says nothing to anybody.
      let text = withoutFolders(upload === undefined ? line : withoutFolder(line, upload)).replace(
        /mapping-[0-9a-f]{16}\.yaml/g,
        'what is chosen on this page',
      )
      for (const [pattern, word] of WORDS) text = text.replace(pattern, word as string)
      return text
    })
    .filter((line) => line.trim() !== '')
}

function withoutFolder(line: string, { folder, name }: Pick<Upload, 'folder' | 'name'>): string {
  return line.replaceAll(`${folder}/`, '').replaceAll(folder, name)
}

/** Proposes which column is which field: what the user said, then names, then content; says what is unsure and what is left. */
import { observationColumns } from '../layout/types.ts'
import { candidatesFor, codeColumns, wordColumns } from './candidates.ts'
import { cellText } from './cell-text.ts'
import { columnsNamed } from './columns-named.ts'
import { composeId, composeName } from './compose.ts'
import { isCodes, isUnique } from './profile.ts'
import { MAPPED_FIELDS, type MappedField, matchesOf } from './synonyms.ts'
import type { FieldMapping, Mapping, MappingTask, OpenChoice, Source, UnusedColumn } from './types.ts'

/** The other fields in the order in which they choose their columns. */
const OTHERS: readonly MappedField[] = [
  'sample_values',
  'units',
  'periodicity',
  'description',
  'long_name',
  'aggregation_method',
  'topic',
  'scale',
  'currency_code',
  'country',
  'dataset',
  'category_group',
  'source_name',
  'source_url',
]
const TITLE = /^.{2,150}? [-–—] \S.{3,}/s
const SPLIT_SHARE = 0.9

export function proposeMapping(task: MappingTask): Mapping {
  const fields = new Map<MappedField, FieldMapping>()
  const open: OpenChoice[] = []
  const taken = new Set([...observationColumns(task.layout), ...task.reserved])
  const used = new Set(taken)
  const take = (mapping: FieldMapping) => {
    fields.set(mapping.field, mapping)
    // A column that a user joins to others, or that a made id is read from, may be a field of its own all the same.
    const isShared = mapping.source.columns.length > 1
    for (const place of mapping.source.columns) {
      used.add(place)
      if (!isShared) taken.add(place)
    }
  }

  for (const field of MAPPED_FIELDS) {
    const text = task.given[field]
    if (text === undefined) continue
    const columns =
      typeof text !== 'string'
        ? text.flatMap((name) => columnsNamed(task.columns, name, '--map'))
        : text === ''
          ? []
          : columnsNamed(task.columns, text, '--map')
    take({ field, source: { columns }, origin: 'option' })
  }
  takeExact(task, ['indicator_id', 'name'], fields, take, taken)
  if (!fields.has('indicator_id')) takeId(task, take, taken)
  if (!fields.has('name')) takeName(task, { take, taken, open })
  takeExact(task, MAPPED_FIELDS, fields, take, taken)
  for (const field of OTHERS) {
    if (fields.has(field)) continue
    const best = candidatesFor(field, task, taken)[0]
    if (best !== undefined)
      take({
        field,
        source: { columns: [best.place] },
        origin: 'name',
        doubt: doubtOf(field, best.isWeak, task, best.place),
      })
  }
  splitTitles(task, fields)
  if (task.hasSections && !fields.has('category_group'))
    take({ field: 'category_group', source: { columns: [], made: 'section' }, origin: 'made' })
  addPeriods(task, fields)
  const id = composeId(task, fields)
  if (id !== undefined) take(id)
  const name = fields.get('name') ?? (open.length === 0 ? composeName(task, fields) : undefined)
  if (name !== undefined) take(name)
  const mapped = MAPPED_FIELDS.flatMap((field) => fields.get(field) ?? [])
  return { fields: mapped, unused: unusedOf(task, used), open: fields.has('name') ? [] : open }
}

function doubtOf(field: MappedField, isWeak: boolean, { columns }: MappingTask, place: number): string | undefined {
  return isWeak ? `"${columns[place]}" may be ${field}` : undefined
}

type Take = (mapping: FieldMapping) => void

/** Columns that have the very name of a field are that field, but for a name that holds codes beside texts. */
function takeExact(
  task: MappingTask,
  wanted: readonly MappedField[],
  fields: ReadonlyMap<MappedField, FieldMapping>,
  take: Take,
  taken: Set<number>,
): void {
  for (const field of wanted) {
    if (fields.has(field)) continue
    const place = task.columns.findIndex(
      (name, at) => !taken.has(at) && name.toLowerCase().replace(/[\s-]+/g, '_') === field,
    )
    if (place < 0 || (field === 'name' && isCodeName(task, place))) continue
    take({ field, source: { columns: [place] }, origin: 'name' })
  }
}

/** Whether the column called name holds codes, and another one holds what they stand for. */
function isCodeName(task: MappingTask, place: number): boolean {
  const profile = task.profiles[place]
  if (profile === undefined || profile.count < 3 || !isCodes(profile)) return false
  return candidatesFor('name', task, new Set([place])).some(({ place: other }) => {
    const words = task.profiles[other]
    return words !== undefined && words.averageWords >= 2.5 && words.distinct >= 0.8 * words.count && !isCodes(words)
  })
}

function takeId(task: MappingTask, take: Take, taken: Set<number>): void {
  const named = candidatesFor('indicator_id', task, taken)
  const isTurned = task.layout.kind !== 'long'
  const unique = named.filter(({ place, distance }) => {
    const profile = task.profiles[place]
    return distance < 1_000 && profile !== undefined && profile.distinct === profile.count
  })
  // A weak or an unlikely name must be borne out by the content: every value stands once.
  const coded = task.layout.kind === 'wide' ? unique.find(({ place }) => isCodes(task.profiles[place])) : undefined
  const best = isTurned
    ? (named.find(({ isWeak }) => !isWeak) ?? coded)
    : (unique[0] ?? named.find(({ distance }) => distance < 500))
  if (best !== undefined) {
    take({
      field: 'indicator_id',
      source: { columns: [best.place] },
      origin: 'name',
      doubt: doubtOf('indicator_id', best.isWeak, task, best.place),
    })
    return
  }
  const codes = isTurned || !hasKnownColumn(task) ? [] : codeColumns(task, taken)
  const [code, other] = codes
  if (code === undefined) return
  const doubt = `"${task.columns[code]}" holds a code of its own in every row${other === undefined ? '' : `, and so does "${task.columns[other]}"`}`
  take({ field: 'indicator_id', source: { columns: [code] }, origin: 'content', doubt })
}

function takeName(
  task: MappingTask,
  { take, taken, open }: { readonly take: Take; readonly taken: Set<number>; readonly open: OpenChoice[] },
): void {
  if (task.layout.kind === 'wide-rows') return
  const named = candidatesFor('name', task, taken)
  // Of observations a weak name is one dimension among others, of which the name is made; of rows of them, where it repeats.
  const isDimension = (place: number) =>
    task.layout.kind === 'tall' || (task.layout.kind === 'wide' && !isUnique(task.profiles[place]))
  const best = named.find(({ place, distance, isWeak }) => distance < 1_000 && !(isWeak && isDimension(place)))
  const twin =
    best === undefined
      ? undefined
      : [...task.repeated].find(([place, first]) => first === best.place && !taken.has(place))
  if (best !== undefined && twin !== undefined && differs(task, twin[0], twin[1])) {
    open.push({ field: 'name', choices: [task.columns[twin[1]] ?? '', task.columns[twin[0]] ?? ''] })
    return
  }
  if (best !== undefined) {
    take({
      field: 'name',
      source: { columns: [best.place] },
      origin: 'name',
      doubt: doubtOf('name', best.isWeak, task, best.place),
    })
    return
  }
  if (task.layout.kind === 'tall' || (task.layout.kind === 'wide' && named.some(({ isWeak }) => isWeak))) return
  const words = hasKnownColumn(task) ? wordColumns(task, taken) : []
  const [place] = words
  if (place !== undefined && words.length === 1) {
    take({
      field: 'name',
      source: { columns: [place] },
      origin: 'content',
      doubt: `"${task.columns[place]}" holds the only texts that could be names`,
    })
  } else if (words.length > 1) {
    open.push({ field: 'name', choices: words.map((word) => task.columns[word] ?? '') })
  } else if (named[0] !== undefined) {
    take({
      field: 'name',
      source: { columns: [named[0].place] },
      origin: 'name',
      doubt: `"${task.columns[named[0].place]}" holds codes and no names`,
    })
  }
}

/** Whether any column is known by name, without which the first row may be no header at all. */
function hasKnownColumn({ columns, given }: MappingTask): boolean {
  return Object.keys(given).length > 0 || columns.some((name) => matchesOf(name).length > 0)
}

function differs({ rows }: MappingTask, a: number, b: number): boolean {
  return rows.some(
    (cells) => cellText(cells[a]) !== '' && cellText(cells[b]) !== '' && cellText(cells[a]) !== cellText(cells[b]),
  )
}

/** Descriptions of the form "Title - Sentence." that have to serve as names are divided at the dash. */
function splitTitles(task: MappingTask, fields: Map<MappedField, FieldMapping>): void {
  const name = fields.get('name')
  const [place] = name?.source.columns ?? []
  if (name === undefined || place === undefined || name.origin === 'option' || fields.has('description')) return
  if (!matchesOf(task.columns[place] ?? '').some(({ field }) => field === 'description')) return
  const texts = task.rows.map((cells) => cellText(cells[place])).filter((text) => text !== '')
  if (texts.filter((text) => TITLE.test(text)).length < SPLIT_SHARE * texts.length) return
  fields.set('name', { ...name, source: { columns: [place], part: 'title' }, doubt: undefined })
  fields.set('description', { field: 'description', source: { columns: [place], part: 'rest' }, origin: 'content' })
}

/** The frequency is that of the periods where no column says it. */
function addPeriods({ layout }: MappingTask, fields: Map<MappedField, FieldMapping>): void {
  if (layout.kind === 'long' || fields.has('periodicity')) return
  fields.set('periodicity', { field: 'periodicity', source: { columns: [], made: 'periods' }, origin: 'made' })
}

function unusedOf({ columns, layout, profiles }: MappingTask, taken: ReadonlySet<number>): UnusedColumn[] {
  const observed = new Set(observationColumns(layout))
  return columns.flatMap((column, place) => {
    const isBlank = /^column \d+$/.test(column) && profiles[place]?.count === 0
    if (taken.has(place) || observed.has(place) || isBlank) return []
    return [{ column, guess: matchesOf(column)[0]?.field ?? null }]
  })
}

/** A source as a user writes it in --map, or in words in parentheses where it stands in no column. */
export function sourceText({ columns: places, made }: Source, columns: readonly string[]): string {
  const names = places.map((place) => columns[place] ?? '')
  const words = {
    file: '(name of the file)',
    measure: '(name of the column)',
    section: '(titles of sections)',
    periods: '(periods)',
  }
  return [...names, ...(made === undefined ? [] : [words[made]])].join('+')
}

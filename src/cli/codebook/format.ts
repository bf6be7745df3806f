/** Formats a codebook, and the check of its gold file, as text for a terminal. */

import { pathOf } from '../../codebooks/code-list.ts'
import type { Codebook, Field } from '../../codebooks/codebook.ts'
import type { Recall } from '../../eval/recall.ts'
import { joinLines } from '../../lib/visible-text.ts'

const MOST_CODES_SHOWN = 15

/**
 * The result of checking a gold file: how many labelled records it holds, and how often shortlists hold the right code.
 */
export interface GoldCheck {
  readonly records: number
  readonly shortlists: readonly Recall[]
}

export function formatGold({ records, shortlists }: GoldCheck): string {
  const lines = shortlists.map(({ field, first, records: of, found }) => {
    return `  ${field}: the code is among the first ${first} of the shortlist for ${found} of ${of} records`
  })
  const sound = records === 1 ? '1 labelled record is sound' : `${records} labelled records are sound`
  return joinLines([sound, ...lines])
}

/** The codebook as a page to read; with `all` every code of its lists, else the first ones. */
export function formatCodebook(codebook: Codebook, all = false): string {
  const { name, version, title, record, source, rulings, constraints } = codebook
  const parts = [
    `${title} (${name}@${version})`,
    ...(source === null ? [] : [source]),
    `${record.description} The model is shown ${record.texts.map((text) => text.name).join(', ')}` +
      `${samplesOf(record.samples)}.`,
    ...codebook.fields.map((field) => formatField(field, all)),
    ...(constraints.length > 0
      ? [
          section(
            'Constraints',
            constraints.map(({ name: of, message }) => `${of}: ${message}`),
          ),
        ]
      : []),
    ...(rulings.length > 0 ? [section('Rulings', rulings)] : []),
  ]
  return parts.join('\n\n')
}

function samplesOf(count: number): string {
  if (count === 0) return ''
  return count === 1 ? ' and the last sample value' : ` and the last ${count} sample values`
}

function formatField(field: Field, all: boolean): string {
  const { name, title, type, guidance, note, multi, nullable, asked } = field
  const traits = [
    ...(multi === null ? [] : [multi === 1 ? 'up to 1 value' : `up to ${multi} values`]),
    ...(nullable ? ['may be empty'] : []),
    ...(asked || type.kind === 'derived' ? [] : ['never asked']),
  ]
  const heading = `${title} (${[name, ...traits].join(', ')})`
  return section(heading, [
    ...(guidance === null ? [] : [guidance]),
    ...valueLines(field, all),
    ...(note === null ? [] : [note]),
  ])
}

function valueLines({ type }: Field, all: boolean): string[] {
  switch (type.kind) {
    case 'values':
      return type.values.map(
        ({ value, definition, not }) =>
          `${value}: ${not === null ? definition : `${definition.replace(/\.$/, '')}. Not: ${not}`}`,
      )
    case 'codes': {
      const codes = type.list.codes
        .slice(0, all ? undefined : MOST_CODES_SHOWN)
        .map(({ code }) => `${code}: ${pathOf(type.list, code).join(' > ')}`)
      const more = type.list.codes.length - codes.length
      return more > 0 ? [...codes, `… and ${more} more codes: --all shows them`] : codes
    }
    case 'number':
      return [`${type.whole ? 'a whole number' : 'a number'} from ${type.min} to ${type.max}: ${type.definition}`]
    case 'pattern':
      return [`a text of the form ${type.source}: ${type.definition}`]
    case 'text':
      return [
        `a text of at most ${type.maxLength} ${type.maxLength === 1 ? 'character' : 'characters'}: ${type.definition}`,
      ]
    case 'derived': {
      const groups = Map.groupBy(type.valueOf, ([, value]) => value)
      return [...groups].map(
        ([value, pairs]) => `${value}: follows from ${type.from} ${pairs.map(([from]) => from).join(', ')}`,
      )
    }
  }
}

function section(heading: string, lines: readonly string[]): string {
  // Texts of a codebook may have several lines.
  return joinLines([heading, ...lines.flatMap((text) => text.split('\n')).map((line) => `  ${line}`)])
}

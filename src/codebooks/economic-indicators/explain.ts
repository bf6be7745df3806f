/** Names the words that a finding of a rule rests on: those without which the rule would not have applied. */
import { createRecent } from '../recent.ts'
import type { Finding, Indicator, Reading } from '../types.ts'
import { AGGREGATION_RULES } from './rules/aggregation.ts'
import type { Rule, TypedContext } from './rules/context.ts'
import { ORIENTATION_RULES } from './rules/orientation.ts'
import { knownReading, knownTexts, readFlat, TYPE_RULES } from './rules.ts'
import type { Unit } from './types.ts'

/** The lists of rules, by the field that they decide. A rule for the type sees less than the others, and takes the same context. */
const LISTS: readonly (readonly [field: string, rules: readonly Rule<unknown, TypedContext>[]])[] = [
  ['type', TYPE_RULES],
  ['temporal_aggregation', AGGREGATION_RULES],
  ['orientation', ORIENTATION_RULES],
]
/** The fields that readers read of the unit, of which one sentence is enough. */
const UNIT_FIELDS = ['unit_kind', 'unit_scale', 'unit_currency', 'unit_per'] as const

const NO_UNIT: Unit = { kind: 'unknown', scale: 1, currency: null, per: null }
/** Explanations of the texts that came last, at least so many, of about 1 KB each. */
const explained = createRecent<Readonly<Record<string, string>>>(4_000)
/** The most words of a name that are tried, and the most characters of a text that a sentence shows. */
const MOST_WORDS = 40
const MOST_SHOWN = 60

/**
 * One sentence a field that a rule or a reader found: the words that it rests on, what they mean, the value and the rule. A
 * finding of an earlier release whose rule is gone, or no longer fits, has none.
 */
export function explainReading(record: Indicator, reading: Reading): Readonly<Record<string, string>> {
  const own = readFlat(record)
  const texts = isSame(own, reading) ? knownTexts.keyOf(record) : undefined
  if (texts === undefined) return explainAnew(record, reading)
  // The findings of the record are few for the same texts, and say all that the values have to do with it.
  const found = Object.values(own).map(({ value, sure, rule, because }) => [value, sure, rule, because])
  const key = `${texts}${record.periodicity ?? ''}${JSON.stringify(found)}`
  const known = explained.get(key) ?? explainAnew(record, reading)
  explained.set(key, known)
  return known
}

/** Whether a reading is that of the rules of this release, whatever the catalogue trusts of it. */
function isSame(own: Reading, reading: Reading): boolean {
  const fields = Object.entries(own)
  return (
    fields.length === Object.keys(reading).length &&
    fields.every(([field, { value, sure, rule, because }]) => {
      const other = reading[field]
      return other?.rule === rule && other.sure === sure && other.because === because && other.value === value
    })
  )
}

function explainAnew(record: Indicator, reading: Reading): Readonly<Record<string, string>> {
  const { reading: own, seen } = knownReading(record)
  const ofRules = LISTS.flatMap(([field, rules]) => {
    const finding = reading[field]
    const rule = rules.find((one) => one.rule === finding?.rule)
    if (finding === undefined || rule === undefined || !rule.when(seen)) return []
    return [[field, sentenceOf(groundsOf(rule, seen, record, finding), finding)] as const]
  })
  const units = record.units?.trim() ?? ''
  const ofUnits = UNIT_FIELDS.flatMap((field) => {
    const finding = reading[field]
    if (finding === undefined || finding.rule !== own.unit.rule) return []
    // The parts of a unit share their sentence, so that it is shown once.
    const grounds = units === '' ? [] : [`unit ${quoted(units)}`]
    return [[field, `${[...grounds, withoutStop(finding.because)].join(' → ')}; rule ${finding.rule}`] as const]
  })
  const periodicity = record.periodicity?.trim() ?? ''
  const { frequency } = reading
  const ofFrequency =
    frequency === undefined || frequency.rule !== own.frequency.rule || periodicity === ''
      ? []
      : [['frequency', sentenceOf([`periodicity ${quoted(periodicity)}`], frequency)] as const]
  return Object.fromEntries([...ofRules, ...ofUnits, ...ofFrequency])
}

function sentenceOf(grounds: readonly string[], { because, value, rule }: Finding): string {
  const parts = [...(grounds.length === 0 ? [] : [grounds.join(' + ')]), withoutStop(because), String(value)]
  return `${parts.join(' → ')}; rule ${rule}`
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '')
}

function quoted(text: string): string {
  return `'${text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text}'`
}

/** What the rule needs to apply: words of the name, the unit, the type, and the pattern of the values. */
function groundsOf(
  rule: Rule<unknown, TypedContext>,
  seen: TypedContext,
  { units }: Indicator,
  { sure }: Finding,
): string[] {
  const needs = (without: Partial<TypedContext>) => !rule.when({ ...seen, ...without })
  const grounds: string[] = []
  const words = neededWords(rule, seen)
  // Where words stand in for each other, none is needed alone, and all of the name is. A rule is sure only of a known name.
  if (words.length > 0) grounds.push(...words)
  else if (needs({ name: '', head: '' }) || (sure && !needs({ type: 'other' }))) grounds.push(quoted(seen.head))
  const isPercent = { isPercent: false, isBarePercent: false, isMoney: false }
  const unit = (units ?? '').trim() || seen.units
  if (unit !== '' && needs({ ...isPercent, unit: NO_UNIT, whole: '', units: '' })) grounds.push(`unit ${quoted(unit)}`)
  if (needs({ type: 'other' })) grounds.push(`type ${seen.type}`)
  const { pattern } = seen.cumulative.value
  const flat = { ...seen.cumulative, value: { pattern: 'none', reset_month: null } } as const
  if (pattern !== 'none' && needs({ cumulative: flat })) grounds.push(`values ${pattern}`)
  if (seen.description !== '' && needs({ description: '' })) grounds.push('the description')
  return grounds
}

/** The words of the name without which the rule would not apply, those beside each other as one phrase. */
function neededWords(rule: Rule<unknown, TypedContext>, seen: TypedContext): string[] {
  const words = seen.head.split(' ').slice(0, MOST_WORDS)
  const phrases: string[][] = []
  let last = -2
  for (const [at, word] of words.entries()) {
    const rest = words.filter((_, other) => other !== at).join(' ')
    if (rule.when({ ...seen, head: rest, name: seen.name.replace(word, ' ') })) continue
    if (at === last + 1) phrases.at(-1)?.push(word)
    else phrases.push([word])
    last = at
  }
  return phrases.map((phrase) => quoted(phrase.join(' ').replace(/^[,;:(]+|[,;:)]+$/g, '')))
}

import { pattern } from '../readers/pattern.ts'
import type { Cumulative, FieldReading, Indicator, IndicatorType, Unit } from '../types.ts'

/** "Revenue, % of GDP" and "tax as a share of profit" name the whole at the end. */
const WHOLE_AT_END = pattern`
  , (?:%|percent|share) (?:of )?[^,]{2,60}$|\bas (?:a )?(?:%|percent(?:age)?|share|proportion) of .{2,60}$
`

/** What the rules look at: short, lower-case, with everything cut off that does not change the answer. */
export interface RuleContext {
  /** Whole name without trailing modifiers. */
  readonly name: string
  /** The name without brackets, notes of price basis and "% of ..." tails: what is measured. */
  readonly head: string
  /** Units text, or the name's bracket where the units are empty or a note. */
  readonly units: string
  /** What a percentage is of ("gdp", "female labor force"), or ''. */
  readonly whole: string
  readonly unit: Unit
  /** Whether the unit was read beyond doubt. */
  readonly unitSure: boolean
  readonly description: string
  readonly percent: boolean
  /** A percentage of nothing that is named. */
  readonly barePercent: boolean
  readonly money: boolean
  /** Too long or cut: what was read may not be all that was said. */
  readonly cut: boolean
}

/** What the rules of aggregation and orientation see: the type is decided before them. */
export interface TypedContext extends RuleContext {
  readonly type: IndicatorType
  readonly cumulative: FieldReading<Cumulative>
}

export function isType(...types: readonly IndicatorType[]): (seen: TypedContext) => boolean {
  return (seen) => types.includes(seen.type)
}

/** One rule: data and a small predicate. The first of a list that fits gives the value. */
export interface Rule<Value, Seen = RuleContext> {
  readonly rule: string
  readonly value: Value
  readonly when: (seen: Seen) => boolean
  /** Whether this rule alone is to be trusted; absent means it is. */
  readonly sure?: boolean | ((seen: Seen) => boolean)
  readonly because: string
}

export const MAX_NAME = 320
const MAX_UNITS = 160
const MAX_DESCRIPTION = 600

const MODIFIER = pattern`
  [,;] *(?:(?:not |non-?)?seasonally adjusted|s\.?a\.?|n\.?s\.?a\.?|(?:northern|southern|eastern|western
  |central|coastal|capital|north|south|east|west) region|preliminary|provisional|flash|final
  |revised(?: estimate)?|estimates?|constant prices|current prices|real terms|survey based|official statistics
  |moving average|trend|unadjusted|national|headline|all regions)$
`
const BASIS =
  /(?:,? ?\bat )?\b(?:constant|current|market|basic|factor|producers?'?) (?:prices|cost|lcu|us ?\$)(?![a-z])/g
/** What is left out or in besides is no part of what is measured: "Savings, including emission damage". */
const BESIDES = /, (?:including|incl\.?|excluding|excl\.?|ex\.?|except) [^,]{1,60}$/
const NOTE_UNITS = pattern`
  ^(?:(?:modell?ed|national|projected) (?:ilo )?(?:estimates?)|cumulative|ages? .{1,20}|period average
  |average for affected firms|-|n\/?a|none)$
`
const NOT_A_WHOLE = pattern`
  ^(?:$|change|growth|yoy|mom|qoq|y\/y|m\/m|q\/q|year|month|quarter|annual|per annum|p\.?a|points?|gross$|net$
  |ages |from |all forms|cumulative|balance|full|net balance)
`

function lower(text: string | undefined, max: number): string {
  return (text ?? '')
    .slice(0, max)
    .normalize('NFKC')
    .replace(/[‐‑–—]/g, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()
}

function stripModifiers(name: string): string {
  let text = name
  for (let round = 0; round < 3; round += 1) {
    const shorter = text
      .replace(MODIFIER, '')
      .replace(/ \((?:s\.?a\.?|n\.?s\.?a\.?|preliminary|seasonally adjusted)\)$/, '')
    if (shorter === text || shorter === '') break
    text = shorter
  }
  return text
}

/** "% of female population" and "percent of GDP" give the whole; "% change" and "% per annum" give none. */
function wholeOf(text: string): string {
  const at = /%|\bpercent(?:age)?\b|\bper cent\b|\bpct\b/.exec(text)
  if (!at) return ''
  const rest = text.slice(at.index + at[0].length).replace(/^ ?(?:of |share of )?(?:the )?/, '')
  return NOT_A_WHOLE.test(rest.trim()) ? '' : rest.replace(/\).*$/, '').trim()
}

export function buildRuleContext(
  indicator: Indicator,
  { value: unit, sure: unitSure }: FieldReading<Unit>,
): RuleContext {
  const name = stripModifiers(lower(indicator.name, MAX_NAME))
  const own = lower(indicator.units, MAX_UNITS)
  const brackets = name.match(/\([^()]{1,160}\)/g) ?? []
  const bracket = brackets.findLast((text) => /[%$=]|\bper\b|lcu/.test(text))?.slice(1, -1) ?? ''
  const units = own === '' || NOTE_UNITS.test(own) ? bracket : own
  const tail = WHOLE_AT_END.exec(name)?.[0] ?? ''
  const percent = unit.kind === 'percentage'
  const toWhole = percent ? (/ (?:to|over|\/) ?(gdp|gni|gnp)\b/.exec(name)?.[1] ?? '') : ''
  const whole = percent ? wholeOf(units) || wholeOf(bracket) || wholeOf(tail) || toWhole : ''
  const head = name
    .replace(/ ?\([^()]{0,160}\)/g, '')
    .replace(/, (?:%|percent(?:age)?) .*$/, '')
    .replace(/, (?:usd|eur|us\$) (?:millions?|billions?)$/, '')
    .replace(BASIS, '')
    .replace(BESIDES, '')
    .trim()
  return {
    name,
    head: head === '' ? name : head,
    units,
    whole,
    unit,
    unitSure,
    description: lower(indicator.description ?? indicator.long_name, MAX_DESCRIPTION),
    percent,
    barePercent: percent && whole === '',
    money: unit.kind === 'currency',
    cut: indicator.name.length > MAX_NAME,
  }
}

/** The whole in the narrow sense: "sales for affected firms" are sales, "household income" is income. */
export function wholeItself({ whole }: RuleContext): string {
  const short = whole
    .replace(/ (?:for|of) (?:the )?(?:affected|beneficiary|poorest|\w+ households|firms).*$/, '')
    .replace(/\bhouseholds?'? (?=(?:disposable |final |total )?(?:income|spending|expenditures?|consumption)\b)/, '')
  return /^(?:total )?(?:number|proportion|share)$/.test(short) ? whole : short
}

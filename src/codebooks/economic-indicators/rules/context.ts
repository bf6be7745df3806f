/** What a rule is, and the context that rules see of an indicator: its texts in lower case, without the parts that decide nothing. */
import { pattern } from '../readers/pattern.ts'
import type { Cumulative, FieldReading, Indicator, IndicatorType, Unit } from '../types.ts'

/**
 * Matches a name that ends with the total that a percentage is a part of, such as "Revenue, % of GDP" or "tax as a share of
 * profit".
 */
const WHOLE_AT_END = pattern`
  , (?:%|percent(?:age)?|per cent|share) (?:of )?[^,]{2,60}$|\bas (?:a )?(?:%|percent(?:age)?|share|proportion) of .{2,60}$
`

/** The texts and the unit of one indicator as rules see them. All texts are in lower case and of bounded length. */
export interface RuleContext {
  /** The name without modifiers at its end, such as "seasonally adjusted". */
  readonly name: string
  /** The part of the name that says what is measured: without brackets, price basis, and the "% of ..." at its end. */
  readonly head: string
  /** The units text, or the last bracket of the name where the units text is empty or only a note on method. */
  readonly units: string
  /** The total that a percentage is a part of, such as "gdp" or "female labor force"; '' where the indicator names none. */
  readonly whole: string
  readonly unit: Unit
  /** Whether the unit reader is sure of the unit. */
  readonly unitSure: boolean
  readonly description: string
  readonly isPercent: boolean
  /** Whether the units are a percentage and neither units nor name say of which total. */
  readonly isBarePercent: boolean
  readonly isMoney: boolean
  /** Whether the name was cut because it is too long, so that no rule may be sure of what the name says. */
  readonly isCut: boolean
}

/** The context for the rules of aggregation and orientation, which run after the type is decided and so see it. */
export interface TypedContext extends RuleContext {
  readonly type: IndicatorType
  readonly cumulative: FieldReading<Cumulative>
}

/** Builds a predicate that is true for indicators of the given types. */
export function isType(...types: readonly IndicatorType[]): (seen: TypedContext) => boolean {
  return (seen) => types.includes(seen.type)
}

/**
 * One rule of a list. The first rule whose predicate is true gives the value of the field. A vocabulary whose name ends in
 * _SURE or _UNSURE holds the words that make a rule sure or unsure, and one that ends in _EXCLUDED the words with which the
 * rule does not apply.
 */
export interface Rule<Value, Seen = RuleContext> {
  /** The kebab-case name of the rule, unique in its list. Names stay the same over releases. */
  readonly rule: string
  readonly value: Value
  readonly when: (seen: Seen) => boolean
  /** Whether the rule's value may stand without asking a model. An absent property means true. */
  readonly sure?: boolean | ((seen: Seen) => boolean)
  /** One short sentence that explains the rule's value to a person. */
  readonly because: string
}

/** The most characters of a name that are read. A longer name is cut, and no rule is sure of an indicator with such a name. */
const MAX_NAME = 320
const MAX_UNITS = 160
const MAX_DESCRIPTION = 600

/** Modifiers at the end of a name, which change neither type nor aggregation nor orientation. */
const MODIFIER = pattern`
  [,;] *(?:(?:not |non-?)?seasonally adjusted|s\.?a\.?|n\.?s\.?a\.?|(?:northern|southern|eastern|western
  |central|coastal|capital|north|south|east|west) region|preliminary|provisional|flash|final
  |revised(?: estimate)?|estimates?|constant prices|current prices|real terms|survey based|official statistics
  |moving average|trend|unadjusted|national|headline|all regions)$
`
/** Notes on the price basis in a name, such as "at constant prices", which say nothing about what is measured. */
const BASIS =
  /(?:,? ?\bat )?\b(?:constant|current|market|basic|factor|(?<=at )producers?'?) (?:prices|cost|lcu|us ?\$)(?![a-z])/g
/**
 * The end of a name that says what is included or excluded, as in "Savings, including emission damage". It does not say what
 * is measured, so it is left out.
 */
const BESIDES = /(?:, | (?=excluding))(?:including|incl\.?|excluding|excl\.?|ex\.?|except) [^,]{1,60}$/
/** Units texts that are only a note on method, so that the bracket of the name is read as the units instead. */
const NOTE_UNITS = pattern`
  ^(?:(?:modell?ed|national|projected) (?:ilo )?(?:estimates?)|cumulative|ages? .{1,20}|period average
  |average for affected firms|-|n\/?a|none)$
`
/** Words after a percent sign that name no total, as in "% change" and "% per annum". */
const NOT_A_WHOLE = pattern`
  ^(?:$|[\])},;:.]|change|growth|var|yoy|mom|qoq|y\/y|m\/m|q\/q|year|month|quarter|annual|per (?:annum|year|month)|p\.?[ay]|points?|gross$|net$
  |(?:not )?seasonally|at annual
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

/** Removes up to three modifiers, such as "seasonally adjusted", from the end of `name`. */
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

/** Returns the total that a percentage is a part of: "gdp" for "percent of GDP", and '' for "% change" or "% per annum". */
function wholeOf(text: string): string {
  // A number before the sign is a size, as in "75% LTV", and not the unit.
  const at = /(?<!\d ?)%|\bpercent(?:age)?\b|\bper cent\b|\bpct\b/.exec(text)
  if (!at) return ''
  const rest = text.slice(at.index + at[0].length).replace(/^ ?(?:of |share of )?(?:the )?/, '')
  return NOT_A_WHOLE.test(rest.trim()) ? '' : rest.replace(/\).*$/, '').trim()
}

/** Builds the context of an indicator whose unit has been read. */
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
  const isPercent = unit.kind === 'percentage'
  const toWhole = isPercent ? (/ (?:to|over|\/) ?(gdp|gni|gnp)\b/.exec(name)?.[1] ?? '') : ''
  const whole = isPercent ? wholeOf(units) || wholeOf(bracket) || wholeOf(tail) || toWhole : ''
  const head = name
    .replace(/ ?\([^()]{0,160}\)/g, '')
    .replace(/, (?:%|percent(?:age)?|per cent) .*$/, '')
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
    isPercent,
    isBarePercent: isPercent && whole === '',
    isMoney: unit.kind === 'currency',
    isCut: indicator.name.length > MAX_NAME,
  }
}

/**
 * Returns the total of a percentage without the group that the total belongs to: "sales" for "sales for affected firms",
 * "income" for "household income".
 */
export function wholeItself({ whole }: RuleContext): string {
  const short = whole
    .replace(/ (?:for|of) (?:the )?(?:affected|beneficiary|poorest|\w+ households|firms).*$/, '')
    .replace(/\bhouseholds?'? (?=(?:disposable |final |total )?(?:income|spending|expenditures?|consumption)\b)/, '')
  return /^(?:total )?(?:number|proportion|share)$/.test(short) ? whole : short
}

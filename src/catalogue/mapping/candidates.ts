/** Weighs which columns a field may be read from, by the names of the columns and by what they hold. */
import { type ColumnProfile, isCodes, isUnique } from './profile.ts'
import { type MappedField, type Match, matchesOf } from './synonyms.ts'

/** A name such as "description" may stand in for another field, but comes after every name of the field's own. */
const WEAK = 500
const UNLIKELY = 1_000
/** Behind every name of the field's own. */
const LAST_RESORT = 200
/** What is above this is no candidate. */
const NEVER = 5_000
const MAX_NAME = 250
const MAX_UNIT = 120
const MAX_PERIODICITIES = 40

export interface Candidate {
  readonly place: number
  /** How far the column is from the best that the field could have; the least wins. */
  readonly distance: number
  readonly isWeak: boolean
}

interface Columns {
  readonly columns: readonly string[]
  readonly profiles: readonly ColumnProfile[]
}

/** The columns whose names speak for the field, the best first; those whose content speaks against it are left out. */
export function candidatesFor(
  field: MappedField,
  { columns, profiles }: Columns,
  taken: ReadonlySet<number>,
): Candidate[] {
  const found = columns.flatMap((name, place): Candidate[] => {
    if (taken.has(place)) return []
    const matches = matchesOf(name)
    const match = matches.find((one) => one.field === field) ?? (field === 'name' ? lastResort(matches) : undefined)
    const profile = profiles[place]
    if (match === undefined || profile === undefined) return []
    const distance = match.rank + (match.isWeak ? WEAK : 0) + objection(field, profile, match.isWeak)
    return distance >= NEVER ? [] : [{ place, distance, isWeak: match.isWeak }]
  })
  return found.toSorted((a, b) => a.distance - b.distance)
}

/** Where a file has no names, what it calls a description, a definition or a note often is one. */
function lastResort(matches: readonly Match[]): Match | undefined {
  const description = matches.find(({ field, isWeak }) => field === 'description' && !isWeak)
  return description === undefined ? undefined : { field: 'name', rank: LAST_RESORT + description.rank, isWeak: true }
}

/** What the content of a column has against its being the field. */
function objection(field: MappedField, profile: ColumnProfile, isWeak: boolean): number {
  if (profile.count === 0) return field === 'indicator_id' || field === 'name' || isWeak ? NEVER : UNLIKELY
  const { averageLength, averageWords, numbers, distinct, count, filled, lists } = profile
  switch (field) {
    case 'indicator_id':
      if (averageLength > 100 || lists > 0) return NEVER
      return (
        (averageWords > (isWeak ? 1.5 : 4) ? UNLIKELY : 0) +
        (filled < 0.9 ? UNLIKELY : 0) +
        (profile.isCounter ? 50 : 0)
      )
    case 'name':
      if (numbers > 0.5 || lists > 0) return NEVER
      if (isWeak && (averageLength > MAX_NAME || (count > 4 && distinct < 0.5 * count))) return NEVER
      return (isCodes(profile) ? UNLIKELY : 0) + (averageLength > MAX_NAME ? UNLIKELY : 0) + (filled < 0.5 ? WEAK : 0)
    case 'units':
      if (averageLength > MAX_UNIT || (isWeak && averageWords > 8)) return NEVER
      return isWeak && numbers > 0.5 ? NEVER : 0
    case 'periodicity':
      return distinct > MAX_PERIODICITIES || averageLength > 40 ? NEVER : 0
    case 'description':
      return (filled < 0.2 ? 20 : 0) + (averageWords < 2 ? WEAK : 0)
    case 'country':
      return averageLength > 80 ? NEVER : 0
    case 'sample_values':
      return lists > 0.5 || averageLength > 20 ? 0 : NEVER
    default:
      return averageLength > 900 || (isWeak && numbers > 0.5) ? NEVER : 0
  }
}

/** Columns that no name gives away and that hold codes of which each stands once, so that they can be the id. */
export function codeColumns({ columns, profiles }: Columns, taken: ReadonlySet<number>): number[] {
  return columns.flatMap((name, place) => {
    const profile = profiles[place]
    if (profile === undefined || taken.has(place) || profile.count < 3) return []
    const isCode = isCodes(profile) && isUnique(profile) && profile.filled >= 0.99 && profile.averageLength <= 60
    const isOther = profile.isCounter || profile.periods > 0.5 || (profile.numbers > 0.9 && !/^\d+$/.test(name))
    return isCode && !isOther ? [place] : []
  })
}

/** Columns that no name gives away and that hold different words, so that they can be the name. */
export function wordColumns({ columns, profiles }: Columns, taken: ReadonlySet<number>): number[] {
  return columns.flatMap((_, place) => {
    const profile = profiles[place]
    if (profile === undefined || taken.has(place) || profile.count === 0) return []
    const { averageWords, averageLength, distinct, count, numbers, lists } = profile
    const isWords = averageWords >= 1.5 && averageWords <= 40 && averageLength <= MAX_NAME && !isCodes(profile)
    return isWords && distinct >= 0.6 * count && numbers < 0.2 && lists === 0 ? [place] : []
  })
}

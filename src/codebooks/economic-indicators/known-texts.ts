/** Keeps what the rules read of texts, so that records that differ in country, source and values alone are not read anew. */
import { createRecent, digestOf } from '../recent.ts'
import { flattenReading } from './flat-reading.ts'
import type { Cumulative, FieldReading, Frequency, Indicator, IndicatorType, Reading, RuleReading } from './types.ts'

/** The reading of some texts; what the values of a record add to it, is looked up. */
export interface KnownTexts {
  readonly type: IndicatorType
  /** The whole reading, where a record of these texts had the same frequency and cumulative pattern before. */
  find(frequency: FieldReading<Frequency>, cumulative: FieldReading<Cumulative>): Reading | undefined
}

export interface KnownTextsCache {
  /** The key of all that the reading of the record's texts depends on; undefined where it is not known yet, or is not kept. */
  keyOf(record: Indicator): string | undefined
  find(record: Indicator): KnownTexts | undefined
  /** Keeps a reading and returns it flat. `isOfPlace` tells that it holds for the record's own currency and country alone. */
  keep(record: Indicator, reading: RuleReading, isOfPlace: boolean): Reading
}

/** Of the texts that came last so many are kept, and at most twice as many, with about 100 bytes each. */
const MOST_TEXTS = 150_000
const MOST_KINDS = 5_000
/** Longer texts are read each time. */
const MOST_CHARACTERS = 500
/** The most readings of the same texts that are kept. */
const MOST_VARIANTS = 12

/** Texts whose reading depends on the place are found under their key together with what tells the place. */
const OF_PLACE = 'of-place'

/** What is known of some texts. Nearly all come with one variant, which needs no map, and share it with other texts. */
interface Known {
  readonly type: IndicatorType
  readonly variant: string
  readonly reading: Reading
  readonly others: Map<string, Reading> | undefined
}

type Entry = typeof OF_PLACE | Known

export function createKnownTexts(mostTexts = MOST_TEXTS): KnownTextsCache {
  const entries = createRecent<Entry>(mostTexts)
  // Different texts mostly have a reading that others have as well, of which one copy is enough.
  const kinds = createRecent<Known>(MOST_KINDS)

  const keyWithPlace = (record: Indicator) => {
    const key = keyOf(record)
    const found = key === undefined ? undefined : entries.get(key)
    if (key === undefined || found === undefined) return undefined
    return found === OF_PLACE ? keyOfPlace(key, record) : key
  }
  const find = (record: Indicator) => {
    const key = keyWithPlace(record)
    return key === undefined ? undefined : entries.get(key)
  }

  return {
    keyOf: keyWithPlace,
    find(record) {
      const entry = find(record)
      if (entry === undefined || entry === OF_PLACE) return undefined
      return {
        type: entry.type,
        find(frequency, cumulative) {
          const variant = variantOf(frequency, cumulative)
          return entry.variant === variant ? entry.reading : entry.others?.get(variant)
        },
      }
    },
    keep(record, read, isOfPlace) {
      const flat = flattenReading(read)
      const key = keyOf(record)
      if (key === undefined) return flat
      const type = read.type.value
      const variant = variantOf(read.frequency, read.cumulative)
      const kindKey = JSON.stringify([type, variant, flat])
      const kind = kinds.get(kindKey) ?? { type, variant, reading: flat, others: undefined }
      kinds.set(kindKey, kind)
      const known = find(record)
      if (isOfPlace) entries.set(key, OF_PLACE)
      const entry = known === undefined || known === OF_PLACE ? kind : withVariant(known, kind)
      entries.set(isOfPlace ? keyOfPlace(key, record) : key, entry)
      return kind.reading
    },
  }
}

/** Adds the variant of a kind, in place of all others where they are many. */
function withVariant(known: Known, { variant, reading }: Known): Known {
  if (known.variant === variant) return { ...known, reading }
  const others = known.others ?? new Map<string, Reading>()
  if (others.size >= MOST_VARIANTS) others.clear()
  others.set(variant, reading)
  return { ...known, others }
}

/** Tells all texts from which unit, type, aggregation and orientation are read; undefined where they are too long. */
function keyOf({ name, units, scale, long_name, description }: Indicator): string | undefined {
  const length = name.length + (units?.length ?? 0) + (long_name?.length ?? 0) + (description?.length ?? 0)
  return length > MOST_CHARACTERS ? undefined : digestOf([name, units, scale, long_name, description])
}

function keyOfPlace(key: string, { currency_code, country, source_name, dataset }: Indicator): string {
  return digestOf([key, currency_code, country, source_name, dataset])
}

function variantOf(frequency: FieldReading<Frequency>, { value, sure, rule }: FieldReading<Cumulative>): string {
  const { pattern, reset_month: month } = value
  return `${frequency.value} ${frequency.sure} ${frequency.rule} ${frequency.because}|${pattern} ${month} ${sure} ${rule}`
}

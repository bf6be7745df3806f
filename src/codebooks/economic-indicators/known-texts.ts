/** Keeps what the rules read of texts, so that records that differ in country, source and values alone are not read anew. */
import { createRecent, type Recent } from '../recent.ts'
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

/** Of the texts that came last so many are kept, and at most twice as many, with about 300 bytes each. */
const MOST_TEXTS = 150_000
const MOST_READINGS = 5_000
/** Longer texts are read each time. */
const MOST_CHARACTERS = 500
/** The most readings of the same texts that are kept. */
const MOST_VARIANTS = 12

/** Texts whose reading depends on the place are found under their key together with what tells the place. */
const OF_PLACE = 'of-place'

/** Nearly all texts come with one variant, which needs no map. */
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
  const readings = createRecent<Reading>(MOST_READINGS)
  const variants = createRecent<string>(MOST_READINGS)

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
      const reading = shared(readings, JSON.stringify(flat), flat)
      const text = variantOf(read.frequency, read.cumulative)
      const variant = shared(variants, text, text)
      const known = find(record)
      const entry: Known =
        known === undefined || known === OF_PLACE
          ? { type: read.type.value, variant, reading, others: undefined }
          : withVariant(known, variant, reading)
      if (isOfPlace) entries.set(key, OF_PLACE)
      entries.set(isOfPlace ? keyOfPlace(key, record) : key, entry)
      return reading
    },
  }
}

/** The value that was kept under the key, or else this one from now on. */
function shared<Value>(recent: Recent<Value>, key: string, value: Value): Value {
  const kept = recent.get(key) ?? value
  recent.set(key, kept)
  return kept
}

/** Adds a variant, in place of all others where they are many. */
function withVariant(known: Known, variant: string, reading: Reading): Known {
  if (known.variant === variant) return { ...known, reading }
  const others = known.others ?? new Map<string, Reading>()
  if (others.size >= MOST_VARIANTS) others.clear()
  others.set(variant, reading)
  return { ...known, others }
}

/** All texts from which unit, type, aggregation and orientation are read; undefined where they are too long. */
function keyOf({ name, units, scale, long_name, description }: Indicator): string | undefined {
  const length = name.length + (units?.length ?? 0) + (long_name?.length ?? 0) + (description?.length ?? 0)
  return length > MOST_CHARACTERS ? undefined : JSON.stringify([name, units, scale, long_name, description])
}

function keyOfPlace(key: string, { currency_code, country, source_name, dataset }: Indicator): string {
  return key + JSON.stringify([currency_code, country, source_name, dataset])
}

function variantOf(frequency: FieldReading<Frequency>, { value, sure, rule }: FieldReading<Cumulative>): string {
  const { pattern, reset_month: month } = value
  return `${frequency.value} ${frequency.sure} ${frequency.rule} ${frequency.because}|${pattern} ${month} ${sure} ${rule}`
}

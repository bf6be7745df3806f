/** The seven fields that gold files label and that eval scores, with their names in reports and in gold files. */
import type {
  Classification,
  Frequency,
  IndicatorType,
  Orientation,
  RuleReading,
  TemporalAggregation,
  UnitKind,
} from '../classification/types.ts'

/** The names that a report gives the fields. */
export const FIELDS = [
  'type',
  'temporal_aggregation',
  'orientation',
  'unit.kind',
  'unit.scale',
  'unit.currency',
  'frequency',
] as const

export type Field = (typeof FIELDS)[number]

/** The labels of one indicator, under the names of a gold file. */
export interface Labels {
  readonly type: IndicatorType
  readonly temporal_aggregation: TemporalAggregation
  readonly orientation: Orientation
  readonly unit_kind: UnitKind
  readonly unit_scale: number
  /** Null where the unit is no money. */
  readonly unit_currency: string | null
  readonly frequency: Frequency
}

export type LabelName = keyof Labels

/** The name in a gold file of each field of a report. */
export const LABEL_NAMES: Readonly<Record<Field, LabelName>> = {
  type: 'type',
  temporal_aggregation: 'temporal_aggregation',
  orientation: 'orientation',
  'unit.kind': 'unit_kind',
  'unit.scale': 'unit_scale',
  'unit.currency': 'unit_currency',
  frequency: 'frequency',
}

/** The labels that the rules alone give. */
export function labelsOfReading(reading: RuleReading): Labels {
  return labelsOf({
    type: reading.type.value,
    temporal_aggregation: reading.temporal_aggregation.value,
    orientation: reading.orientation.value,
    unit: reading.unit.value,
    frequency: reading.frequency.value,
  })
}

/** The labels in a result, from whatever source. */
export function labelsOf(
  result: Pick<Classification, 'type' | 'temporal_aggregation' | 'orientation' | 'unit' | 'frequency'>,
): Labels {
  return {
    type: result.type,
    temporal_aggregation: result.temporal_aggregation,
    orientation: result.orientation,
    unit_kind: result.unit.kind,
    unit_scale: result.unit.scale,
    unit_currency: result.unit.currency,
    frequency: result.frequency,
  }
}

/** Whether `got` has the expected label in `field`. */
export function isRight(field: Field, expected: Labels, got: Labels): boolean {
  return expected[LABEL_NAMES[field]] === got[LABEL_NAMES[field]]
}

/** A record with a value for each field. */
export function perField<T>(value: (field: Field) => T): Record<Field, T> {
  return Object.fromEntries(FIELDS.map((field) => [field, value(field)])) as Record<Field, T>
}

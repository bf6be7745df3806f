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

/** The names of the scored fields in reports. */
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

/** The labels of one indicator, under the names that gold files use. */
export interface Labels {
  readonly type: IndicatorType
  readonly temporal_aggregation: TemporalAggregation
  readonly orientation: Orientation
  readonly unit_kind: UnitKind
  readonly unit_scale: number
  /** The currency of the unit; null where the unit is no money. */
  readonly unit_currency: string | null
  readonly frequency: Frequency
}

export type LabelName = keyof Labels

/** The name that gold files use for each field of a report. */
export const LABEL_NAMES: Readonly<Record<Field, LabelName>> = {
  type: 'type',
  temporal_aggregation: 'temporal_aggregation',
  orientation: 'orientation',
  'unit.kind': 'unit_kind',
  'unit.scale': 'unit_scale',
  'unit.currency': 'unit_currency',
  frequency: 'frequency',
}

/** Takes the labels from a reading, which are those that the rules alone give. */
export function labelsOfReading(reading: RuleReading): Labels {
  return labelsOf({
    type: reading.type.value,
    temporal_aggregation: reading.temporal_aggregation.value,
    orientation: reading.orientation.value,
    unit: reading.unit.value,
    frequency: reading.frequency.value,
  })
}

/** Takes the labels from a classification result of any source. */
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

/** Whether the label in `field` of `got` equals the expected label. */
export function isRight(field: Field, expected: Labels, got: Labels): boolean {
  return expected[LABEL_NAMES[field]] === got[LABEL_NAMES[field]]
}

/** Builds a record with a value for each scored field. */
export function perField<T>(value: (field: Field) => T): Record<Field, T> {
  return Object.fromEntries(FIELDS.map((field) => [field, value(field)])) as Record<Field, T>
}

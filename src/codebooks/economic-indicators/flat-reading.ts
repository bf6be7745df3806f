/** Makes the reading of an indicator flat: one finding for each field of the codebook. */
import type { Finding, LabelValue, Reading } from '../types.ts'
import type { FieldReading, RuleReading } from './types.ts'

/** Splits the readings of unit and cumulative pattern into their parts. All parts of one reading share its rule. */
export function flattenReading({ unit, frequency, cumulative, ...decided }: RuleReading): Reading {
  return {
    type: findingOf(decided.type, decided.type.value),
    temporal_aggregation: findingOf(decided.temporal_aggregation, decided.temporal_aggregation.value),
    orientation: findingOf(decided.orientation, decided.orientation.value),
    unit_kind: findingOf(unit, unit.value.kind),
    unit_scale: findingOf(unit, unit.value.scale),
    unit_currency: findingOf(unit, unit.value.currency),
    unit_per: findingOf(unit, unit.value.per),
    frequency: findingOf(frequency, frequency.value),
    cumulative_pattern: findingOf(cumulative, cumulative.value.pattern),
    cumulative_reset_month: findingOf(cumulative, cumulative.value.reset_month),
  }
}

function findingOf({ sure, rule, because }: FieldReading<unknown>, value: LabelValue): Finding {
  return { value, sure, rule, because }
}

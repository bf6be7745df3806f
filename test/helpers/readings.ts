/** Builds readings, decisions and indicators for tests, which state only the parts that they are about. */
import type { Decision, FieldReading, Indicator, RuleReading } from '../../src/classification/types.ts'

export function fieldReading<T>(value: T, sure = true): FieldReading<T> {
  return { value, sure, rule: 'test-rule', because: `It says ${String(value)}.` }
}

/** The reading of a monthly flow in USD million, sure of every field. */
export function readingOf(parts: Partial<RuleReading> = {}): RuleReading {
  return {
    unit: fieldReading({ kind: 'currency', scale: 1e6, currency: 'USD', per: null }),
    frequency: fieldReading('monthly'),
    cumulative: fieldReading({ pattern: 'none', reset_month: null }),
    type: fieldReading('flow'),
    temporal_aggregation: fieldReading('period-total'),
    orientation: fieldReading('higher-is-positive'),
    ...parts,
  }
}

export function decisionOf(parts: Partial<Decision> = {}): Decision {
  return {
    type: 'flow',
    temporal_aggregation: 'period-total',
    orientation: 'higher-is-positive',
    confidence: { type: 0.9, temporal_aggregation: 0.9, orientation: 0.9 },
    reason: 'money over a period',
    ...parts,
  }
}

export function indicatorOf(parts: Partial<Indicator> = {}): Indicator {
  return { indicator_id: 'A1', name: 'Exports', units: 'USD Million', sample_values: [], ...parts }
}

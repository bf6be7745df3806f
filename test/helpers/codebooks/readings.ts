/** Builds findings, readings, decisions and indicators for tests, which state only the parts that they are about. */
import type { Decision, Finding, Indicator, Labels, LabelValue, Reading } from '../../../src/codebooks/types.ts'

export function findingOf(value: LabelValue, sure = true): Finding {
  return { value, sure, rule: 'test-rule', because: `It says ${String(value)}.` }
}

/** The reading with what the evidence of its catalogue says of every finding. */
export function trusting(reading: Reading, trusted = true): Reading {
  return Object.fromEntries(Object.entries(reading).map(([name, finding]) => [name, { ...finding, trusted }]))
}

/** The reading of a monthly flow in USD million by the codebook of economic indicators, sure of every field. */
export function readingOf(parts: Reading = {}): Reading {
  return {
    type: findingOf('flow'),
    temporal_aggregation: findingOf('period-total'),
    orientation: findingOf('higher-is-positive'),
    unit_kind: findingOf('currency'),
    unit_scale: findingOf(1e6),
    unit_currency: findingOf('USD'),
    unit_per: findingOf(null),
    frequency: findingOf('monthly'),
    cumulative_pattern: findingOf('none'),
    cumulative_reset_month: findingOf(null),
    ...parts,
  }
}

/** A decision on the three labels of a flow, each with confidence 0.9; `labels` replaces some of them or adds others. */
export function decisionOf(labels: Labels = {}, parts: Partial<Omit<Decision, 'labels'>> = {}): Decision {
  const all: Labels = {
    type: 'flow',
    temporal_aggregation: 'period-total',
    orientation: 'higher-is-positive',
    ...labels,
  }
  const confidence = Object.fromEntries(Object.keys(all).map((field) => [field, 0.9]))
  return { labels: all, confidence, reason: 'money over a period', ...parts }
}

export function indicatorOf(parts: Partial<Indicator> = {}): Indicator {
  return { indicator_id: 'A1', name: 'Exports', units: 'USD Million', sample_values: [], ...parts }
}

/** Writes human decisions as a gold file for `eval`: one JSON object a line, with an indicator and its labels. */
import type { Store, StoredDecision } from '../../store/types.ts'

export async function* goldLines(store: Store): AsyncGenerator<string> {
  for await (const page of store.exportDecisions()) for (const decision of page) yield `${goldLine(decision)}\n`
}

export function goldLine({ indicator, after }: StoredDecision): string {
  const { type, temporal_aggregation, orientation, unit, frequency } = after
  const labels = {
    type,
    temporal_aggregation,
    orientation,
    unit_kind: unit.kind,
    unit_scale: unit.scale,
    unit_currency: unit.currency,
    frequency,
  }
  const { indicator_id, name, sample_values, ...texts } = indicator
  return JSON.stringify({ indicator_id, name, ...texts, sample_values, labels })
}

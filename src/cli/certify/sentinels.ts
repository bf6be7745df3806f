/** Keeps the sentinel rows of a catalogue: labelled rows, drawn at random, that later runs are compared on. */

import { LEAST_SENTINELS, smallestDetectableFall } from '../../evidence/drift.ts'
import type { SentinelRow, Store } from '../../store/types.ts'
import type { Certified } from './certify-run.ts'

const ROWS_PER_QUERY = 1_000

export interface KeptSentinels {
  readonly rows: number
  /** How many rows are still to be labelled; nothing was kept where it is not 0. */
  readonly missing: number
  /** The smallest fall of accuracy that these rows show with probability 0.8; null where they show none. */
  readonly detectable: number | null
}

/**
 * Keeps the labelled rows at the beginning of the draw as the sentinel rows of the catalogue, with the answers of the run. They
 * replace the rows that were kept before. Nothing is kept while there are fewer than 150.
 */
export async function keepSentinels(store: Store, { run, evaluation }: Certified): Promise<KeptSentinels> {
  const { plan, labels } = evaluation.certificate
  const ids = labels.slice(0, evaluation.nextPlace - 1).map(({ id }) => id)
  const least = Math.min(LEAST_SENTINELS, plan.population)
  if (ids.length < least) return { rows: ids.length, missing: least - ids.length, detectable: null }
  const rows: SentinelRow[] = []
  for (let from = 0; from < ids.length; from += ROWS_PER_QUERY) {
    const found = await store.certificates.findRunRows(run.scope, ids.slice(from, from + ROWS_PER_QUERY))
    for (const { classification, inputHash, mode, indicator } of found.values()) {
      if (indicator === null) continue
      rows.push({
        indicator,
        inputHash,
        fields: plan.fields,
        labels: classification.labels,
        codebook: classification.codebook,
        codebookHash: classification.codebook_hash,
        mode,
        model: classification.model,
        promptVersion: classification.prompt_version,
        runId: run.scope.runId,
      })
    }
  }
  const { catalogue, codebook } = run.scope
  await store.certificates.replaceSentinels({ catalogue, codebook }, rows)
  return { rows: rows.length, missing: 0, detectable: smallestDetectableFall(rows.length) }
}

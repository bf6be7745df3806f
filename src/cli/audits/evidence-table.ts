/** Shows what audits and labels of people show of the rules of a catalogue, by field and source, without a run. */
import { printable, showValue } from '../../catalogue/problem-report.ts'
import { joinLines } from '../../lib/visible-text.ts'
import type { EvidenceResponse } from '../../restate/contract.ts'
import type { Store } from '../../store/types.ts'
import { table } from '../certify/certificate-page.ts'
import { createServiceClient } from '../client/service.ts'
import { checkCatalogue } from '../results/known-catalogue.ts'
import { readEvidence } from './audit-stages.ts'

export interface EvidenceChoice {
  readonly catalogue: string
  /** The codebook as the service knows it, such as "economic-indicators@2". */
  readonly codebook: string
  readonly target: number | undefined
  readonly urls: readonly string[]
}

/** The milliseconds for which the command waits for an answer of the service. */
const PATIENCE_MS = 15_000

/** Asks the service, which decides by the same evidence. Rejects with ServiceError input-invalid for a catalogue that is not there. */
export async function findEvidence(
  store: Store,
  { catalogue, codebook, target, urls }: EvidenceChoice,
  signal: AbortSignal,
): Promise<EvidenceResponse> {
  await checkCatalogue(store, catalogue)
  const options = {
    mode: 'hybrid' as const,
    reuse: true,
    trust: 'catalogue' as const,
    ...(target === undefined ? {} : { target }),
  }
  const settings = { catalogue, codebook, force: false, options }
  return await readEvidence({ service: createServiceClient({ urls, patienceMs: PATIENCE_MS }), settings, signal })
}

export function formatEvidence({ catalogue, codebook, target, models = [], fields }: EvidenceResponse): string {
  const head = [
    `Evidence on the rules of the catalogue ${showValue(catalogue)} by ${printable(codebook)}, at the target ${target}`,
    models.length === 0
      ? 'No model was asked blind, so that there are no audits.'
      : `Audits: ${models.map((name) => printable(name)).join(', ')}, asked blind, gave the same label. Labels: people gave the same label.`,
  ]
  if (fields.length === 0) {
    const advice = 'audits of a run in mode hybrid, or labels of a certificate, change that'
    return joinLines([...head, `Nothing was checked yet: ${advice}.`])
  }
  return joinLines([
    ...head,
    '',
    ...table(['field', 'state', 'measure', 'source', 'audits agreed', 'labels right'], fields.flatMap(rowsOf)),
  ])
}

/** The rows of a field: all rules together with the verdict, then each rule, then the model. */
function rowsOf({ field, state, measure, sources, removed, audits, misses }: EvidenceResponse['fields'][number]) {
  // A replica of an earlier release counts audits alone, and not by source.
  const known = sources ?? [{ source: 'rules', audits, agreed: audits - misses, labels: 0, right: 0 }]
  return known.map((one, index) => {
    const verdict = index === 0 ? [printable(field), state, measure ?? 'audits'] : ['', '', '']
    const isRemoved = removed.some(({ rule }) => rule === one.source)
    const name = `${index === 0 ? '' : '  '}${printable(one.source)}${isRemoved ? ' (removed)' : ''}`
    return [...verdict, name, share(one.agreed, one.audits), share(one.right, one.labels)]
  })
}

function share(held: number, checked: number): string {
  return checked === 0 ? '-' : `${held} of ${checked}`
}

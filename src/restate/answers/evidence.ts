/** The handler classify-api/evidence: what audits and labels of people show of the rules of a catalogue, field by field. */

import { DEFAULT_CATALOGUE, DEFAULT_TARGET } from '../../classification/batch-request.ts'
import type { Schemes } from '../../classification/scheme.ts'
import { referenceOf } from '../../classification/scheme.ts'
import type { Evidence } from '../batch/audits.ts'
import type { EvidenceRequest, EvidenceResponse } from '../contract.ts'

/** Answers a request. Rejects with ServiceError input-invalid for a codebook that is not there. */
export async function answerEvidence(
  { evidence, schemes }: { readonly evidence: Evidence; readonly schemes: Schemes },
  { catalogue = DEFAULT_CATALOGUE, codebook, target = DEFAULT_TARGET }: EvidenceRequest,
): Promise<EvidenceResponse> {
  const scheme = await schemes.find(codebook)
  const gates = await evidence.gates({ catalogue, codebookHash: scheme.hash }, target)
  const fields = Object.entries(gates.verdicts()).map(([field, verdict]) => ({
    field,
    state: verdict.state,
    reason: verdict.reason,
    audits: verdict.audits,
    counted: verdict.counted,
    misses: verdict.misses,
    bound: verdict.bound,
    expected_more: verdict.expectedMore,
    removed: verdict.removed.map(({ rule, audits, misses, measure }) => ({ rule, audits, misses, measure })),
    measure: verdict.measure,
    sources: gates.sources(field).map((one) => ({ ...one })),
    rightness: gates.rightness(field),
  }))
  return { catalogue, codebook: referenceOf(scheme), target, models: [...gates.models()], fields }
}

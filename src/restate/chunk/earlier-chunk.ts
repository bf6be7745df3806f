/** Answers chunks of batches that a release without codebook files planned: in its form, by the codebook of this release. */
import { promptItemOf } from '../../classification/question.ts'
import { DEFAULT_CODEBOOK, type PreparedScheme, type Schemes } from '../../classification/scheme.ts'
import { codeOf } from '../../codebooks/built-in.ts'
import type { EarlierForms } from '../../codebooks/types.ts'
import type { ChunkReply, ChunkRequest, EarlierChunkRequest } from '../chunk-contract.ts'

/** Whether a chunk has the form of an earlier release. */
export function isEarlierChunk(request: ChunkRequest | EarlierChunkRequest): request is EarlierChunkRequest {
  return !('codebook_hash' in request)
}

/** The chunk in the form of this release; it asks for the fields that the earlier release asked for. */
export async function readEarlierChunk(
  schemes: Schemes,
  { run_id, tier, items }: EarlierChunkRequest,
): Promise<{ readonly request: ChunkRequest; readonly scheme: PreparedScheme }> {
  const forms = formsOf()
  const scheme = await schemes.find(DEFAULT_CODEBOOK)
  const read = items.map(({ key, indicator, reading }) => {
    const question = { indicator, reading: forms.parseReading(reading), fields: forms.askedFields, codes: {} }
    return promptItemOf(key, question, 'hybrid')
  })
  return { request: { run_id, tier, codebook_hash: scheme.hash, items: read }, scheme }
}

/** The reply in the form that a batch of the earlier release reads. A decision that lacks one of its fields is left out. */
export function toEarlierReply({ codebook_hash: _, ...reply }: ChunkReply, { codebook }: PreparedScheme): ChunkReply {
  const forms = formsOf()
  const decisions: { key: string; decision: object; model: string }[] = []
  const unanswered = reply.unanswered.map(({ key, code, message }) => ({ key, code, message }))
  for (const { key, decision, model } of reply.decisions) {
    const written = forms.writeDecision(decision)
    if (written !== null) decisions.push({ key, decision: written, model })
    else if (!unanswered.some((one) => one.key === key)) {
      unanswered.push({ key, code: 'no-answer', message: 'the model left a field out' })
    }
  }
  const complete = unanswered.filter(({ key }) => !decisions.some((one) => one.key === key))
  // The batch that reads this reply knows the earlier form of a decision, which the type of this release cannot say.
  return { ...reply, codebook_version: codebook.version, decisions, unanswered: complete } as unknown as ChunkReply
}

function formsOf(): EarlierForms {
  const forms = codeOf(DEFAULT_CODEBOOK)?.earlier
  if (forms === undefined) throw new TypeError('the default codebook has no earlier forms')
  return forms
}

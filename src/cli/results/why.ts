/** What `status ID --why` shows beside a result: findings, evidence, the part of the prompt, and the stored answer. */
import { printable } from '../../catalogue/problem-report.ts'
import { ServiceError } from '../../errors.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { type WhyRequest, type WhyResponse, whyResponseSchema } from '../../restate/contract.ts'
import type { ServiceClient } from '../client/service.ts'
import { formatCount } from '../ui/terminal.ts'

/** Rejects with ServiceError: the failure that the service reports, or that the service is of an earlier release. */
export async function readWhy(service: ServiceClient, body: WhyRequest, signal: AbortSignal): Promise<WhyResponse> {
  const found = await service.ask({ handler: 'why', body, schema: whyResponseSchema, signal })
  if (found !== undefined) return found
  const reason = 'the running service is of an earlier release and cannot say what a result rests on'
  throw new ServiceError('input-invalid', `--why: ${reason}: restart it with this release, or omit --why`)
}

const MAX_SHOWN = 300
const MAX_PROMPT = 4_000

export function formatWhy({ findings, evidence, prompt, answer }: WhyResponse): string {
  const lines = ['Findings of the rules, by the running release:']
  for (const { field, value, sure, because, stands } of findings) {
    const trust = `${sure ? 'sure' : 'a guess'}${stands ? ', decided the field' : ''}`
    lines.push(`  ${field}: ${shown(value)} (${trust}): ${printable(because, MAX_SHOWN)}`)
  }
  if (findings.length === 0) lines.push('  none: no rule of the codebook reads the record, or its input is not stored')
  lines.push('Evidence on this catalogue:')
  for (const { field, state, audits, counted, misses, bound } of evidence) {
    const counts = `${formatCount(misses)} misses in ${formatCount(counted)} of ${formatCount(audits)} checks`
    lines.push(`  ${field}: rules ${state}, ${counts}, right or agreed in at least ${(bound * 100).toFixed(1)} %`)
  }
  if (evidence.length === 0) lines.push('  none: nothing was audited or labelled')
  lines.push('What a model is shown of the record:')
  lines.push(prompt === null ? '  nothing: the rules decide every field' : `  ${printable(prompt, MAX_PROMPT)}`)
  lines.push('The stored answer to records of this shape:')
  if (answer === null) lines.push('  none')
  else {
    const labels = Object.entries(answer.labels).map(([field, label]) => {
      const confidence = answer.confidence[field]
      return `${field} ${shown(label)}${confidence === undefined ? '' : ` (${confidence})`}`
    })
    const model = answer.model === null ? '' : `, model ${printable(answer.model)}`
    lines.push(`  by ${answer.source}${model}, prompt ${printable(answer.prompt_version)}: ${labels.join(', ')}`)
    lines.push(`  ${printable(answer.reason, MAX_SHOWN)}`)
  }
  return joinLines(lines)
}

function shown(label: WhyResponse['findings'][number]['value']): string {
  return label === null ? 'none' : printable(String(label), MAX_SHOWN)
}

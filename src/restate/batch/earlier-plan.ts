/** Reads plans that a release without codebook files journaled, so that its open batches finish under this release. */
import { DEFAULT_CODEBOOK } from '../../classification/scheme.ts'
import type { Classification, Indicator } from '../../classification/types.ts'
import { codeOf } from '../../codebooks/built-in.ts'
import type { EarlierForms } from '../../codebooks/types.ts'
import type { StoredAnswer } from '../../store/types.ts'
import type { Plan, Resolution } from './types.ts'

/** A stored answer as an earlier release journaled it. */
interface EarlierAnswer {
  readonly shapeHash: string
  readonly shape: string
  readonly decision: unknown
  readonly source: StoredAnswer['source']
  readonly model: string | null
  readonly codebookVersion: string
  readonly promptVersion: string
}

type EarlierResolution =
  | { readonly kind: 'unchanged'; readonly classification: Readonly<Record<string, unknown>> }
  | { readonly kind: 'rules' }
  | { readonly kind: 'reuse'; readonly answer: EarlierAnswer }
  | {
      readonly kind: 'ask' | 'await'
      readonly indicator: Indicator
      readonly reading: unknown
      readonly shape: string
      readonly shapeHash: string
    }
  | { readonly kind: 'follow'; readonly leader: number }

/** A plan as an earlier release journaled it. The journal fixes the property names. */
export interface EarlierPlan extends Omit<Plan, 'codebook' | 'ways' | 'earlierReadings'> {
  readonly codebookVersion: string
  readonly ways: readonly EarlierResolution[]
}

/** Whether a journaled plan is one of an earlier release. */
export function isEarlierPlan(plan: Plan | EarlierPlan): plan is EarlierPlan {
  return !('codebook' in plan)
}

/** The plan in the form of this release. Its codebook has no hash, so that no answer of it is taken for one of this release. */
export function readEarlierPlan(plan: EarlierPlan): Plan {
  const forms = earlierForms()
  const { codebookVersion, ways, ...rest } = plan
  const earlierReadings = ways.flatMap((way, position) =>
    way.kind === 'ask' || way.kind === 'await' ? [[position, way.reading] as const] : [],
  )
  return {
    ...rest,
    codebook: { name: DEFAULT_CODEBOOK, version: codebookVersion, hash: '' },
    ways: ways.map((way) => readResolution(way, forms)),
    earlierReadings: new Map(earlierReadings),
  }
}

function readResolution(way: EarlierResolution, forms: EarlierForms): Resolution {
  switch (way.kind) {
    case 'unchanged':
      return { kind: 'unchanged', classification: readClassification(way.classification, forms) }
    case 'reuse':
      return { kind: 'reuse', answers: [readAnswer(way.answer, forms)] }
    case 'ask':
    case 'await': {
      const { kind, indicator, shape, shapeHash } = way
      const reading = forms.parseReading(way.reading)
      return { kind, indicator, reading, shape, shapeHash, fields: forms.askedFields, codes: {}, answers: [] }
    }
    default:
      return way
  }
}

/** A stored answer out of a journaled lookup, which an earlier release may have made. */
export function readJournaledAnswer(answer: StoredAnswer | EarlierAnswer): StoredAnswer {
  return 'codebookVersion' in answer ? readAnswer(answer, earlierForms()) : answer
}

/** The forms in which earlier releases, which had one codebook, wrote journals. */
export function earlierForms(): EarlierForms {
  const forms = codeOf(DEFAULT_CODEBOOK)?.earlier
  if (forms === undefined) throw new TypeError('the default codebook has no earlier forms')
  return forms
}

function readAnswer({ codebookVersion, decision, ...rest }: EarlierAnswer, forms: EarlierForms): StoredAnswer {
  const codebook = `${DEFAULT_CODEBOOK}@${codebookVersion}`
  return { ...rest, decision: forms.parseDecision(decision), codebook, codebookHash: '' }
}

/** The envelope of a journaled result is the same in both releases; its labels have become a property of their own. */
function readClassification(known: Readonly<Record<string, unknown>>, forms: EarlierForms): Classification {
  const envelope = known as unknown as Classification & { readonly codebook_version: string }
  return {
    indicator_id: envelope.indicator_id,
    name: envelope.name,
    catalogue: 'default',
    codebook: `${DEFAULT_CODEBOOK}@${envelope.codebook_version}`,
    codebook_hash: '',
    labels: forms.parseLabels(known),
    field_confidence: {},
    field_source: {},
    confidence: envelope.confidence,
    source: envelope.source,
    status: envelope.status,
    issues: envelope.issues,
    reason: envelope.reason,
    model: envelope.model,
    prompt_version: envelope.prompt_version,
    run_id: envelope.run_id,
    classified_at: envelope.classified_at,
  }
}

/** Derives everything that follows from the request of a batch and its codebook alone, as a pure computation that every step can repeat. */
import { DEFAULT_CATALOGUE, DEFAULT_TARGET } from '../../classification/batch-request.ts'
import { packRuleOf } from '../../classification/chunks.ts'
import { type NormalisedIndicator, normaliseIndicator } from '../../classification/indicator.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import { questionShapeOf } from '../../classification/question.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import { humanShapeOf } from '../../classification/shape.ts'
import type { CodebookCode, Indicator, Mode, Reading } from '../../classification/types.ts'
import { NO_TRUST, sharedTrust, type Trust, withTrust } from '../../evidence/gate/trust.ts'
import { createBreath } from '../../lib/breath.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { BatchRequest, Warning } from '../contract.ts'
import type { BatchOptions, Plan } from './types.ts'

/**
 * One indicator with its normalised form, its reading by the rules, and its hashes (SHA-256 in hexadecimal). A hash is computed
 * when it is first asked for, because most steps need only some of them.
 */
export interface Prepared {
  readonly indicator: Indicator
  /** What the rules found, with what of it may stand in for a model. */
  readonly reading: Reading
  /** Whether the model is asked for all fields of the indicator blind, to check the rules. */
  readonly audit: boolean
  /** Hash of the normalised indicator. */
  readonly inputHash: string
  readonly shape: string
  readonly shapeHash: string
  /**
   * Hashes of the shapes by which human answers are kept, the exact one first; they hold no model and no version. They are
   * the same hash where no field of the codebook is a matter of the single record.
   */
  readonly humanHashes: readonly string[]
}

/** Stands in the shapes of audits, so that an answer that was given with findings in the prompt never counts as blind. */
export const BLIND_PROMPT_VERSION = `${PROMPT_VERSION}-blind`

/** How the indicators of a batch are read. */
export interface PrepareOptions {
  readonly mode: Mode
  /** What rules may decide alone; null where the shipped evidence is enough. */
  readonly trust: Trust | null
  /** Whether an indicator with these findings is audited. */
  readonly isAudit: (indicator: Indicator, reading: Reading, position: number) => boolean
}

/** How the indicators of a planned batch were read. */
export function prepareOptionsOf(plan: Pick<Plan, 'trust' | 'audits'>, { mode }: BatchOptions): PrepareOptions {
  const audits = new Set(plan.audits)
  return { mode, trust: plan.trust ?? null, isAudit: (_indicator, _reading, position) => audits.has(position) }
}

export function readOptions(request: BatchRequest): BatchOptions {
  return {
    mode: request.options?.mode ?? 'hybrid',
    reuse: request.options?.reuse ?? true,
    force: request.force ?? false,
    overridePerson: request.options?.override_person ?? false,
    pack: packRuleOf(request.options?.pack),
    target: request.options?.trust === 'shipped' ? null : (request.options?.target ?? DEFAULT_TARGET),
    audit: request.options?.audit ?? 'steady',
    maxCostUsd: request.options?.max_cost_usd ?? null,
    serviceTier: request.options?.tier ?? null,
    tierFallback: request.options?.tier_fallback ?? false,
  }
}

/** The catalogue of a request. */
export function catalogueOf({ catalogue }: BatchRequest): string {
  return catalogue ?? DEFAULT_CATALOGUE
}

/** An indicator as it was submitted, normalised, and what the rules found of it. */
interface ReadIndicator extends NormalisedIndicator {
  readonly found: Reading
}

/**
 * What was read of the requests that this process works on, and by which code. The steps of a batch that run in one
 * attempt share the request, so that the rules read each indicator once in it and not once a step.
 */
const readRequests = new WeakMap<
  BatchRequest,
  { readonly code: CodebookCode | null; readonly read: readonly ReadIndicator[] }
>()

/** What was last prepared of such a request, under all that it depends on. */
const preparedRequests = new WeakMap<
  BatchRequest,
  {
    readonly key: string
    readonly code: CodebookCode | null
    readonly prepared: readonly Prepared[]
    readonly warnings: readonly Warning[]
  }
>()

/** What is found of a record by a codebook without rules. */
const NOTHING_FOUND: Reading = {}

function readRaw(raw: BatchRequest['indicators'][number], code: CodebookCode | null): ReadIndicator {
  const normalised = normaliseIndicator(raw)
  return { ...normalised, found: code?.read(normalised.indicator) ?? NOTHING_FOUND }
}

/**
 * Reads the indicators of the request so that other work of the process passes between them: 100 records of thousands of sample
 * values, or of texts that no rule expects, take a second.
 */
async function readOnce(request: BatchRequest, { code }: PreparedScheme): Promise<readonly ReadIndicator[]> {
  const known = readRequests.get(request)
  if (known !== undefined && known.code === code) return known.read
  const breathe = createBreath()
  const read: ReadIndicator[] = []
  for (const raw of request.indicators) {
    await breathe()
    read.push(readRaw(raw, code))
  }
  readRequests.set(request, { code, read })
  return read
}

/**
 * Normalises and reads every indicator of the request. `model` is the configured primary model, which is part of every
 * shape. Each kind of warning is given once for the whole batch, with a count.
 */
export async function prepare(
  scheme: PreparedScheme,
  request: BatchRequest,
  model: string,
  { mode, trust, isAudit }: PrepareOptions,
): Promise<{ readonly prepared: readonly Prepared[]; readonly warnings: readonly Warning[] }> {
  const unknown = new Set<string>()
  let unknownFields = 0
  let droppedPoints = 0
  const read = await readOnce(request, scheme)
  const audits = new Set(read.flatMap(({ indicator, found }, at) => (isAudit(indicator, found, at) ? [at] : [])))
  // The steps of a batch prepare the same, and the hashes that one has computed serve the next.
  const key = JSON.stringify([scheme.hash, model, mode, trust, ...audits])
  const known = preparedRequests.get(request)
  if (known?.key === key && known.code === scheme.code) return known
  const shared = trust === null ? null : sharedTrust(trust)
  const prepared = read.map(({ indicator, warnings, found }, position): Prepared => {
    for (const field of warnings.unknownFields) unknown.add(field)
    unknownFields += warnings.unknownFields.length
    droppedPoints += warnings.droppedPoints
    const audit = audits.has(position)
    const reading = audit ? withTrust(found, NO_TRUST) : shared === null ? found : withTrust(found, shared)
    const context = audit
      ? { mode: 'model' as const, promptVersion: BLIND_PROMPT_VERSION }
      : { mode, promptVersion: PROMPT_VERSION }
    return hashedWhenAsked({ indicator, reading, audit }, scheme, { ...context, model })
  })
  const warnings: Warning[] = []
  if (unknownFields > 0) {
    const names = [...unknown].slice(0, 10).map((name) => JSON.stringify(name.slice(0, 60)))
    const message = `unknown fields were left out: ${names.join(', ')}`
    warnings.push({ code: 'unknown-field', message, count: unknownFields })
  }
  if (droppedPoints > 0) {
    const message = 'sample values without a readable date and number were left out'
    warnings.push({ code: 'dropped-sample-value', message, count: droppedPoints })
  }
  preparedRequests.set(request, { key, code: scheme.code, prepared, warnings })
  return { prepared, warnings }
}

/** Adds the shapes and hashes, each of which is computed when it is first read. */
function hashedWhenAsked(
  read: Pick<Prepared, 'indicator' | 'reading' | 'audit'>,
  scheme: PreparedScheme,
  context: Parameters<typeof questionShapeOf>[3],
): Prepared {
  const { indicator, reading, audit } = read
  let inputHash: string | undefined
  let shape: string | undefined
  let shapeHash: string | undefined
  let humanHashes: readonly string[] | undefined
  return {
    indicator,
    reading,
    audit,
    get inputHash() {
      inputHash ??= sha256(JSON.stringify(indicator))
      return inputHash
    },
    get shape() {
      shape ??= questionShapeOf(scheme, indicator, reading, context)
      return shape
    },
    get shapeHash() {
      shapeHash ??= sha256(this.shape)
      return shapeHash
    },
    get humanHashes() {
      humanHashes ??= humanHashesOf(scheme, indicator, reading)
      return humanHashes
    },
  }
}

function humanHashesOf(scheme: PreparedScheme, indicator: Indicator, reading: Reading): string[] {
  const shared = sha256(humanShapeOf(scheme, indicator, reading))
  if ((scheme.code?.perRecord ?? []).length === 0) return [shared]
  return [sha256(humanShapeOf(scheme, indicator, reading, true)), shared]
}

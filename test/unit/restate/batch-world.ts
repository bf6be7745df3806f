/** A service in memory: whole batches with their chunks run without Restate, PostgreSQL and a model, which a test scripts. */
import { type LoadedCodebook, loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { createSchemes, type SchemeRegistry } from '../../../src/catalogue/schemes.ts'
import type { Indicator } from '../../../src/classification/types.ts'
import { type ParsedPromptItem, parseUserPrompt } from '../../../src/classification/user-prompt.ts'
import { parseRateHeaders } from '../../../src/llm/openai/headers.ts'
import type { ModelClient } from '../../../src/llm/types.ts'
import { createMetrics } from '../../../src/metrics.ts'
import type { RateControl } from '../../../src/rate/types.ts'
import { createEvidence } from '../../../src/restate/batch/audits.ts'
import { type BatchDeps, classifyBatch } from '../../../src/restate/batch/batch.ts'
import { answerChunk, answerGroup, type ChunkDeps } from '../../../src/restate/chunk/chunk.ts'
import { createCostRefusals } from '../../../src/restate/chunk/cost-refusals.ts'
import { createPromptParts } from '../../../src/restate/chunk/prompt-parts.ts'
import { createRunTrials } from '../../../src/restate/chunk/run-trials.ts'
import type { ChunkRequest, ChunkResult, EarlierChunkRequest } from '../../../src/restate/chunk-contract.ts'
import { type BatchResponse, batchRequestSchema } from '../../../src/restate/contract.ts'
import { OPEN_ADMISSION } from '../../helpers/open-admission.ts'
import { freeBooking } from '../../helpers/store/ledger.ts'
import { createJournal, type Entry, type Journal } from './journal.ts'
import { createMemoryStore, type MemoryStore } from './memory-store.ts'

/** A question as the scripted model sees it. */
export interface Asked extends ParsedPromptItem {
  readonly tier: 'primary' | 'escalation'
  /** In how many chunks this tier was asked about a record of this name before, replayed ones among them. */
  readonly nth: number
}

/**
 * What the model says: a value for each field that it answers, or the value with its confidence of 0 to 100; null where it
 * leaves the record out.
 */
export type Said = Readonly<Record<string, unknown>> | null

export interface World {
  readonly store: MemoryStore
  readonly schemes: SchemeRegistry
  /** The questions that the model was asked, in order. */
  readonly asked: Asked[]
  /** The bodies of the chunks that were called, in order, whether or not their replies were replayed. */
  readonly chunks: (ChunkRequest | EarlierChunkRequest)[]
  /** How many indicators were counted as answered. */
  answered(): number
  chunkDeps: ChunkDeps
  /** Runs a batch with the headers of its request; with `known` it replays that journal first. */
  classify(
    request: object,
    known?: readonly Entry[],
    headers?: ReadonlyMap<string, string>,
  ): Promise<{ response: BatchResponse; journal: Journal }>
}

export interface WorldOptions {
  readonly says: (asked: Asked) => Said
  readonly escalation?: string | null
  readonly store?: MemoryStore
  /** US dollars for a million tokens of either kind; null where no price is known. */
  readonly price?: number | null
}

const builtIns: readonly LoadedCodebook[] = await loadBuiltIns()

export function createWorld({
  says,
  escalation = null,
  store = createMemoryStore(),
  price = null,
}: WorldOptions): World {
  const metrics = createMetrics()
  const schemes = createSchemes(builtIns, store)
  const evidence = createEvidence(store)
  const asked: Asked[] = []
  const chunks: World['chunks'] = []
  let answered = 0
  let batches = 0
  let calls = 0

  const model: ModelClient = {
    models: { primary: 'small', escalation },
    answerBound: (_tier, tokens) => tokens,
    async ask({ tier, user }) {
      const answers = parseUserPrompt(user).flatMap((item) => {
        const isSame = ({ indicator }: { indicator: Indicator }) => indicator.name === item.name
        const called = chunks.filter((one) => one.tier === tier && one.items.some(isSame))
        const nth = Math.max(0, called.length - 1)
        const question = { ...item, tier, nth }
        asked.push(question)
        const said = says(question)
        return said === null ? [] : [{ key: item.key, reason: `said by ${tier}`, labels: labelsOf(said) }]
      })
      const usage = { input: 100, cachedInput: 0, cacheWriteInput: 0, output: 20 }
      const name = tier === 'primary' ? 'small' : (escalation ?? '')
      return {
        answer: { answers },
        usage,
        costUsd: 0,
        model: name,
        latencyMs: 1,
        rate: parseRateHeaders(new Headers()),
      }
    },
  }
  const chunkDeps: ChunkDeps = {
    ...{ ...freeBooking(store), model, schemes, rate: FREE, metrics, clock: Date, maxWaitMs: 1_000 },
    ...{ refusals: createCostRefusals(), priceOf: () => (price === null ? null : { input: price, output: price }) },
    partsOf: createPromptParts(),
    trials: createRunTrials({ store: store.trials, holdMs: 60_000, flexHoldMs: 60_000 }),
    countAnswered: (_runId, indicators) => {
      answered += indicators
    },
  }

  return {
    ...{ store, schemes, asked, chunks, chunkDeps, answered: () => answered },
    async classify(request, known, headers) {
      batches += 1
      const journal = createJournal(`inv_batch${batches}`, known, headers)
      const deps: BatchDeps = {
        ...{ store, schemes, metrics, clock: Date, models: model.models, priceOf: () => null, evidence },
        admission: OPEN_ADMISSION,
        callChunk: (_ctx, body) => {
          chunks.push(...('group' in body ? body.group : [body]))
          calls += 1
          const inner = createJournal(`inv_chunk${calls}`)
          return journal.call<ChunkResult>(body, () => {
            return 'group' in body ? answerGroup(inner.ctx, chunkDeps, body) : answerChunk(inner.ctx, chunkDeps, body)
          })
        },
      }
      const parsed = batchRequestSchema.parse({ run_id: `run-${batches}`, ...request })
      return { response: await classifyBatch(journal.ctx, deps, parsed), journal }
    },
  }
}

/** A rate control that lets every request start at once. */
const FREE: RateControl = {
  expect: () => () => undefined,
  acquire: async () => ({
    ...{ granted: true, waitedMs: 0 },
    ...{ answered: () => undefined, refused: () => 1_000, ended: () => undefined },
  }),
}

function labelsOf(said: NonNullable<Said>) {
  return Object.entries(said).map(([field, given]) => {
    const isPair = typeof given === 'object' && given !== null && 'confidence' in given
    return isPair ? { field, ...given } : { field, value: given, confidence: 90 }
  })
}

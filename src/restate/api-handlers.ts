/** The handlers of classify-api, in one table: who may call each, what it is for, and what its body and its answer are. */
import type { z } from 'zod'
import { batchRequestSchema, MAX_BATCH_INDICATORS, readPlainBatch } from '../classification/batch-request.ts'
import { MAX_BATCH_POINTS, RECORD_SHAPE, textShape } from '../classification/indicator.ts'
import type { DeepReadonly } from '../lib/deep-readonly.ts'
import { type JsonShape, MAX_JSON_BYTES, SMALL } from '../lib/json/json-shape.ts'
import { batchResponseSchema } from './contract/batch.ts'
import { budgetRequestSchema, budgetResponseSchema } from './contract/budget.ts'
import { codebookRequestSchema, codebookResponseSchema } from './contract/codebook.ts'
import { estimateResponseSchema } from './contract/estimate.ts'
import { evidenceRequestSchema, evidenceResponseSchema } from './contract/evidence.ts'
import { healthResponseSchema } from './contract/health.ts'
import { MAX_DECISIONS, reviewRequestSchema, reviewResponseSchema } from './contract/review.ts'
import {
  driveRequestSchema,
  driveResponseSchema,
  runRequestSchema,
  runSchema,
  runsRequestSchema,
  runsResponseSchema,
} from './contract/runs.ts'
import { statusRequestSchema, statusResponseSchema } from './contract/status.ts'
import { whyRequestSchema, whyResponseSchema } from './contract/why.ts'

export const CLASSIFY_API = 'classify-api'
/** A header of decisions: the name of the caller's token, which the guard alone sets. */
export const CALLER_HEADER = 'x-guard-caller'

export interface ApiHandler {
  /** The right that a call needs; the fields with which it only asks, where it needs another right to set something. */
  readonly needs: 'submit' | 'read' | 'review' | { readonly readingFields: readonly string[] }
  /** Whether it works on each record of its body. The others answer a question and are done. */
  readonly isWork: boolean
  /** What of the body is kept before it is parsed. */
  readonly body: JsonShape
  /** What the body is; null where the handler takes none. */
  readonly input: z.ZodType | null
  /** Gives what `input` would, many times quicker, and undefined for a body of which only the schema knows what it is. */
  readonly readPlain?: (body: unknown) => unknown
  readonly output: z.ZodType
  /** A few words, and sentences, for whoever reads Restate's description of the handler or the OpenAPI document. */
  readonly summary: string
  readonly description: string
}

/** A codebook with its code lists has few values, each of them long. */
const CODEBOOK: JsonShape = { kind: 'any', maxBytes: MAX_JSON_BYTES, maxValues: 1_000, beyond: 'refuse' }
/** A longer text is neither a name nor a reference, and the schema of the body says so. */
const MAX_NAME = 1_000

const BATCH: JsonShape = {
  kind: 'fields',
  fields: new Map<string, JsonShape>([
    ['indicators', { kind: 'list', maxItems: MAX_BATCH_INDICATORS, noun: 'indicators', items: RECORD_SHAPE }],
    ...['run_id', 'catalogue', 'codebook', 'force'].map((field) => [field, textShape(MAX_NAME)] as const),
    ['options', SMALL],
  ]),
}

/** A decision has labels of a few dozen fields, some of them lists. */
const DECISION: JsonShape = { kind: 'any', maxBytes: 65_536, maxValues: 1_000, beyond: 'refuse' }

const REVIEW: JsonShape = {
  kind: 'fields',
  fields: new Map<string, JsonShape>([
    ['decisions', { kind: 'list', maxItems: MAX_DECISIONS, noun: 'decisions', items: DECISION }],
    ...['by', 'codebook', 'catalogue', 'dry_run'].map((field) => [field, textShape(MAX_NAME)] as const),
  ]),
}

const HANDLERS = {
  batch: {
    ...{ needs: 'submit', isWork: true, body: BATCH, input: batchRequestSchema, output: batchResponseSchema },
    readPlain: readPlainBatch,
    summary: 'Classify a batch',
    description: `Classifies 1 to ${MAX_BATCH_INDICATORS} indicators with at most ${MAX_BATCH_POINTS} sample points together; send more in several batches. Give each call an idempotency-key of its own, so that it can be repeated without being paid twice.`,
  },
  estimate: {
    ...{ needs: 'read', isWork: true, body: BATCH, input: batchRequestSchema, output: estimateResponseSchema },
    readPlain: readPlainBatch,
    summary: 'Estimate a batch',
    description:
      'Says how each indicator of a batch would get its result now, and what asking the model would cost. It only reads.',
  },
  status: {
    ...{ needs: 'read', isWork: false, body: SMALL, input: statusRequestSchema, output: statusResponseSchema },
    summary: 'Read a result or a run',
    description: 'Reads the latest result of an indicator, or the totals of a run.',
  },
  why: {
    ...{ needs: 'read', isWork: false, body: SMALL, input: whyRequestSchema, output: whyResponseSchema },
    summary: 'Read what a result rests on',
    description:
      'Says of the latest result of an indicator what the rules find of its input, what evidence the catalogue gives, what a model is shown of it, and the stored answer.',
  },
  run: {
    ...{ needs: 'read', isWork: false, body: SMALL, input: runRequestSchema, output: runSchema },
    summary: 'Read a run',
    description: 'Reads where a run is: its totals, its pace, who drives it and what is wanted of it.',
  },
  runs: {
    ...{ needs: 'read', isWork: false, body: SMALL, input: runsRequestSchema, output: runsResponseSchema },
    summary: 'List the runs',
    description: 'Lists the newest runs, the newest first, each as the handler run gives it.',
  },
  drive: {
    ...{ needs: 'submit', isWork: false, body: SMALL, input: driveRequestSchema, output: driveResponseSchema },
    summary: 'Steer a run, or hold its lease',
    description:
      'Notes with wanted that a run is to pause, go on or stop, and with max_cost_usd what it may cost in all, which its driver reads every few seconds. The process that submits the batches of a run holds a lease on it with take, renew and release.',
  },
  review: {
    ...{ needs: 'review', isWork: false, body: REVIEW, input: reviewRequestSchema, output: reviewResponseSchema },
    summary: 'Store decisions of people',
    description:
      'Stores what a person decides on 1 to 100 stored results, all of them or none. Each becomes the result of its indicator, and from the next run on the answer of its shape. Give each call an idempotency-key.',
  },
  health: {
    ...{ needs: 'read', isWork: false, body: SMALL, input: null, output: healthResponseSchema },
    summary: 'Health of a replica',
    description: 'Asks one replica, whichever Restate chooses, whether it can work.',
  },
  evidence: {
    ...{ needs: 'read', isWork: false, body: SMALL, input: evidenceRequestSchema, output: evidenceResponseSchema },
    summary: 'Read the evidence of a catalogue',
    description:
      'Says in which fields rules may decide alone on a catalogue, and what audits and labels of people have shown.',
  },
  budget: {
    ...{ needs: { readingFields: [] }, isWork: false, body: SMALL },
    ...{ input: budgetRequestSchema, output: budgetResponseSchema },
    summary: 'Read or set the rate budget',
    description:
      "Reads the cluster's rate budget with its leases; with rpm or tpm it sets it, which needs the right operate.",
  },
  codebook: {
    ...{ needs: { readingFields: ['name'] }, isWork: false, body: CODEBOOK },
    ...{ input: codebookRequestSchema, output: codebookResponseSchema },
    summary: 'List, read or store codebooks',
    description: 'Lists the codebooks, reads one by name, or stores one, which needs the right operate.',
  },
} as const satisfies Readonly<Record<string, ApiHandler>>

export type ApiHandlerName = keyof typeof HANDLERS

type Schema<Of> = Of extends z.ZodType ? Of : z.ZodUndefined
/** The body of a handler, and its answer. */
export type RequestOf<Name extends ApiHandlerName> = z.output<Schema<(typeof HANDLERS)[Name]['input']>>
export type AnswerOf<Name extends ApiHandlerName> = DeepReadonly<z.output<(typeof HANDLERS)[Name]['output']>>

/** The handlers by name; a name that no handler has gives undefined. */
export const API_HANDLERS: ReadonlyMap<string, ApiHandler> = new Map<string, ApiHandler>(Object.entries(HANDLERS))

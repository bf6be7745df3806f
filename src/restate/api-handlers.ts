/** The handlers of classify-api: who may call each, whether it works through its body, and what its body may be. */
import { MAX_BATCH_INDICATORS } from '../classification/batch-request.ts'
import { RECORD_SHAPE, textShape } from '../classification/indicator.ts'
import { type JsonShape, MAX_JSON_BYTES, SMALL } from '../lib/json/json-shape.ts'

export const CLASSIFY_API = 'classify-api'

export interface ApiHandler {
  /** The right that a call needs; the fields with which it only asks, where it needs another right to set something. */
  readonly needs: 'submit' | 'read' | { readonly readingFields: readonly string[] }
  /** Whether it works on each record of its body. The others answer a question and are done. */
  readonly isWork: boolean
  readonly body: JsonShape
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

const HANDLERS = {
  batch: { needs: 'submit', isWork: true, body: BATCH },
  estimate: { needs: 'read', isWork: true, body: BATCH },
  status: { needs: 'read', isWork: false, body: SMALL },
  why: { needs: 'read', isWork: false, body: SMALL },
  run: { needs: 'read', isWork: false, body: SMALL },
  runs: { needs: 'read', isWork: false, body: SMALL },
  drive: { needs: 'submit', isWork: false, body: SMALL },
  health: { needs: 'read', isWork: false, body: SMALL },
  evidence: { needs: 'read', isWork: false, body: SMALL },
  budget: { needs: { readingFields: [] }, isWork: false, body: SMALL },
  codebook: { needs: { readingFields: ['name'] }, isWork: false, body: CODEBOOK },
} as const satisfies Readonly<Record<string, ApiHandler>>

export type ApiHandlerName = keyof typeof HANDLERS

/** The handlers by name; a name that no handler has gives undefined. */
export const API_HANDLERS: ReadonlyMap<string, ApiHandler> = new Map<string, ApiHandler>(Object.entries(HANDLERS))

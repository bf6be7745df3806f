/** Which right a request needs, by the port, the method, the path, and for two handlers the body. */
import type { Right } from '../http/tokens.ts'
import { isRecord, parseJson } from '../lib/json/json.ts'
import { API_HANDLERS, CLASSIFY_API } from '../restate/api-handlers.ts'
import type { IngressCall } from './target.ts'

/** `by-body`: the handler reads or changes something, and its body says which. */
export type NeededRight = Right | 'by-body'

export function rightForIngress(call: IngressCall): NeededRight {
  if (call.kind === 'health' || call.kind === 'answer') return 'read'
  if (call.kind === 'unknown' || call.service !== CLASSIFY_API || call.rest.length !== 1) return 'operate'
  const needs = API_HANDLERS.get(call.rest[0] ?? '')?.needs ?? 'operate'
  return typeof needs === 'string' ? needs : 'by-body'
}

/** Restate's admin API changes nothing by GET, and by POST /query reads its tables by SQL that knows no writes. */
export function rightForAdmin(method: string, path: string): Right {
  if (method === 'GET' || method === 'HEAD') return 'read'
  return method === 'POST' && path === '/query' ? 'read' : 'operate'
}

/** A body that only reads is short. A longer one is not parsed here, since its depth could cost any amount of memory. */
const MAX_READING_BYTES = 4_096

/** The right that a body needs at a handler of classify-api; whatever is not surely a question needs `operate`. */
export function rightForBody(handler: string, body: Buffer): Right {
  if (body.length === 0) return 'read'
  if (body.length > MAX_READING_BYTES) return 'operate'
  const parsed = parseJson(body.toString('utf8'))
  const needs = API_HANDLERS.get(handler)?.needs
  const reading = typeof needs === 'object' ? needs.readingFields : []
  return isRecord(parsed) && Object.keys(parsed).every((field) => reading.includes(field)) ? 'read' : 'operate'
}

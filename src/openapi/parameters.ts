/** The parameters that operations of the OpenAPI document share. */
import { MAX_KEY_BYTES } from '../guard/key-check.ts'

export const PARAMETERS: Readonly<Record<string, unknown>> = {
  IdempotencyKey: {
    ...{ name: 'idempotency-key', in: 'header', required: false },
    description:
      'The same key with the same body gives the same answer for six hours, on every node, and the work is done and paid once. The same key with another body is 409.',
    schema: { type: 'string', minLength: 1, maxLength: MAX_KEY_BYTES },
  },
  Delay: {
    ...{ name: 'delay', in: 'query', required: false },
    description: 'How long Restate waits before it begins, as ISO 8601 (PT1H) or in words (1h 30m).',
    schema: { type: 'string' },
  },
  InvocationId: {
    ...{ name: 'invocationId', in: 'path', required: true },
    description: 'The `invocationId` that `/send` gave.',
    schema: { type: 'string' },
  },
  SentKey: {
    ...{ name: 'idempotencyKey', in: 'path', required: true },
    description:
      'The `idempotency-key` that the call was sent with. Restate compares it as the path writes it, so that a key with other characters cannot be named here.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9._~-]+$', maxLength: MAX_KEY_BYTES },
  },
}

/** References to parameters, as an operation names them. */
export function parameters(...names: readonly string[]): readonly unknown[] {
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }))
}

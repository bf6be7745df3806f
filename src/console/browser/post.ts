/** Sends JSON to the console with the token of the page, without which nothing is changed. */
import type { Frame } from '../page/frame.ts'

export interface PostOptions {
  readonly timeoutMs: number
  /** Whether it is sent to its end also when the page is left. */
  readonly keepalive?: boolean
}

/** Rejects where nobody answers in time. */
export async function post(
  { base, csrf }: Frame,
  path: string,
  body: unknown,
  { timeoutMs, keepalive = false }: PostOptions,
): Promise<Response> {
  return await fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf-token': csrf },
    body: JSON.stringify(body),
    keepalive,
    signal: AbortSignal.timeout(timeoutMs),
  })
}

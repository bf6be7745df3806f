/** The verdict on an attack: no request of it was answered by the service, but for refusals. */
import assert from 'node:assert/strict'
import type { Attack } from './chromium.ts'
import type { Target } from './targets.ts'

export interface Verdict {
  /** The statuses of answers that are refusals; by default 403 alone. */
  readonly statuses?: readonly number[]
  /** What stands in every answer that the page may read; by default it may read none. */
  readonly readable?: string
}

/**
 * Fails where an answer other than a refusal reached the browser, where the page could read what it may not, and where nothing
 * was sent to one of the `targets`, since that would show nothing.
 */
export function assertNothingPassed(
  { read, answered }: Attack,
  targets: readonly Target[],
  verdict: Verdict = {},
): void {
  const { statuses = [403], readable } = verdict
  assert.deepEqual(
    answered.filter(({ status }) => !statuses.includes(status)),
    [],
  )
  assert.deepEqual(
    read.filter(({ text }) => readable === undefined || !text.includes(readable)),
    [],
  )
  const asked = new Set(answered.map(({ url }) => pathOf(url)))
  // A request that needs a preflight is not sent where the preflight is refused.
  for (const { what, url, method } of targets)
    if (method === 'GET' || method === 'POST') assert.ok(asked.has(pathOf(url)), `nothing was sent to ${what}`)
}

function pathOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

/** The verdict on an attack: no request of it was answered by the service, but for refusals. */
import assert from 'node:assert/strict'
import type { Attack } from './chromium.ts'
import type { Target } from './targets.ts'

/**
 * Fails where an answer other than a refusal reached the browser, where the page could read an answer that is no refusal with
 * the code `readable`, and where nothing was sent to one of the `targets`, since that would show nothing.
 */
export function assertNothingPassed({ read, answered }: Attack, targets: readonly Target[], readable?: string): void {
  assert.deepEqual(
    answered.filter(({ status }) => status !== 403),
    [],
  )
  const passed = read.filter(({ text }) => readable === undefined || !text.includes(`"${readable}"`))
  assert.deepEqual(passed, [])
  assert.ok(answered.length > 0)
  const asked = new Set(answered.map(({ url }) => pathOf(url)))
  // A request that needs a preflight is not sent where the preflight is refused.
  for (const { what, url, method } of targets)
    if (method === 'GET' || method === 'POST') assert.ok(asked.has(pathOf(url)), `nothing was sent to ${what}`)
}

function pathOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

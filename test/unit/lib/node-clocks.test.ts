/** What the signatures of calls tell of the clocks of nodes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNodeClocks } from '../../../src/lib/node-clocks.ts'

const tokenOf = (claims: unknown) => `head.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`

test('of the nodes that called within a minute the one furthest off counts', () => {
  let elapsedMs = 0
  const clocks = createNodeClocks({ now: () => 1_000_000_000, monotonic: () => elapsedMs })
  assert.equal(clocks.skewMs(), undefined)
  clocks.note(tokenOf({ iat: 1_000_001 }))
  assert.equal(clocks.skewMs(), 1_500)
  clocks.note(tokenOf({ nbf: 913_600 }))
  clocks.note(tokenOf({ iat: 1_000_002 }))
  assert.equal(clocks.skewMs(), -86_399_500)
  elapsedMs = 61_000
  assert.equal(clocks.skewMs(), undefined)
  clocks.note(tokenOf({ iat: 1_000_002 }))
  assert.equal(clocks.skewMs(), 2_500)
})

test('a call without a readable signature tells nothing', () => {
  const clocks = createNodeClocks({ now: () => 0 })
  for (const token of [undefined, ['a', 'b'], '', 'no token', 'a.!!.c', tokenOf(null), tokenOf({ iat: 'now' })])
    clocks.note(token)
  assert.equal(clocks.skewMs(), undefined)
})

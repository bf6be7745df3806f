/** The dashboard and the alert rules read metrics of Restate that a real node has after some work. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { NODE_NAME, requestSocket } from '../../../../src/embedded/sockets.ts'
import { alertRules, baseName, dashboardQueries, metricNames } from '../../../helpers/promql.ts'
import { callIngress } from '../../../helpers/stack/stack.ts'
import { waitUntil } from '../../../helpers/wait.ts'
import { stack } from './world.ts'

test('the dashboard and the alert rules ask for metrics that a node has', async () => {
  const indicators = [{ indicator_id: 'D.1', name: 'GDP', units: 'USD Million' }]
  const answer = await callIngress(stack, 'classify-api/batch', { indicators, options: { mode: 'model' } })
  assert.equal(answer.status, 200, answer.text)

  const queries = [
    ...dashboardQueries().map(({ panel, expression }) => ({ place: panel, expression })),
    ...alertRules().map(({ name, expression }) => ({ place: name, expression })),
  ]
  const asked = queries.flatMap(({ place, expression }) => metricNames(expression).map((name) => ({ place, name })))
  const restateMetrics = asked.filter(({ name }) => name.startsWith('restate_'))
  assert.ok(restateMetrics.length > 5, `${restateMetrics.length} names were found`)
  // A node measures some of its parts every few seconds, so the first scrape may lack them.
  for (const { place, name } of restateMetrics) {
    await waitUntil(`the node has ${name}, which "${place}" reads`, async () => {
      const known = await readNames()
      return known.has(name) || known.has(baseName(name))
    })
  }
})

/** The names of all metrics that a node has now. It serves them at a socket of its own. */
async function readNames(): Promise<Set<string>> {
  const socketPath = join(stack.dataDir, 'restate', NODE_NAME, 'fabric.sock')
  const { text } = await requestSocket({ socketPath, path: '/metrics', signal: AbortSignal.timeout(60_000) })
  return new Set([...text.matchAll(/^([a-z_]\w*)[{ ]/gm)].map(([, name = '']) => name))
}

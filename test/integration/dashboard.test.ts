/** The dashboard and the alert rules read metrics of Restate that a real node has after some work. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { alertRules, baseName, dashboardQueries, metricNames } from '../helpers/promql.ts'
import { callIngress, startTestStack, type TestStack } from '../helpers/stack.ts'

let stack: TestStack

before(async () => {
  stack = await startTestStack()
})

after(async () => {
  await stack?.stop()
})

test('the dashboard and the alert rules ask for metrics that a node has', async () => {
  const indicators = [{ indicator_id: 'D.1', name: 'GDP', units: 'USD Million' }]
  const answer = await callIngress(stack, 'classify-api/batch', { indicators, options: { mode: 'model' } })
  assert.equal(answer.status, 200, answer.text)

  const text = await (await fetch(`${await findNodeUrl()}/metrics`)).text()
  const known = new Set([...text.matchAll(/^([a-z_]\w*)[{ ]/gm)].map(([, name = '']) => name))
  const queries = [
    ...dashboardQueries().map(({ panel, expression }) => ({ place: panel, expression })),
    ...alertRules().map(({ name, expression }) => ({ place: name, expression })),
  ]
  const asked = queries.flatMap(({ place, expression }) => metricNames(expression).map((name) => ({ place, name })))
  const restateMetrics = asked.filter(({ name }) => name.startsWith('restate_'))
  const missing = restateMetrics.filter(({ name }) => !known.has(name) && !known.has(baseName(name)))
  assert.deepEqual(missing, [])
  assert.ok(restateMetrics.length > 5, `${restateMetrics.length} names were found`)
})

/** The node's own port is a free one, which only its log names. */
async function findNodeUrl(): Promise<string> {
  const log = await readFile(join(stack.logsDir, 'restate-server.log'), 'utf8')
  const address = /My Node ID is [\s\S]*?address: (http:\S+?)\/?\s/.exec(log)?.[1]
  assert.ok(address, `the log names no address:\n${log}`)
  return address
}

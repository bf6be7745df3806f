/** The dashboard's metrics of Restate, asked of a real node that has done some work. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { baseName, dashboardQueries, metricNames } from '../helpers/promql.ts'
import { callIngress, startTestStack, type TestStack } from '../helpers/stack.ts'

let stack: TestStack

before(async () => {
  stack = await startTestStack()
})

after(async () => {
  await stack?.stop()
})

test('the dashboard asks for metrics that a node has', async () => {
  const indicators = [{ indicator_id: 'D.1', name: 'GDP', units: 'USD Million' }]
  const answer = await callIngress(stack, 'classify-api/batch', { indicators, options: { mode: 'model' } })
  assert.equal(answer.status, 200, answer.text)

  const text = await (await fetch(`${await nodeUrl()}/metrics`)).text()
  const known = new Set([...text.matchAll(/^([a-z_]\w*)[{ ]/gm)].map(([, name = '']) => name))
  const asked = dashboardQueries().flatMap(({ panel, expression }) =>
    metricNames(expression).map((name) => ({ panel, name })),
  )
  const theirs = asked.filter(({ name }) => name.startsWith('restate_'))
  const missing = theirs.filter(({ name }) => !known.has(name) && !known.has(baseName(name)))
  assert.deepEqual(missing, [])
  assert.ok(theirs.length > 5, `${theirs.length} names were found`)
})

/** Its port is a free one that only its log names. */
async function nodeUrl(): Promise<string> {
  const log = await readFile(join(stack.logsDir, 'restate-server.log'), 'utf8')
  const address = /My Node ID is [\s\S]*?address: (http:\S+?)\/?\s/.exec(log)?.[1]
  assert.ok(address, `the log names no address:\n${log}`)
  return address
}

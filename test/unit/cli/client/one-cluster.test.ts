/** Which nodes a command sends to where the addresses lead to more than one cluster. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepOneCluster, type NodeMark } from '../../../../src/cli/client/one-cluster.ts'

const marks = (...clusters: (string | null)[]): NodeMark[] => {
  return clusters.map((cluster, index) => ({ url: `http://127.0.0.1:${index + 1}`, cluster, held: null }))
}

test('the nodes of one cluster are all used, and so are those of which nothing is known', () => {
  for (const given of [marks('7', '7', '7'), marks(null, null), marks('7', null, '7'), marks(null), marks('7')]) {
    assert.deepEqual(keepOneCluster(given), { urls: given.map(({ url }) => url), lines: [] })
  }
})

test('a node of another cluster is left out, with a line that names it and what helps', () => {
  const { urls, lines } = keepOneCluster(marks('9', '7', null, '7'))
  assert.deepEqual(urls, ['http://127.0.0.1:2', 'http://127.0.0.1:3', 'http://127.0.0.1:4'])
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /127\.0\.0\.1:1 belongs to another cluster \(9\).*\(7\).*cluster:repair/)
})

test('two clusters of equally many nodes are refused, each with its addresses', () => {
  assert.throws(() => keepOneCluster(marks('9', '7', '7', '9')), {
    code: 'ingress-unavailable',
    message: /cluster 9: http:\/\/127\.0\.0\.1:1, http:\/\/127\.0\.0\.1:4[\s\S]*cluster 7: .*:2, .*:3[\s\S]*--ingress/,
  })
})

test('the note of a node that stays down is shown without what a terminal would obey', () => {
  const [first = { url: '', cluster: null, held: null }] = marks('7')
  const { urls, lines } = keepOneCluster([{ ...first, held: 'restate-3 has lost its data\u001b[2J' }])
  assert.deepEqual(urls, [first.url])
  assert.match(lines[0] ?? '', /^http:\/\/127\.0\.0\.1:1: restate-3 has lost its data/)
  assert.ok(!lines[0]?.includes('\u001b'))
})

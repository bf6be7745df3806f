/** What a command says while the service has not answered yet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sayWhileUnanswered } from '../../../../src/cli/waiting/first-answers.ts'
import { findStalls } from '../../../chaos/stalls.ts'
import { waitUntil } from '../../../helpers/wait.ts'

const URLS = ['http://127.0.0.1:8080', 'http://127.0.0.1:28080']

test('a service that does not answer is named until it does, in words that count as a reason', async () => {
  const lines: string[] = []
  const answer = Promise.withResolvers<number>()
  const asked = sayWhileUnanswered(
    URLS,
    (line) => lines.push(line),
    () => answer.promise,
    5,
  )
  await waitUntil('it was said twice', () => lines.length >= 2)
  answer.resolve(7)
  assert.equal(await asked, 7)
  assert.match(
    lines[0] ?? '',
    /waiting: the service has not answered for \d+ s \(http:\/\/127\.0\.0\.1:8080 and 1 more\): npm run cluster:ps/,
  )
  const run = {
    name: 'run',
    startedAt: 0,
    endedAt: 50_000,
    progressAt: [],
    lines: [{ at: 10_000, text: lines[0] ?? '' }],
  }
  assert.deepEqual(findStalls(run), [])
  assert.equal(findStalls({ ...run, lines: [] }).length, 1)
})

test('a failure passes, and nothing is said of an answer that comes at once', async () => {
  const lines: string[] = []
  const say = (line: string) => lines.push(line)
  await assert.rejects(
    sayWhileUnanswered(URLS, say, () => Promise.reject(new Error('no node'))),
    /no node/,
  )
  assert.equal(await sayWhileUnanswered(URLS, say, async () => 1), 1)
  assert.deepEqual(lines, [])
})

/** The file of tokens: its lines, its faults, and who is found by a header. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { findCaller } from '../../../src/guard/tokens.ts'
import { openTokenFile, watchTokens } from '../../../src/http/token-file.ts'
import { parseTokens } from '../../../src/http/tokens.ts'
import { sha256 } from '../../../src/lib/sha256.ts'
import { waitUntil } from '../../helpers/wait.ts'

const ANN = `ann:${sha256('ann-secret')}:submit+read`

test('each line gives a caller its rights; comments and empty lines give nothing', () => {
  const text = `\ufeff# who may call\r\n\r\n${ANN}\r\n  bob.b@x:${sha256('bob').toUpperCase()}:operate,review\n`
  const tokens = parseTokens(text, 'tokens')
  assert.deepEqual(
    [...tokens.values()].map(({ name, rights }) => [name, [...rights].sort()]),
    [
      ['ann', ['read', 'submit']],
      ['bob.b@x', ['operate', 'review']],
    ],
  )
  const found = findCaller('bearer  bob', tokens)
  assert.ok('name' in found && found.name === 'bob.b@x')
})

test('a fault names its line and shows neither a hash nor a token', () => {
  const hash = sha256('secret')
  const faults: readonly [string, RegExp][] = [
    [`ann:${hash}`, /line 1: must be/],
    [`ann:${hash}:`, /line 1: must be/],
    ['ann:secret:read', /line 1: must be/],
    [`:${hash}:read`, /line 1: must be/],
    [`ann:${hash}:read+fly`, /line 1: rights must be of submit, read, review, operate/],
    [`ann:${hash}:read submit`, /line 1: must be/],
    [`ann:${hash}:read\nann:${sha256('b')}:read`, /line 2: the name ann stands in an earlier line/],
    [`ann:${hash}:read\nbob:${hash.toUpperCase()}:read`, /line 2: the same token/],
  ]
  for (const [text, message] of faults) {
    assert.throws(
      () => parseTokens(text, '/etc/tokens'),
      (error: Error) => {
        assert.match(error.message, message)
        assert.match(error.message, /^\/etc\/tokens/)
        assert.ok(!error.message.toLowerCase().includes(hash) && !error.message.includes('secret:'))
        return true
      },
    )
  }
})

test('a header without a token, and a token that nobody has, are refused with different codes', () => {
  const tokens = parseTokens(ANN, 'tokens')
  const codes: readonly [string | undefined, string][] = [
    [undefined, 'token-missing'],
    ['', 'token-missing'],
    ['Basic YTpi', 'token-missing'],
    ['Bearer', 'token-missing'],
    ['Bearer ', 'token-missing'],
    ['Bearer ann-secret x', 'token-missing'],
    ['Bearer ann-Secret', 'token-unknown'],
    [`Bearer ${sha256('ann-secret')}`, 'token-unknown'],
  ]
  for (const [header, code] of codes) {
    const found = findCaller(header, tokens)
    assert.ok('code' in found && found.code === code, `${header}`)
    assert.equal(found.headers?.['www-authenticate'], 'Bearer')
  }
})

test('the file is read again when it changes, and a fault in it leaves the tokens as they were', async () => {
  const file = join(tmpdir(), `classify-tokens-${process.pid}`)
  await assert.rejects(openTokenFile(file, pino({ level: 'silent' })), /API_TOKENS_FILE .* cannot be read/)
  for (const nobody of ['', '# nobody']) {
    await writeFile(file, nobody)
    await assert.rejects(openTokenFile(file, pino({ level: 'silent' })), /names no token: each line must be/)
  }
  await writeFile(file, ANN)
  const lines: string[] = []
  const opened = await openTokenFile(file, pino({ level: 'info' }, { write: (line: string) => lines.push(line) }), 10)
  try {
    const nameOf = (token: string) => {
      const found = findCaller(`Bearer ${token}`, opened.current())
      return 'name' in found ? found.name : found.code
    }
    assert.equal(nameOf('ann-secret'), 'ann')
    await writeFile(file, `bob:${sha256('bob-secret')}:read`)
    await waitUntil('bob is known', () => nameOf('bob-secret') === 'bob')
    assert.equal(nameOf('ann-secret'), 'token-unknown')
    await writeFile(file, 'nonsense')
    await waitUntil('the fault is logged', () => lines.some((line) => line.includes('stay as they were')))
    assert.equal(nameOf('bob-secret'), 'bob')
    assert.ok(lines.every((line) => !line.includes('nonsense')))
    await writeFile(file, '# nobody')
    await waitUntil('nobody is known', () => nameOf('bob-secret') === 'token-unknown')
  } finally {
    opened.close()
    await rm(file)
  }
})

test('a file that is found empty twice, with something else between, lets the callers stay in', () => {
  const watched = watchTokens(ANN, 'tokens')
  const see = (text: string | null) => {
    try {
      watched.see(text)
    } catch {
      // A fault leaves the tokens as they were.
    }
    return watched.current().size
  }
  for (const between of [ANN, 'nonsense', null, `bob:${sha256('bob')}:read`]) {
    assert.deepEqual([see(''), see(between), see('')], [1, 1, 1], `${between}`)
    assert.equal(see(ANN), 1)
  }
  assert.deepEqual([see(''), see('# nobody'), see(''), see(ANN)], [1, 0, 0, 1])
})

/** Targets of requests: what is written plainly is read, and every trick of another spelling is no target. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIngressCall, parseTarget } from '../../../src/guard/target.ts'

test('plain paths are read, with percent signs where a key needs them', () => {
  assert.deepEqual(parseTarget('/classify-api/batch?delay=1s')?.segments, ['classify-api', 'batch'])
  assert.deepEqual(parseTarget('/')?.segments, [''])
  assert.deepEqual(parseTarget('/ui/')?.segments, ['ui', ''])
  const path = '/restate/invocation/classify-api/batch/run%203%3A%C3%A9/output'
  assert.deepEqual(parseTarget(path)?.segments.at(4), 'run 3:é')
  assert.equal(parseTarget(`${path}?x=%2F..`)?.path, path)
})

test('other forms, other spellings and hidden characters are no target', () => {
  const tricks = [
    ...['', '*', 'http://localhost/classify-api/batch', '//classify-api/batch', 'classify-api/batch', 'localhost:8080'],
    ...['/classify-api//batch', '/classify-api/./batch', '/restate/../classify-api/batch', '/..', '/a/..', '/.'],
    ...['/classify-api/%2e/batch', '/restate/%2E%2E/batch', '/a/.%2e/b', '/classify-api%2Fbatch', '/a%5Cb', '/a\\b'],
    ...['/classify-api/%62atch', '/%63lassify-api/batch', '/classify%2Dapi/batch', '/a%5Fb', '/a%7Eb', '/a%30'],
    ...['/a%00', '/a%0a', '/a%0D', '/a%7f', '/a%1f', '/a%', '/a%2', '/a%zz', '/a%ff', '/a%C3', '/a%u0062'],
    ...['/a b', '/a\tb', '/a#b', '/a"b', '/a<b', '/a|b', '/a^b', '/a`b', '/a{b}', '/a[b]', '/é', '/a?b c', '/a?\u0000'],
    `/${'a'.repeat(9_000)}`,
  ]
  for (const trick of tricks) assert.equal(parseTarget(trick), undefined, trick)
})

test('whatever is read has one spelling alone: no two paths give the same parts but by case of percent signs', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'a',
      'B',
      '0',
      '-',
      '.',
      '_',
      '~',
      '/',
      '%2e',
      '%2E',
      '%2f',
      '%61',
      '%41',
      '%20',
      '%C3%A9',
      '%25',
      ':',
      '..',
      '\\',
    ),
    fc.string({ maxLength: 2 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const target = parseTarget(`/${pieces.join('')}`)
      if (target === undefined) return
      const written = target.path.replaceAll(/%../g, (code) => code.toUpperCase())
      const again = `/${target.segments.map(encodeURIComponent).join('/')}`
      const plain = (text: string) =>
        text.replaceAll(/%(?:21|24|26|27|28|29|2A|2B|2C|3B|3D|3A|40)/g, decodeURIComponent)
      assert.equal(plain(written), plain(again))
    }),
  )
})

test('calls, sends, answers and the health of a node are told apart, and all else is unknown', () => {
  const kinds: readonly [string, string][] = [
    ['/classify-api/batch', 'call'],
    ['/classify-api/batch/send', 'send'],
    ['/object/key/handler', 'call'],
    ['/object/key/handler/send', 'send'],
    ['/restate/health', 'health'],
    ['/restate/invocation/inv_1/attach', 'answer'],
    ['/restate/invocation/inv_1/output', 'answer'],
    ['/restate/invocation/classify-api/batch/key/attach', 'answer'],
    ['/restate/invocation/object/key/handler/key/output', 'answer'],
    ['/restate/workflow/flow/key/output', 'answer'],
    ['/restate/invocation/inv_1/cancel', 'unknown'],
    ['/restate/invocation/inv_1/output/x', 'unknown'],
    ['/restate/awakeables/id/resolve', 'unknown'],
    ['/restate/a/id/resolve', 'unknown'],
    ['/restate/call/classify-api/batch', 'call'],
    ['/restate/send/classify-api/batch', 'send'],
    ['/restate/send/object/key/handler', 'send'],
    ['/restate/call/classify-api', 'unknown'],
    ['/restate/call/a/b/c/d', 'unknown'],
    ['/restate/scope/s/call/classify-api/batch', 'call'],
    ['/restate/scope/s/invocation/inv_1/output', 'unknown'],
    ['/restate/scope/s', 'unknown'],
    ['/restate/lookup', 'unknown'],
    ['/restate/health/x', 'unknown'],
    ['/restate', 'unknown'],
    ['/restate/', 'unknown'],
    ['/classify-api', 'unknown'],
    ['/classify-api/batch/', 'unknown'],
    ['/a/b/c/d', 'unknown'],
    ['/a/b/c/d/send', 'unknown'],
    ['/openapi', 'unknown'],
    ['/', 'unknown'],
  ]
  for (const [path, kind] of kinds) {
    const target = parseTarget(path)
    assert.ok(target !== undefined, path)
    assert.equal(parseIngressCall(target).kind, kind, path)
  }
})

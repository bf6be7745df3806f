/** Which hosts and origins the guard takes for those of its own users. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedHosts, isForeign, isHostAllowed, nameOfHost } from '../../../src/lib/network/caller.ts'

test('Host may name this machine or a configured name, in any case, with any port and with the dot of a full name', () => {
  const allowed = allowedHosts(['classify.example.org', '10.0.0.7', '[fd00::7]'])
  const good = [
    ...[
      'localhost',
      'localhost:8080',
      'LocalHost:8080',
      'localhost.',
      'localhost.:8080',
      '127.0.0.1',
      '127.0.0.1:28080',
    ],
    ...['[::1]', '[::1]:9070', 'classify.example.org', 'CLASSIFY.example.ORG:443', '10.0.0.7:8080', '[FD00::7]:8080'],
  ]
  for (const host of good) assert.ok(isHostAllowed(host, allowed), host)
  const bad = [
    ...[
      '',
      ' ',
      'evil.example',
      'evil.example:8080',
      'localhost.evil.example',
      'evil-localhost',
      'localhost..',
      '.localhost',
    ],
    ...['127.0.0.1.evil.example', '127.0.0.2', '127.1', '2130706433', '0.0.0.0', '0x7f000001', '::1', '[::1', '[::2]'],
    ...['localhost:', 'localhost:8080:1', 'localhost:123456', 'localhost:80a', 'localhost/x', 'localhost@evil.example'],
    ...[
      'user@localhost',
      'localhost, evil.example',
      'localhost evil',
      'localhost\t',
      'loc%61lhost',
      '[::ffff:127.0.0.1]',
    ],
    ...['classify.example.org.evil.example', 'sub.classify.example.org'],
  ]
  for (const host of bad) assert.ok(!isHostAllowed(host, allowed), host)
  assert.equal(nameOfHost('A.B:1'), 'a.b')
})

test('a browser that speaks for a page of another origin is foreign, and a program is not', () => {
  const host = 'localhost:8080'
  const good: readonly [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['http://localhost:8080', 'same-origin'],
    ['http://LOCALHOST:8080', undefined],
    ['https://localhost:8080', undefined],
    [undefined, 'none'],
    [undefined, 'same-origin'],
  ]
  for (const [origin, site] of good) assert.ok(!isForeign({ host, origin, site }), `${origin} ${site}`)
  const bad: readonly [string | undefined, string | undefined][] = [
    ['http://evil.example', undefined],
    ['http://localhost', undefined],
    ['http://localhost:3000', 'same-site'],
    ['http://127.0.0.1:8080', undefined],
    ['http://localhost:8080.evil.example', undefined],
    ['http://localhost:8080@evil.example', undefined],
    ['http://localhost:8080', 'cross-site'],
    ['null', undefined],
    ['', undefined],
    ['file://', undefined],
    ['chrome-extension://localhost:8080', undefined],
    [undefined, 'cross-site'],
    [undefined, 'same-site'],
    [undefined, 'Same-Origin'],
    [undefined, 'same-origin, cross-site'],
    [undefined, ''],
  ]
  for (const [origin, site] of bad) assert.ok(isForeign({ host, origin, site }), `${origin} ${site}`)
})

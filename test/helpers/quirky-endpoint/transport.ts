/** Quirks of what lies between us and a model: proxies, redirects, broken and hostile bodies. */
import { gzipSync } from 'node:zlib'
import { message, type Quirk, refusal } from './types.ts'

/** A body of 64 MB of spaces, which is 64 kB as it is sent. */
let bomb: Buffer | undefined
const bombOf = () => (bomb ??= gzipSync(Buffer.alloc(64 * 1_024 * 1_024, ' ')))

export const TRANSPORT = {
  'gzip-bomb': () => ({ headers: { 'content-encoding': 'gzip' }, body: bombOf() }),
  'gzip-bomb-refused': () => ({ status: 400, headers: { 'content-encoding': 'gzip' }, body: bombOf() }),
  'gzip-bomb-unsaid': () => ({ body: bombOf() }),
  gzip: (seen) => ({
    headers: { 'content-encoding': 'gzip' },
    body: gzipSync(JSON.stringify(seen.completion({ role: 'assistant', content: seen.text }))),
  }),
  'endless-body': () => ({
    raw: (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const part = ' '.repeat(65_536)
      const send = () => {
        while (!response.destroyed && response.write(part));
      }
      response.on('drain', send)
      send()
    },
  }),
  'body-without-end': () => ({
    raw: (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const timer = setInterval(() => response.write(' '), 20)
      response.once('close', () => clearInterval(timer))
    },
  }),
  'deep-body': () => ({ body: `{"choices":${'['.repeat(500_000)}` }),
  'permanent-redirect': (seen) => ({
    status: 308,
    headers: { location: `https://elsewhere.example${seen.path}?key=hidden` },
  }),
  'passing-redirect': () => ({ status: 302, headers: { location: '/login' }, body: '<html>Sign in</html>' }),
  'proxy-403': () => ({
    status: 403,
    headers: { 'content-type': 'text/html' },
    body: '<html><title>403 Forbidden</title><body>nginx</body></html>',
  }),
  'gemini-bad-key': () => ({
    status: 400,
    body: [
      { error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' } },
    ],
  }),
  'request-id': (seen) => ({
    ...message(seen, { content: seen.text }),
    headers: { 'x-request-id': `req_${seen.index}` },
  }),
  'request-id-refused': (seen) => refusal(401, 'no', {}, { 'x-request-id': `req_${seen.index}` }),
} as const satisfies Readonly<Record<string, Quirk>>

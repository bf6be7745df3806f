/** Tests of security: the guard, signed calls, bodies that are too large, users and capabilities, and the content of the image. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Cluster, ROOT } from '../cluster.ts'
import { docker } from '../docker.ts'

/** Services whose images run as root, because their volume belongs to root; they have no capabilities. */
const ROOT_BY_IMAGE = ['minio', 'restate-1', 'restate-2', 'restate-3', 'restate-4', 'restate-5']
const TOO_LARGE_BYTES = 40 * 1_024 * 1_024

export function securityTests(getCluster: () => Cluster): void {
  test('a replica refuses calls that no node has signed', async () => {
    const replica = await getCluster().container('classify-service')
    for (const [method, path] of [
      ['POST', '/invoke/classify-api/batch'],
      ['POST', '/invoke/classifier/chunk'],
      ['GET', '/discover'],
    ]) {
      const ask = `fetch('http://nginx:9080${path}', { method: '${method}' }).then((response) => console.log(response.status))`
      const status = await docker(['exec', replica.ID, 'node', '-e', ask])
      assert.equal(status.trim(), '401', `${method} ${path}`)
    }
  })

  test('a body of 40 MB is refused with 413 and a clear message', async () => {
    for (const url of getCluster().ingressUrls) {
      const { status, text } = await announce(`${url}/classify-api/batch`, TOO_LARGE_BYTES)
      assert.equal(status, 413)
      assert.match(text, /larger than 33554432 bytes/)
    }
  })

  test('a foreign Host and a page of another origin are refused on every port of every node', async () => {
    const { ingressUrls, adminUrls } = getCluster()
    const calls = [
      ...ingressUrls.map((url) => [url, '/classify-api/budget', '{"rpm":1}'] as const),
      ...adminUrls.map((url) => [url, '/deployments', '{"uri":"http://evil.example"}'] as const),
    ]
    for (const [url, path, body] of calls) {
      const foreign = [
        [{ host: `rebound.example:${new URL(url).port}` }, /foreign-host/],
        [{ origin: 'http://evil.example' }, /foreign-origin/],
        [{ 'sec-fetch-site': 'cross-site' }, /foreign-origin/],
      ] as const
      for (const [headers, code] of foreign) {
        const { status, text } = await post(`${url}${path}`, headers, body)
        assert.equal(status, 403, url)
        assert.match(text, code)
      }
    }
  })

  test('no other container and no program of the host reaches ingress or admin past the guard', async () => {
    const replica = await getCluster().container('classify-service')
    for (const node of [1, 2, 3, 4, 5]) {
      const { ID } = await getCluster().container(`restate-${node}`)
      const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
      const address = (await docker(['inspect', '--format', format, ID])).trim()
      for (const port of [8080, 9070]) {
        const ask = `fetch('http://restate-${node}:${port}/').then(() => console.log('open'), () => console.log('closed'))`
        assert.equal((await docker(['exec', replica.ID, 'node', '-e', ask])).trim(), 'closed')
        await assert.rejects(fetch(`http://${address}:${port}/`), `${address}:${port}`)
      }
    }
  })

  test('only containers whose image demands it run as root, and none has a capability or can gain one', async () => {
    const asRoot: string[] = []
    for (const { ID, Service, State } of await getCluster().containers()) {
      // The service that writes the secrets has ended.
      if (State !== 'running') continue
      const status = await docker(['exec', ID, 'cat', '/proc/1/status'])
      const of = (field: string) => new RegExp(`^${field}:\\s+(\\S+)`, 'm').exec(status)?.[1]
      if (of('Uid') === '0') asRoot.push(Service)
      assert.match(of('CapEff') ?? '', /^0+$/, `${Service} has capabilities`)
      assert.match(of('CapBnd') ?? '', /^0+$/, `${Service} could gain capabilities`)
      assert.equal(of('NoNewPrivs'), '1', Service)
    }
    assert.deepEqual(asRoot.sort(), ROOT_BY_IMAGE)
  })

  test('the image holds what the service needs, and no development dependency', async () => {
    const image = getCluster().env.CLASSIFY_IMAGE ?? ''
    const run = (...command: string[]) =>
      docker(['run', '--rm', '--entrypoint', command[0] ?? '', image, ...command.slice(1)])
    const listed = (await run('ls', '-A', '/app')).trim().split('\n').sort()
    assert.deepEqual(listed, [
      ...['.compile-cache', 'docker', 'docs', 'node_modules', 'package-lock.json', 'package.json', 'src'],
    ])
    // The guard serves the document of the API.
    assert.deepEqual((await run('ls', '-A', '/app/docs')).trim().split('\n'), ['openapi.json'])
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >
    const installed = new Set((await run('sh', '-c', 'cd node_modules && ls -d * @*/*')).trim().split('\n'))
    for (const name of Object.keys(dependencies)) assert.ok(installed.has(name), `${name} is missing`)
    // A production dependency may bring a package that the tests use as well, but no development tool.
    const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>
    }
    const tools = Object.keys(devDependencies).filter((name) => packages[`node_modules/${name}`]?.dev === true)
    assert.ok(tools.length > 10)
    assert.deepEqual(
      tools.filter((name) => installed.has(name)),
      [],
    )
    await run('npm', 'ls', '--omit=dev', '--all')
  })

  test('the image carries no secret', async () => {
    const image = getCluster().env.CLASSIFY_IMAGE ?? ''
    const history = await docker(['history', '--no-trunc', '--format', '{{.CreatedBy}}', image])
    const environment = await docker(['inspect', '--format', '{{json .Config.Env}}', image])
    for (const text of [history, environment]) {
      assert.doesNotMatch(text, /(KEY|PASSWORD|SECRET|TOKEN)\w*=/i)
      for (const secret of Object.values(getCluster().secrets)) assert.ok(!text.includes(secret))
    }
  })
}

async function post(url: string, headers: Readonly<Record<string, string>>, body: string) {
  const sent = request(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }).end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  return { status: response.statusCode ?? 0, text }
}

/** Announces a body of this length and waits for permission to send it, as curl does, but never sends it. */
async function announce(url: string, bytes: number): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { 'content-type': 'application/json', 'content-length': bytes, expect: '100-continue' }
  const sent = request(url, { method: 'POST', headers })
  sent.flushHeaders()
  const [response] = (await Promise.race([
    once(sent, 'response'),
    once(sent, 'continue').then(() => Promise.reject(new Error(`${url} would take a body of ${bytes} bytes`))),
  ])) as [IncomingMessage]
  response.setEncoding('utf8')
  let text = ''
  for await (const part of response) text += part
  sent.destroy()
  return { status: response.statusCode ?? 0, text }
}

/** Tests of a cluster in other people's surroundings: Docker's proxies, and a `.env` that Compose and this program read. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { READ_BY_COMPOSE } from '../../helpers/dot-env-cases.ts'
import type { Cluster } from '../cluster.ts'
import { docker } from '../docker.ts'

/** Services that do their work and end, so that nobody calls them. */
const ONE_SHOT = ['secrets', 'provision']

/** The cluster was made with `isHostile`. */
export function surroundingsTests(getCluster: () => Cluster): void {
  test('every container has the proxies of Docker, and still reaches the others without them', async () => {
    for (const { ID, Service, State } of await getCluster().containers()) {
      const environment = await docker(['inspect', '--format', '{{json .Config.Env}}', ID])
      assert.match(environment, /"HTTP_PROXY=http:\/\/127\.0\.0\.1:9"/, Service)
      if (State !== 'running') continue
      const [, noProxy = ''] = /"no_proxy=([^"]*)"/.exec(environment) ?? []
      const services = (await getCluster().compose('config', '--services')).trim().split('\n')
      const reached = [...services.filter((name) => !ONE_SHOT.includes(name)), 'localhost', '127.0.0.1']
      assert.deepEqual(
        reached.filter((name) => !noProxy.split(',').includes(name)),
        [],
        Service,
      )
    }
  })

  test('this program reads .env as Compose does', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'classify-dot-env-'))
    const [file, compose] = [join(directory, '.env'), join(directory, 'compose.yml')]
    try {
      await writeFile(compose, `services: { a: { image: x, environment: { V: "\${V-unset}", W: "\${W-unset}" } } }\n`)
      for (const [text, values] of READ_BY_COMPOSE) {
        await writeFile(file, text)
        const printed = await docker(['compose', '--env-file', file, '-f', compose, 'config', '--format', 'json'])
        const { environment } = (JSON.parse(printed) as { services: { a: { environment: Record<string, string> } } })
          .services.a
        // Compose prints a $ twice, so that its output can be read again.
        const read = Object.entries(environment).map(([name, value]) => [name, value.replaceAll('$$', '$')])
        assert.deepEqual(
          Object.fromEntries(read.filter(([, value]) => value !== 'unset')),
          values,
          JSON.stringify(text),
        )
      }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
}

/** Changed files below docker/ and nginx/: the script that copies them says when, and every part that reads them is known. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { parseContainers } from '../../../../src/cli/cluster/containers.ts'
import { parseChanges } from '../../../../src/cli/cluster/outdated.ts'

const COMPOSE = readFileSync(new URL('../../../../docker-compose.cluster.yml', import.meta.url), 'utf8')
const SCRIPT = readFileSync(new URL('../../../../docker/secrets/make.sh', import.meta.url), 'utf8')

const root = mkdtempSync(join(tmpdir(), 'classify-files-'))
after(() => rmSync(root, { recursive: true, force: true }))

test('the log tells when the files of each folder last changed, and a start with the same files changes nothing', async () => {
  for (const volume of ['files', 'nginx', 'grafana']) mkdirSync(join(root, 'readable', volume), { recursive: true })
  for (const volume of ['database', 'snapshots', 'grafana', 'console', 'model', 'guard'])
    mkdirSync(join(root, 'secrets', volume), { recursive: true })
  const given = (path: string, text: string) => {
    mkdirSync(join(root, 'given', dirname(path)), { recursive: true })
    writeFileSync(join(root, 'given', path), text)
  }
  const longAgo = new Date('2026-01-02T03:04:05Z')
  const changed = async () => {
    for (const path of readdirSync(join(root, 'readable'), { recursive: true }))
      utimesSync(join(root, 'readable', String(path)), longAgo, longAgo)
    const script = SCRIPT.replaceAll(/\/(given|secrets|readable)\//g, `${root}/$1/`)
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { env: { PATH: process.env.PATH } })
    const times = [...parseChanges(stdout.replaceAll(`${root}/`, '/'))]
    return times.filter(([path, ms]) => path.startsWith('/readable/') && ms !== longAgo.getTime()).map(([path]) => path)
  }
  for (const path of ['docker/watch.sh', 'docker/health.sh', 'docker/restate/start.sh', 'docker/prometheus/alerts.yml'])
    given(path, 'first')
  given('docker/grafana/datasources/prometheus.yml', 'first')
  given('nginx/nginx.conf', 'first')
  given('nginx/call.conf', 'first')
  await changed()
  assert.deepEqual(await changed(), [])
  given('docker/watch.sh', 'second')
  given('nginx/call.conf', 'second')
  assert.deepEqual(await changed(), ['/readable/files/watch.sh', '/readable/nginx'])
  given('docker/prometheus/alerts.yml', 'second')
  given('docker/grafana/datasources/prometheus.yml', 'second')
  assert.deepEqual(await changed(), ['/readable/files/prometheus', '/readable/grafana/datasources'])
  rmSync(join(root, 'given', 'nginx', 'call.conf'))
  assert.deepEqual(await changed(), ['/readable/nginx'], 'a file that is gone')
})

test('every file that a part of the Compose file reads is one whose change is seen', () => {
  const folders = [...(/^for part in (.*); do$/m.exec(SCRIPT)?.[1] ?? '').split(' '), 'identity']
  for (const [, name = ''] of COMPOSE.matchAll(/(?<![\w/])\/files\/([\w.-]+)/g))
    assert.ok(folders.includes(name) || name === 'watch.sh', name)
  // Volumes of copied files that are mounted elsewhere than at /files are known by that place.
  const places = [...COMPOSE.matchAll(/\bfiles-\w+:(\/etc\/[\w/]+):ro/g)].map(([, place]) => place)
  assert.deepEqual(places, ['/etc/nginx', '/etc/grafana/provisioning'])
  for (const Destination of places) {
    const part = {
      Id: '1',
      RestartCount: 0,
      State: { Status: 'running', ExitCode: 0, StartedAt: '2026-01-02T03:04:05Z' },
      Config: { Labels: {} },
      Mounts: [{ Destination }],
      NetworkSettings: {},
    }
    assert.notDeepEqual(parseContainers(JSON.stringify([part]))[0]?.reads, [], Destination)
  }
})

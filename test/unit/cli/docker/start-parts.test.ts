/** Commands of the cluster with a program that answers for Docker: secrets that changed, parts that are missing, and what asks before it removes. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { CommandResult, Compose } from '../../../../src/cli/cluster/compose.ts'
import { type Container, parseContainers } from '../../../../src/cli/cluster/containers.ts'
import { verifyLogin } from '../../../../src/cli/cluster/login.ts'
import { findOutdated, parseChanges } from '../../../../src/cli/cluster/outdated.ts'
import { readWantedServices } from '../../../../src/cli/docker/missing-services.ts'
import { runCli } from '../../../helpers/cli/cli.ts'

const root = mkdtempSync(join(tmpdir(), 'classify-start-'))
after(() => rmSync(root, { recursive: true, force: true }))

/** When the containers started: after any signing key that a command makes here. */
const STARTED = '2100-01-01T10:00:00.500Z'
const SECOND = Date.parse(STARTED) / 1_000
const BEFORE = Math.floor(SECOND) - 10
const AFTER = Math.floor(SECOND) + 10

/** What `docker inspect` says of a container that reads the secrets of these volumes and has this command. */
const inspected = (
  service: string,
  secrets: readonly string[] = [],
  Status = 'running',
  Cmd: readonly string[] = [],
  mounts: readonly string[] = [],
) => ({
  Id: Buffer.from(service).toString('hex').padEnd(64, '0').slice(0, 64),
  RestartCount: 0,
  State: { Status, ExitCode: 0, StartedAt: STARTED, Health: { Status: 'healthy' } },
  Config: { Labels: { 'com.docker.compose.service': service, 'com.docker.compose.container-number': '1' }, Cmd },
  Mounts: ['/files', ...mounts, ...secrets.map((volume) => `/secrets/${volume}`)].map((Destination) => ({
    Destination,
  })),
  NetworkSettings: { Ports: {}, Networks: {} },
})

const PARTS = [
  inspected('secrets', ['database', 'snapshots', 'grafana', 'model', 'guard', 'console'], 'exited'),
  inspected('timescaledb', ['database']),
  inspected('pgbouncer', ['database']),
  inspected('classify-service', ['database', 'model']),
  inspected('guard', ['database', 'guard']),
  inspected('console', ['database', 'guard', 'console']),
  inspected('restate-1', ['snapshots']),
  inspected('minio', ['snapshots']),
  inspected('grafana', ['grafana']),
  inspected('nginx'),
]

test('a secret that changed starts anew all that read it, and nothing else', () => {
  const containers = parseContainers(JSON.stringify(PARTS))
  const outdated = (changes: Record<string, number>, keyAt = BEFORE) => {
    const log = Object.entries(changes).map(([volume, at]) => `changed ${at} /secrets/${volume}\n`)
    return findOutdated(containers, parseChanges(log.join('')), keyAt * 1_000)
      .map(({ service }) => service)
      .toSorted()
  }
  const all = { database: BEFORE, snapshots: BEFORE, grafana: BEFORE, model: BEFORE, guard: BEFORE, console: BEFORE }
  assert.deepEqual(outdated(all), [])
  const ofDatabase = ['classify-service', 'console', 'guard', 'pgbouncer', 'timescaledb']
  assert.deepEqual(outdated({ ...all, database: AFTER }), ofDatabase)
  assert.deepEqual(outdated({ ...all, snapshots: AFTER }), ['minio', 'restate-1'])
  assert.deepEqual(outdated({ ...all, model: AFTER }), ['classify-service'])
  assert.deepEqual(outdated({ ...all, console: AFTER }), ['console'])
  assert.deepEqual(outdated({ ...all, grafana: AFTER }), ['grafana'])
  // Guard and console look at the tokens of callers again and again.
  assert.deepEqual(outdated({ ...all, guard: AFTER }), [])
  assert.deepEqual(outdated(all, AFTER), ['classify-service', 'restate-1'])
  assert.deepEqual(outdated({}), [], 'a script of an earlier release prints no times')
  const later = parseChanges(`changed ${AFTER} /secrets/model\nchanged ${BEFORE} /secrets/model\n`)
  assert.equal(later.get('/secrets/model'), BEFORE * 1_000, 'the last run of the script counts')
})

/** A Compose whose `docker exec` gives these results, the last one again and again. */
function composeOf(results: readonly Partial<CommandResult>[]) {
  const asked: string[][] = []
  const docker: Compose['docker'] = async (args) => {
    const result = results[Math.min(asked.length, results.length - 1)]
    asked.push([...args])
    return { code: 0, stdout: '', stderr: '', ...result }
  }
  return { asked, compose: { place: 'here', isRemote: false, run: docker, docker } satisfies Compose }
}

test('the cluster is not called ready while the database takes no new login', async () => {
  const containers = parseContainers(JSON.stringify(PARTS))
  const { signal } = new AbortController()
  const refused = { code: 1, stderr: 'psql: error: FATAL:  SASL authentication failed\nPgBouncer takes no new login\n' }
  const bad = composeOf([refused])
  await assert.rejects(verifyLogin(bad.compose, containers, signal, 0), {
    code: 'cluster-failed',
    message: /new connection.*refused[\s\S]*SASL authentication failed[\s\S]*POSTGRES_PASSWORD_FILE.*cluster:5node/,
  })
  const pgbouncer = containers.find(({ service }) => service === 'pgbouncer')
  assert.deepEqual(bad.asked[0], ['exec', pgbouncer?.id, 'sh', '/files/pgbouncer/login.sh'])
  await verifyLogin(composeOf([refused, {}]).compose, containers, signal, 60_000)
  await verifyLogin(composeOf([{ code: 127 }]).compose, containers, signal, 0)
  const none: Container[] = []
  await verifyLogin(bad.compose, none, signal, 0)
})

test('a part that is scaled to 0 or belongs to a profile is not missed', () => {
  const services = {
    guard: {},
    minio: { deploy: { replicas: 0 } },
    console: { deploy: { replicas: 1 } },
    grafana: { profiles: ['grafana'] },
  }
  assert.deepEqual(readWantedServices(JSON.stringify({ services })), ['guard', 'console'])
  for (const service of ['guard', 'secrets', 'provision', 'restate-5']) {
    assert.ok(readWantedServices('not JSON').includes(service), service)
  }
})

/**
 * Runs a command with a program that answers for Docker: `there` are the containers, `wanted` the services of the Compose file, and
 * calls whose arguments contain `fails` fail.
 */
async function run(
  args: readonly string[],
  options: {
    there?: readonly ReturnType<typeof inspected>[]
    wanted?: readonly string[]
    fails?: string
    log?: string
  },
) {
  const { there = PARTS, wanted = [], fails = 'no such call', log = '' } = options
  const bin = mkdtempSync(join(root, 'bin-'))
  const asked = join(bin, 'asked')
  writeFileSync(asked, '')
  writeFileSync(join(bin, 'inspected'), JSON.stringify(there))
  writeFileSync(join(bin, 'ids'), there.map(({ Id }) => `${Id}\n`).join(''))
  writeFileSync(join(bin, 'config'), JSON.stringify({ services: Object.fromEntries(wanted.map((name) => [name, {}])) }))
  writeFileSync(join(bin, 'log'), log)
  const script = `#!/bin/sh
echo "$*" >>'${asked}'
case "$*" in
  version*) echo 29.0.0 ;;
  'context inspect'*) printf 'default\\tunix:///var/run/docker.sock\\n' ;;
  'compose version'*) echo 2.40.0 ;;
  *' config --format json') cat '${bin}/config' ;;
  *' ps --all --quiet') cat '${bin}/ids' ;;
  inspect*) cat '${bin}/inspected' ;;
  logs*) cat '${bin}/log' ;;
  *'${fails}'*) echo 'refused here' >&2; exit 1 ;;
esac
`
  writeFileSync(join(bin, 'docker'), script)
  chmodSync(join(bin, 'docker'), 0o755)
  const result = await runCli(args, {
    env: {
      PATH: `${bin}:${process.env['PATH']}`,
      CLUSTER_IDENTITY_DIR: join(bin, 'identity'),
      DATA_DIR: join(bin, 'data'),
    },
    cwd: bin,
  })
  return { ...result, asked: readFileSync(asked, 'utf8').trimEnd().split('\n') }
}

test('cluster:start creates a part whose container is gone, and starts it with the others', async () => {
  const there = PARTS.filter(({ Config }) => Config.Labels['com.docker.compose.service'] !== 'guard')
  const wanted = ['guard', 'nginx', 'pgbouncer']
  const { code, stderr, asked } = await run(['cluster:start'], { there, wanted, fails: ' start ' })
  assert.equal(code, 1)
  assert.match(stderr, /Creating guard, of which there is no container/)
  const created = asked.findIndex((line) => / up --no-start --no-deps --no-recreate --no-build guard$/.test(line))
  const started = asked.findIndex((line) => / start .*\bguard\b/.test(line))
  assert.ok(created >= 0 && started > created, asked.join('\n'))
})

test('cluster:start starts anew what runs with a secret of before', async () => {
  const log = `changed ${AFTER} /secrets/database\n`
  const { code, stderr, asked } = await run(['cluster:start'], { log, fails: ' stop ' })
  assert.equal(code, 1)
  assert.match(stderr, /Restarting .*pgbouncer.* before a change of the secret database/)
  const stopped = asked.find((line) => line.includes(' stop ')) ?? ''
  for (const service of ['timescaledb', 'pgbouncer', 'classify-service', 'guard', 'console']) {
    assert.match(stopped, new RegExp(`\\b${service}\\b`))
  }
  assert.doesNotMatch(stopped, /restate|minio|nginx/)
})

test('cluster:start starts anew what runs with a file of before, and names it by its place in the clone', async () => {
  const watched = ['sh', '/files/watch.sh', '8', 'curl http://127.0.0.1:9082/']
  const there = [
    inspected('secrets', [], 'exited'),
    inspected('nginx', [], 'running', [...watched, 'sh', '/files/nginx/start.sh'], ['/etc/nginx']),
    inspected('pgbouncer', [], 'running', [...watched, 'sh', '/files/pgbouncer/start.sh']),
    inspected('restate-1', [], 'running', ['sh', '/files/restate/start.sh']),
    inspected('prometheus', [], 'running', ['--config.file=/files/prometheus/prometheus.yml']),
    inspected('grafana', ['grafana'], 'running', [], ['/etc/grafana/provisioning']),
  ]
  const stoppedBy = async (...paths: readonly string[]) => {
    const log = paths.map((path) => `changed ${AFTER} ${path}\n`).join('')
    const { stderr, asked } = await run(['cluster:start'], { there, log, fails: ' stop ' })
    const words = asked.find((line) => / stop /.test(line))?.replace(/^.* stop /, '') ?? ''
    return { services: words.split(' ').toSorted(), said: /before a change of .*/.exec(stderr)?.[0] }
  }
  assert.deepEqual(await stoppedBy('/readable/nginx', '/readable/files/prometheus'), {
    services: ['nginx', 'prometheus'],
    said: 'before a change of nginx/, docker/prometheus/',
  })
  assert.deepEqual((await stoppedBy('/readable/files/watch.sh')).services, ['nginx', 'pgbouncer'])
  assert.deepEqual(await stoppedBy('/readable/files/restate', '/readable/grafana/dashboards'), {
    services: ['grafana', 'restate-1'],
    said: 'before a change of docker/grafana/dashboards/, docker/restate/',
  })
  // With nothing to restart the command would go on and wait for a cluster.
  const ofNobody = parseChanges(`changed ${AFTER} /readable/files/pin-images.sh\n`)
  assert.deepEqual(findOutdated(parseContainers(JSON.stringify(there)), ofNobody, BEFORE * 1_000), [])
})

test('cluster:ps names what is missing', async () => {
  const there = PARTS.filter(({ Config }) => Config.Labels['com.docker.compose.service'] !== 'guard')
  const { stderr } = await run(['cluster:ps'], { there, wanted: ['guard', 'nginx'] })
  assert.match(stderr, /^guard is missing: npm run cluster:start creates it$/m)
  assert.doesNotMatch(stderr, /nginx is missing/)
})

for (const command of [['cluster:clean'], ['purge', 'run-20261129100000-00000000']]) {
  test(`${command[0]} removes nothing where nobody can be asked and --yes is not given`, async () => {
    const { code, stderr, asked } = await run(command, {})
    assert.equal(code, 2, stderr)
    assert.match(stderr, /Standard input is not a terminal, so that nobody can be asked: give --yes/)
    assert.deepEqual(asked, [''])
  })
}

test('cluster:clean --yes removes the cluster without a question', async () => {
  const { code, asked } = await run(['cluster:clean', '--yes'], {})
  assert.equal(code, 0)
  assert.ok(asked.some((line) => line.endsWith(' down --volumes --remove-orphans')))
})

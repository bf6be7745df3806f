/** The console of the cluster: how its container is closed, how it is started, and how its link reaches the one who may have it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { describeConsole } from '../../../../src/cli/cluster/addresses.ts'
import type { Compose } from '../../../../src/cli/cluster/compose.ts'
import { parseContainers } from '../../../../src/cli/cluster/containers.ts'
import { findUnreadyContainers } from '../../../../src/cli/cluster/readiness.ts'
import { findConsole, removeSecretFiles } from '../../../../src/cli/cluster/secrets.ts'
import { readConfig } from '../../../../src/config/config.ts'
import { VARIABLE_NAMES } from '../../../../src/config/variables.ts'
import { CONSOLE_NODE_OPTIONS } from '../../../../src/lib/network/console-link.ts'

interface Service {
  readonly [key: string]: unknown
  readonly environment: Readonly<Record<string, string | number | null>>
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly entrypoint: readonly string[]
}

const root = new URL('../../../../', import.meta.url)
const readRoot = async (path: string) => await readFile(new URL(path, root), 'utf8')
const { services } = parse(await readRoot('docker-compose.cluster.yml'), { merge: true }) as {
  services: Record<string, Service>
}
const service = services['console']
const directory = await mkdtemp(join(tmpdir(), 'classify-cluster-console-'))
after(() => rm(directory, { recursive: true, force: true }))

test('the container of the console is closed as those of other parts are, and published on this machine alone', () => {
  assert.ok(service !== undefined)
  const { read_only: isReadOnly, cap_drop: dropped, security_opt: options, user, mem_limit: limit } = service
  assert.deepEqual([isReadOnly, dropped, options, user], [true, ['ALL'], ['no-new-privileges:true'], undefined])
  assert.ok(limit !== undefined && 'healthcheck' in service)
  assert.match(service.ports.join(), /^127\.0\.0\.1:\$\{CLUSTER_CONSOLE_PORT:-8090\}:8090$/)
  assert.equal(service['image'], services['guard']?.['image'])
  const secrets = service.volumes.filter((volume) => volume.startsWith('secret-'))
  assert.ok(secrets.every((volume) => volume.endsWith(':ro')))
  const values = Object.entries(service.environment).filter(([, value]) => value !== null)
  assert.deepEqual(
    values.filter(([name]) => /TOKEN$|PASSWORD$|KEY$/.test(name)),
    [],
    'no secret stands in docker inspect',
  )
})

test('the console reaches every node by the guard, which knows that name', () => {
  const urlsOf = (name: string) => String(service?.environment[name]).split(',')
  const portsOf = (name: string) =>
    String(services['guard']?.environment[name])
      .split(',')
      .map((route) => `http://guard:${route.split('=')[0]}`)
  assert.deepEqual(urlsOf('RESTATE_INGRESS_URL'), portsOf('GUARD_INGRESS'))
  assert.deepEqual(urlsOf('RESTATE_ADMIN_URL'), portsOf('GUARD_ADMIN'))
  assert.match(String(services['guard']?.environment['ALLOWED_HOSTS']), /^guard,/)
  const own = ['PUBLISHED', 'ADMIN_PUBLISHED', 'TOKENS_GIVEN', 'POSTGRES_PASSWORD_FILE', 'NO_PROXY', 'no_proxy']
  for (const name of Object.keys(service?.environment ?? {}))
    assert.ok([...VARIABLE_NAMES, ...own].includes(name), `${name} is read by nothing`)
})

/** Runs docker/console/start.sh with a node that prints what it was given. */
async function start(env: Readonly<Record<string, string>>): Promise<{ args: string; env: Map<string, string> }> {
  const node = join(directory, 'node')
  await writeFile(node, '#!/bin/sh\necho "$*"\nenv\n')
  await chmod(node, 0o755)
  const script = new URL('docker/console/start.sh', root).pathname
  const { stdout } = await promisify(execFile)('sh', [script], {
    env: { PATH: `${directory}:${process.env['PATH']}`, PUBLISHED: '18090', ADMIN_PUBLISHED: '19070', ...env },
  })
  const [args = '', ...lines] = stdout.trimEnd().split('\n')
  return { args, env: new Map(lines.map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)])) }
}

test('the console starts with the options of npm start, and with what keeps its memory small', async () => {
  const { args, env } = await start({})
  assert.equal(args, [...CONSOLE_NODE_OPTIONS, 'src/console/main.ts'].join(' '))
  assert.deepEqual([env.get('NODE_DISABLE_COMPILE_CACHE'), env.get('MALLOC_ARENA_MAX')], ['1', '1'])
})

test('its own token opens the console, or the tokens of a file do, and then it shows its own to the guard', async () => {
  const open = (await start({})).env
  assert.equal(open.get('CONSOLE_TOKEN_FILE'), '/secrets/console/CONSOLE_TOKEN')
  assert.ok(!open.has('API_TOKENS_FILE') && !open.has('API_TOKEN_FILE'))
  assert.equal(open.get('CONSOLE_URL'), 'http://127.0.0.1:18090')
  assert.equal(open.get('RESTATE_UI_URL'), 'http://127.0.0.1:19070/ui/')
  const closed = (await start({ TOKENS_GIVEN: './tokens', CONSOLE_URL: 'https://tools.example/classify' })).env
  assert.equal(closed.get('API_TOKENS_FILE'), '/secrets/guard/API_TOKENS')
  assert.equal(closed.get('API_TOKEN_FILE'), '/secrets/console/CONSOLE_TOKEN')
  assert.ok(!closed.has('CONSOLE_TOKEN_FILE') && !closed.has('RESTATE_UI_URL'))
  assert.equal(closed.get('CONSOLE_URL'), 'https://tools.example/classify')
})

const TOKEN = 'b'.repeat(48)
const containers = parseContainers(
  JSON.stringify([
    {
      Id: 'abc',
      RestartCount: 0,
      State: { Status: 'running', ExitCode: 0, StartedAt: '2026-11-22T21:13:06.5Z', Health: { Status: 'healthy' } },
      Config: { Labels: { 'com.docker.compose.service': 'console', 'com.docker.compose.container-number': '1' } },
      NetworkSettings: { Ports: { '8090/tcp': [{ HostIp: '127.0.0.1', HostPort: '49190' }] }, Networks: {} },
    },
  ]),
)
const compose: Compose = {
  place: 'context default',
  isRemote: false,
  run: async () => ({ code: 0, stdout: '', stderr: '' }),
  docker: async (args) => {
    const isAsked = args.join(' ') === 'exec abc cat /secrets/console/CONSOLE_TOKEN'
    return { code: isAsked ? 0 : 1, stdout: isAsked ? TOKEN : '', stderr: '' }
  },
}
const never = new AbortController().signal

test('the link stands in a file of the user alone, until the cluster is removed, and is shown to a terminal alone', async () => {
  const dataDir = join(directory, 'data')
  const config = readConfig({ DATA_DIR: dataDir })
  const file = join(dataDir, 'cluster', 'console-link')
  await mkdir(join(dataDir, 'cluster'), { recursive: true })
  await writeFile(file, 'of an earlier start', { mode: 0o644 })
  const found = await findConsole(compose, containers, config, never)
  const link = `http://127.0.0.1:49190/sign-in?token=${TOKEN}`
  assert.equal(found?.link, link)
  assert.equal(await readFile(file, 'utf8'), `${link}\n`)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.ok(describeConsole(found, true).includes(link))
  const logged = describeConsole(found, false)
  assert.ok(!logged.includes(TOKEN) && logged.includes('console-link') && logged.startsWith('http://127.0.0.1:49190'))
  await removeSecretFiles(config)
  await assert.rejects(stat(file), { code: 'ENOENT' })
  assert.equal(await findConsole(compose, [], config, never), undefined)
})

test('where tokens of a file open the console no link is made, and the address behind a proxy is the one that people open', async () => {
  const dataDir = join(directory, 'tokens')
  const env = { DATA_DIR: dataDir, API_TOKENS_FILE: './tokens', CONSOLE_URL: 'https://tools.example/classify' }
  const found = await findConsole(compose, containers, readConfig(env), never)
  assert.deepEqual(found, { url: 'https://tools.example/classify', link: undefined, file: undefined })
  assert.match(describeConsole(found, true), /a token of API_TOKENS_FILE opens/)
  await assert.rejects(stat(dataDir), { code: 'ENOENT' })
})

test('a cluster without a console is ready, and one whose console is not healthy is not', () => {
  const isNamed = (list: typeof containers) => findUnreadyContainers(list, 0).some((part) => part.service === 'console')
  assert.ok(!isNamed([]))
  assert.ok(!isNamed(containers))
  assert.ok(isNamed(containers.map((one) => ({ ...one, health: 'unhealthy' }))))
})

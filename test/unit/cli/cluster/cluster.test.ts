/** The parts of the cluster commands that need no Docker: the signing key, the containers, readiness, and the work of replicas. */
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseDeployments, parseMembers } from '../../../../src/cli/client/admin-node.ts'
import { describeModel } from '../../../../src/cli/cluster/addresses.ts'
import { composeArguments } from '../../../../src/cli/cluster/compose.ts'
import { type Container, hostUrl, nameOf, nodeUrl, parseContainers } from '../../../../src/cli/cluster/containers.ts'
import { logArguments } from '../../../../src/cli/cluster/logs.ts'
import { findUnreadyContainers } from '../../../../src/cli/cluster/readiness.ts'
import { findListingProblem } from '../../../../src/cli/cluster/register.ts'
import { createReplicaTally, parseReplicaMetrics, parseSamples } from '../../../../src/cli/cluster/replica-work.ts'
import { checkTokens, explainFailedBuild } from '../../../../src/cli/cluster/up.ts'
import { formatUnready, notReadyError } from '../../../../src/cli/cluster/wait.ts'
import { createProgram } from '../../../../src/cli/program.ts'
import { readConfig } from '../../../../src/config/config.ts'
import { base58, ensureIdentity as ensure, publicKeyOf } from '../../../../src/embedded/identity.ts'
import { readIdentityKeys } from '../../../../src/restate/identity-keys.ts'

/** Runs `work` with a temporary directory, which is removed afterwards. */
async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'classify-identity-'))
  try {
    await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function ensureIdentity(directory: string, isMounted = true) {
  return ensure({ directory, variable: 'CLUSTER_IDENTITY_DIR', value: directory, isMounted })
}

test('base58 is that of Bitcoin, leading zeros included', () => {
  assert.equal(base58(Buffer.from('Hello World!')), '2NEpo7TZRRrLZSi2U')
  assert.equal(base58(Buffer.from('0000287fb4cd', 'hex')), '11233QC4')
  assert.equal(base58(Buffer.alloc(3)), '111')
  assert.equal(base58(Buffer.alloc(0)), '')
})

test('the public key is the one that restate-server 1.7 logged for the same private key', () => {
  // RFC 8032, test 1: its private key as PKCS8.
  const der = Buffer.from(
    '302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'hex',
  )
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`
  assert.equal(publicKeyOf(pem), RFC8032_KEY)
  assert.throws(
    () => publicKeyOf(String(generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))),
    /x25519/,
  )
  assert.throws(() => publicKeyOf('nonsense'))
})

const RFC8032_KEY = 'publickeyv1_FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z'

test('the signing key is created once, in a directory that others cannot enter, and replicas read its public part', async () => {
  await inDirectory(async (directory) => {
    const first = await ensureIdentity(directory)
    assert.match(first.publicKey, /^publickeyv1_/)
    assert.equal((await stat(directory)).mode & 0o777, 0o700)
    assert.equal((await stat(first.file)).mode & 0o777, 0o644)
    const second = await ensureIdentity(directory)
    assert.deepEqual(second, first)
    assert.deepEqual(await readIdentityKeys([], join(directory, 'replicas')), [first.publicKey])
    const der = createPublicKey(await readFile(first.file, 'utf8')).export({ type: 'spki', format: 'der' })
    assert.ok(first.publicKey.endsWith(base58(der.subarray(-32))))
  })
})

test('where no container reads the key, nobody but its owner can read it', async () => {
  await inDirectory(async (directory) => {
    const { file, publicDir } = await ensureIdentity(directory, false)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal((await stat(publicDir)).mode & 0o777, 0o700)
  })
})

test('a key that a user puts in place is used, and its public part written; a file that is not a key is refused', async () => {
  await inDirectory(async (directory) => {
    const { file } = await ensureIdentity(directory)
    const pem = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await writeFile(file, pem)
    const { publicKey } = await ensureIdentity(directory)
    assert.equal(publicKey, publicKeyOf(pem))
    assert.ok((await readIdentityKeys([], join(directory, 'replicas'))).includes(publicKey))
    await writeFile(file, 'x')
    await assert.rejects(ensureIdentity(directory), { code: 'config-invalid', message: /CLUSTER_IDENTITY_DIR is/ })
  })
})

test('an empty directory of public keys means no signatures, and a damaged one stops the replica', async () => {
  await inDirectory(async (directory) => {
    assert.deepEqual(await readIdentityKeys([], undefined), [])
    assert.deepEqual(await readIdentityKeys([], directory), [])
    await writeFile(join(directory, 'a.pub'), `${RFC8032_KEY}\n\n`)
    await writeFile(join(directory, '.gitignore'), '*')
    assert.deepEqual(await readIdentityKeys(['publickeyv1_x', RFC8032_KEY], directory), ['publickeyv1_x', RFC8032_KEY])
    await writeFile(join(directory, 'b.pub'), `${RFC8032_KEY}\nnonsense\n`)
    await assert.rejects(readIdentityKeys([], directory), { code: 'config-invalid', message: /line 2 of b\.pub/ })
    await writeFile(join(directory, 'b.pub'), '\n')
    await assert.rejects(readIdentityKeys([], directory), { code: 'config-invalid', message: /b\.pub is empty/ })
    await assert.rejects(readIdentityKeys([], join(directory, 'missing')), {
      code: 'config-invalid',
      message: /ENOENT/,
    })
  })
})

test('Compose gets the file of this repository unless COMPOSE_FILE names another, and every profile where all are meant', () => {
  const unset = { composeFile: undefined, allProfiles: false }
  assert.deepEqual(composeArguments(['ps'], unset), ['-f', 'docker-compose.cluster.yml', 'ps'])
  assert.deepEqual(composeArguments(['ps'], { ...unset, composeFile: 'a.yml:b.yml' }), ['ps'])
  const all = composeArguments(['down'], { ...unset, allProfiles: true })
  assert.deepEqual(all.slice(2), ['--profile', 'prometheus', '--profile', 'grafana', 'down'])
  assert.deepEqual(logArguments({ follow: true }), ['--follow'])
  assert.deepEqual(logArguments({ follow: false, tail: 0 }), ['--tail', '0'])
})

const inspected = (service: string, number: number, state: Record<string, unknown> = {}) => ({
  Id: `id-${service}-${number}`,
  RestartCount: 0,
  State: {
    Status: 'running',
    ExitCode: 0,
    StartedAt: '2026-11-22T21:13:06.5Z',
    Health: { Status: 'healthy' },
    ...state,
  },
  Config: { Labels: { 'com.docker.compose.service': service, 'com.docker.compose.container-number': String(number) } },
  NetworkSettings: {
    Ports: { '9070/tcp': [{ HostIp: '127.0.0.1', HostPort: '49153' }], '9999/tcp': null },
    Networks: { some_default: { IPAddress: '172.18.0.9' } },
  },
})

test('docker inspect gives names, numbers, health, and the ports that were really published', () => {
  const json = JSON.stringify([
    inspected('restate-1', 1),
    inspected('classify-service', 10),
    inspected('classify-service', 2),
  ])
  const containers = parseContainers(json)
  assert.deepEqual(containers.map(nameOf), ['classify-service-2', 'classify-service-10', 'restate-1'])
  assert.equal(hostUrl(containers, 'restate-1', 9070), 'http://127.0.0.1:49153')
  assert.equal(hostUrl(containers, 'restate-1', 9999), undefined)
  assert.equal(hostUrl(containers, 'nobody', 9070), undefined)
  assert.equal(containers[0]?.address, '172.18.0.9')
  assert.throws(() => parseContainers('{}'), { code: 'cluster-failed' })
})

test('the ports of the nodes are those that the guard publishes, at the address that was chosen', () => {
  const publish = (ip: string) => ({
    ...inspected('guard', 1),
    NetworkSettings: {
      Ports: {
        '8080/tcp': [{ HostIp: ip, HostPort: '18080' }],
        '29070/tcp': [{ HostIp: ip, HostPort: '19070' }],
      },
    },
  })
  const at = (ip: string) => parseContainers(JSON.stringify([inspected('restate-1', 1), publish(ip)]))
  assert.equal(nodeUrl(at('127.0.0.1'), 'restate-1', 'ingress'), 'http://127.0.0.1:18080')
  assert.equal(nodeUrl(at('0.0.0.0'), 'restate-2', 'admin'), 'http://127.0.0.1:19070')
  assert.equal(nodeUrl(at('10.0.0.7'), 'restate-2', 'admin'), 'http://10.0.0.7:19070')
  assert.equal(nodeUrl(at('fd00::7'), 'restate-2', 'admin'), 'http://[fd00::7]:19070')
  assert.equal(nodeUrl(at('127.0.0.1'), 'restate-1', 'admin'), undefined)
})

test('a cluster that others can reach is not started without tokens, nor one with tokens by a command that has none', () => {
  const check = (env: Readonly<Record<string, string>>) => checkTokens(readConfig(env))
  check({})
  check({ CLUSTER_BIND: '::1' })
  check({ CLUSTER_BIND: '0.0.0.0', API_TOKENS_FILE: './tokens', API_TOKEN: 'x' })
  for (const CLUSTER_BIND of ['0.0.0.0', '10.0.0.7', '::']) {
    assert.throws(() => check({ CLUSTER_BIND }), { code: 'config-invalid', message: /CLUSTER_BIND.*API_TOKENS_FILE/ })
  }
  assert.throws(() => check({ API_TOKENS_FILE: './tokens' }), { code: 'config-invalid', message: /API_TOKEN_FILE/ })
})

test('a part that is not ready is named with its reason and the command that shows its logs', () => {
  const services = ['restate-1', 'restate-2', 'restate-3', 'restate-4', 'restate-5', 'guard', 'nginx', 'pgbouncer']
  const replicas = (count: number) => Array.from({ length: count }, (_, n) => inspected('classify-service', n + 1))
  const parse = (more: readonly unknown[]): Container[] =>
    parseContainers(JSON.stringify([...services.map((service) => inspected(service, 1)), ...more]))
  assert.deepEqual(findUnreadyContainers(parse(replicas(5)), 5), [])
  assert.match(formatUnready(findUnreadyContainers(parse(replicas(4)), 5)), /classify-service \(4 of 5 exist\)/)
  const failing = [
    ...replicas(5),
    inspected('minio', 1, { Status: 'exited', ExitCode: 1, Health: null }),
    inspected('timescaledb', 1, { Health: { Status: 'starting' } }),
    inspected('prometheus', 1, { Status: 'exited' }),
  ]
  const unready = findUnreadyContainers(parse(failing), 5)
  assert.equal(formatUnready(unready), 'minio (exited, exit code 1); timescaledb (starting)')
  const { message, code } = notReadyError(unready, 90_400)
  assert.equal(code, 'cluster-failed')
  assert.match(message, /after 90 s/)
  assert.match(message, /npm run cluster:logs -- --no-follow --tail 50 minio timescaledb/)
  assert.match(
    formatUnready(findUnreadyContainers([], 5)),
    /restate-1, .*guard, classify-service, nginx, pgbouncer \(missing\)/,
  )
})

test('members are the nodes that a node lists; any other answer has none', () => {
  assert.deepEqual(parseMembers('{"cluster_name":"classify","metadata_cluster_health":{"members":[1,4]}}'), [1, 4])
  for (const text of ['', '{}', '{"cluster_name":"classify"}', 'null']) assert.equal(parseMembers(text), undefined)
})

test('a deployment counts where a node lists it, at the address of the replicas, as BidiStream', () => {
  const list = (more: Record<string, unknown>) =>
    parseDeployments(
      JSON.stringify({
        deployments: [{ id: 'dp_1', uri: 'http://nginx:9080/', protocol_type: 'BidiStream', ...more }],
      }),
    )
  assert.equal(findListingProblem(list({}), 'dp_1'), undefined)
  assert.match(findListingProblem(list({}), 'dp_2') ?? '', /does not list/)
  assert.match(findListingProblem(list({ protocol_type: 'RequestResponse' }), 'dp_1') ?? '', /RequestResponse/)
  assert.match(findListingProblem(list({ uri: 'http://other:9080/' }), 'dp_1') ?? '', /other/)
  assert.match(findListingProblem(parseDeployments('nonsense'), 'dp_1') ?? '', /no list/)
})

test('all-in-one refuses --estimate, under which it classified the catalogue and spent money', async () => {
  const command = (await createProgram()).commands.find((candidate) => candidate.name() === 'all-in-one')
  const options = command?.options.map(({ long }) => long) ?? []
  assert.ok(options.includes('--max-cost'), 'other options of classify are there')
  assert.ok(!options.includes('--estimate'))
})

test('the offline model is described as such', () => {
  assert.match(describeModel('offline-rules', 'http://x:1'), /rules' guesses.*OPENAI_API_KEY/)
  assert.equal(describeModel('gpt-6-luna', 'http://x:1'), 'gpt-6-luna')
  assert.match(describeModel(undefined, undefined), /unknown/)
})

const metrics = (startedAt: number, batches: number, chunks: number, requests: number) => `
process_start_time_seconds ${startedAt}
classify_invocations_total{service="classify-api",handler="batch",outcome="suspended"} 99
classify_invocations_total{service="classify-api",handler="batch",outcome="completed"} ${batches}
classify_invocations_total{service="classifier",handler="chunk",outcome="completed"} ${chunks}
classify_model_requests_total{model="m",outcome="ok"} ${requests}
classify_model_requests_total{model="m",outcome="model-timeout"} 1
`

test('the work of replicas counts from the first look on, over restarts and with replicas that come later', () => {
  const tally = createReplicaTally()
  const look = (samples: Record<string, string>) =>
    tally.note(
      new Map(
        Object.entries(samples).flatMap(([name, text]) => {
          const sample = parseReplicaMetrics(text)
          return sample === undefined ? [] : [[name, sample] as const]
        }),
      ),
    )
  look({ 'classify-service-1': metrics(100, 10, 20, 30), 'classify-service-10': metrics(100, 0, 0, 0) })
  look({ 'classify-service-1': metrics(100, 12, 25, 36), 'classify-service-10': 'bad gateway' })
  // The first replica has been restarted, so that its counters begin at zero, and a second one has come.
  look({ 'classify-service-1': metrics(200, 1, 2, 3), 'classify-service-2': metrics(200, 4, 5, 6) })
  assert.deepEqual(Object.entries(tally.totals()), [
    ['classify-service-1', { batches: 3, chunks: 7, requests: 10 }],
    ['classify-service-2', { batches: 4, chunks: 5, requests: 7 }],
    ['classify-service-10', { batches: 0, chunks: 0, requests: 0 }],
  ])
})

test('metrics of several replicas are told apart by their address', () => {
  const text = `${metrics(100, 1, 2, 3)}\n#### http://172.18.0.4:9080/metrics\n\n#### http://172.18.0.5:9080/metrics\n${metrics(7, 4, 5, 6)}\n#### http://172.18.0.6:9080/metrics\n`
  const names = new Map([
    ['172.18.0.4', 'a'],
    ['172.18.0.5', 'silent'],
    ['172.18.0.6', 'c'],
  ])
  const samples = parseSamples(text, (address) => names.get(address))
  assert.deepEqual([...samples.keys()], ['a', 'c'])
  assert.equal(samples.get('c')?.startedAt, 7)
})

test('a build that fails where the shell has a proxy says that builds take those of Docker alone, without the proxy', () => {
  assert.equal(explainFailedBuild({}).length, 1)
  const said = explainFailedBuild({ https_proxy: 'http://user:hidden@proxy' }).join('\n')
  assert.match(said, /https_proxy of the shell does not reach a build.*config\.json/)
  assert.doesNotMatch(said, /hidden/)
})

/** The program `npm run check:pods`: runs the pods of the rendered chart in Docker, and does with them what an operator would. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeSecrets } from '../../src/cli/kubernetes/secrets.ts'
import { docker, findDockerProblem, tryDocker } from '../compose/docker.ts'
import { NAMESPACE, RELEASE, ROOT, render } from '../helpers/kubernetes/chart.ts'
import { podsOf } from '../helpers/kubernetes/pods.ts'
import { waitUntil } from '../helpers/wait.ts'
import { createPodCluster, type PodCluster, untilReady } from './cluster.ts'
import type { Secrets } from './files.ts'

const EXIT_NO_DOCKER = 3
const NAME = 'classify-pods'
const IMAGE = `${NAME}:test`
/** The components that run as the user postgres of their image. */
const OF_POSTGRES: ReadonlySet<string> = new Set(['timescaledb', 'pgbouncer'])

const problem = await findDockerProblem()
if (problem === undefined) await main()
else {
  say(problem)
  process.exitCode = EXIT_NO_DOCKER
}

async function main(): Promise<void> {
  await docker(['build', '-q', '-t', IMAGE, ROOT], { timeoutMs: 600_000 })
  const objects = await render([], [`images.classify="${IMAGE}"`, 'replicas.count=2'])
  const root = await mkdtemp(join(tmpdir(), 'classify-pods-'))
  const users: Record<string, number> = {}
  for (const { labels, spec } of podsOf(objects)) {
    const component = labels['app.kubernetes.io/component'] ?? ''
    if (!OF_POSTGRES.has(component)) continue
    // Stand-ins of an image may have another number for its user.
    const image = spec.containers[0]?.image ?? ''
    const { code, stdout } = await tryDocker(['run', '--rm', '--entrypoint', 'id', image, '-u', 'postgres'])
    if (code === 0) users[component] = Number(stdout.trim())
  }
  const cluster = await createPodCluster({
    name: NAME,
    namespace: NAMESPACE,
    objects,
    secrets: newSecrets(),
    root,
    users,
  })
  try {
    await check(cluster)
    say('All is well.')
  } catch (error) {
    const { stdout } = await tryDocker([
      'ps',
      '-a',
      '--filter',
      `network=${NAME}`,
      '--format',
      '{{.Names}} {{.Status}}',
    ])
    say(stdout)
    throw error
  } finally {
    await cluster.remove()
    await tryDocker(['image', 'rm', IMAGE])
    await rm(root, { recursive: true, force: true })
  }
}

/** The Secrets that `npm run kubernetes:secrets` prints. */
function newSecrets(): Secrets {
  const made = makeSecrets({ namespace: NAMESPACE }, { password: undefined, modelKey: undefined }) as {
    readonly metadata: { readonly name: string }
    readonly stringData: Readonly<Record<string, string>>
  }[]
  return Object.fromEntries(made.map(({ metadata, stringData }) => [metadata.name, stringData]))
}

async function check(cluster: PodCluster): Promise<void> {
  const pods: string[] = []
  for (const component of ['timescaledb', 'restate', 'offline-model']) pods.push(...(await cluster.start(component)))
  const nodes = pods.filter((pod) => pod.startsWith(`${RELEASE}-restate-`))
  assert.equal(nodes.length, 5)
  const provision = await cluster.run('provision')
  assert.equal(provision.code, 0, provision.said)
  for (const component of ['pgbouncer', 'replica', 'nginx', 'guard']) pods.push(...(await cluster.start(component)))
  await untilReady(cluster, pods)
  for (const pod of pods) assert.ok(await cluster.isAlive(pod), `${pod} is alive`)
  say(`${pods.length} pods are ready: as their users, with read-only root file systems and without capabilities`)

  const again = await cluster.run('provision')
  assert.match(again.said, /The cluster exists/)
  const register = await cluster.run('register')
  assert.equal(register.code, 0, register.said)
  // Docker enforces no NetworkPolicies, which the test of the chart finds out; without them it passes.
  const open = await cluster.run('test')
  assert.equal(open.code, 1)
  assert.match(open.said, /ok: a batch of two indicators is classified\nok: a call without a token is refused/)
  assert.match(open.said, /FAILED: .*restate.*:9070 is closed to other pods \(the network does not enforce/)
  const tested = await cluster.run('test', { CLOSED: '' })
  assert.equal(tested.code, 0, tested.said)
  say('helm test passes, and finds that this network enforces no policies')

  const [replica = ''] = pods.filter((pod) => pod.startsWith(`${RELEASE}-replica-`))
  await docker(['stop', '--time', '45', `${NAME}.${replica}`])
  const ended = await docker(['inspect', '-f', '{{.State.ExitCode}}', `${NAME}.${replica}`])
  assert.equal(ended.trim(), '0', 'a replica that drains ends well')
  const onOne = await cluster.run('test', { CLOSED: '' })
  assert.equal(onOne.code, 0, onOne.said)
  say('With one of two replicas stopped the batch goes on to the other')

  const [, , lost = ''] = nodes
  await cluster.exec(lost, 'sh', '-c', `rm -rf /restate-data/${lost}`)
  await docker(['restart', '--time', '1', `${NAME}.${lost}`])
  // It marks itself and ends; the next start keeps it down.
  await tryDocker(['start', `${NAME}.${lost}`])
  await waitUntil('the node stays down', async () => {
    const { code } = await tryDocker(['exec', `${NAME}.${lost}`, 'cat', '/restate-data/held'])
    if (code !== 0) await tryDocker(['start', `${NAME}.${lost}`])
    return code === 0
  })
  assert.ok(await cluster.isAlive(lost), 'a node that stays down is not restarted')
  assert.ok(!(await cluster.isReady(lost)), 'and gets no calls')
  const without = await cluster.run('test', { CLOSED: '' })
  assert.equal(without.code, 0, without.said)
  say('A node that lost its volume stays down, alive and not ready, and the others go on')
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

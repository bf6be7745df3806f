/** The ports that the cluster publishes: which they are, which variable moves each, and who has one that is taken. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import type { Compose } from '../../../../src/cli/cluster/compose.ts'
import {
  readPortVariables,
  readPublishedPorts,
  waitForPublishedPorts,
} from '../../../../src/cli/docker/published-ports.ts'
import { COMPOSE_VARIABLES } from '../../../../src/config/compose-variables.ts'
import { VARIABLE_NAMES } from '../../../../src/config/variables.ts'
import { freePort } from '../../../../src/embedded/ports.ts'

const FILE = readFileSync(new URL('../../../../docker-compose.cluster.yml', import.meta.url), 'utf8')

/** A Compose that prints these ports of node 3 and of NGINX, and a Docker that knows of one container. */
function composeWith(
  ports: { node: number; nginx: number },
  more: { isRemote?: boolean; container?: string } = {},
): Compose {
  const services = {
    'restate-3': { ports: [{ target: 5122, published: String(ports.node), host_ip: '127.0.0.1' }] },
    nginx: { ports: [{ target: 9081, published: String(ports.nginx), host_ip: '127.0.0.1' }] },
    minio: { ports: [{ target: 9000, published: '0', host_ip: '127.0.0.1' }] },
    guard: {},
  }
  const answer = (stdout: string) => ({ code: 0, stdout, stderr: '' })
  return {
    place: 'context default',
    isRemote: more.isRemote ?? false,
    run: async (args) => answer(args[0] === 'config' ? JSON.stringify({ services }) : ''),
    docker: async (args) => answer(args.includes(`publish=${ports.node}`) ? (more.container ?? '') : ''),
  }
}

async function listening(work: (port: number) => Promise<void>): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await work((server.address() as AddressInfo).port)
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

const never = new AbortController().signal

test('every published port of the Compose file has a variable that the configuration knows', () => {
  const variables = readPortVariables(FILE)
  const published = [...FILE.matchAll(/:\$\{(CLUSTER_\w*PORT\w*):-\d+\}:\d+/g)].map(([, name]) => name)
  assert.deepEqual([...variables.values()].sort(), published.sort())
  assert.ok(published.length >= 20)
  for (const name of variables.values()) assert.ok([...COMPOSE_VARIABLES, ...VARIABLE_NAMES].includes(name), name)
  assert.equal(variables.get('restate-3:5122'), 'CLUSTER_NODE_PORT_3')
  assert.equal(variables.get('guard:59070'), 'CLUSTER_ADMIN_PORT_5')
  assert.equal(variables.get('nginx:9081'), 'CLUSTER_NGINX_PORT')
})

test('ports are read as Compose resolves them; one that Docker chooses, and those of no container, are left out', () => {
  const json = JSON.stringify({
    services: {
      minio: { ports: [{ target: 9000, published: '0' }] },
      nginx: { ports: [{ target: 9081, published: '19080' }] },
      guard: { image: 'x' },
      'offline-model': { ports: [{ target: 9085, published: '9085' }], deploy: { replicas: 0 } },
    },
  })
  const [port, ...rest] = readPublishedPorts(json, new Map([['nginx:9081', 'CLUSTER_NGINX_PORT']]))
  assert.deepEqual(rest, [])
  assert.deepEqual([port?.port, port?.host, port?.variable], [19_080, '0.0.0.0', 'CLUSTER_NGINX_PORT'])
  assert.deepEqual(readPublishedPorts('no JSON', new Map()), [])
})

test('a taken port is named with its service, its holder and its variable, before anything starts', async () => {
  const nginx = await freePort()
  await listening(async (node) => {
    await assert.rejects(waitForPublishedPorts(composeWith({ node, nginx }), never), {
      code: 'port-taken',
      message: new RegExp(
        `^Port ${node} \\(restate-3, port 5122 .*\\) is taken.*set CLUSTER_NODE_PORT_3 to a free port$`,
      ),
    })
    const container = 'other-grafana-1\n'
    await assert.rejects(waitForPublishedPorts(composeWith({ node, nginx }, { container }), never), {
      message: /is taken by the container other-grafana-1: stop/,
    })
    // Nothing of this machine tells what is free on another one.
    await waitForPublishedPorts(composeWith({ node, nginx }, { isRemote: true }), never)
  })
})

test('free ports are let go of again, so that Docker can take them', async () => {
  const [node, nginx] = [await freePort(), await freePort()]
  await waitForPublishedPorts(composeWith({ node, nginx }), never)
  await listening(async () => undefined)
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(node, '127.0.0.1', resolve))
  await new Promise((resolve) => server.close(resolve))
})

/** A real restate-server for one test file, with a small service behind it whose calls the test counts and holds. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createEndpointHandler } from '@restatedev/restate-sdk'
import { freePort } from '../../../src/embedded/ports.ts'
import { waitUntil } from '../wait.ts'

type Services = Parameters<typeof createEndpointHandler>[0]['services']

export interface RestateNode {
  readonly ingressUrl: string
  readonly adminUrl: string
  /** Paths of the unix sockets on which the node listens as well. */
  readonly ingressSocket: string
  /** Ends the node as `signal` does; `start` brings it back with its data. */
  end(signal: NodeJS.Signals): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** Starts a node and registers `services` with it. The sockets are in a folder of their own below the system's temporary one. */
export async function startRestateNode(services: Services): Promise<RestateNode> {
  const directory = await mkdtemp(join(tmpdir(), 'restate-node-'))
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()]
  const ingressUrl = `http://127.0.0.1:${ingress}`
  const adminUrl = `http://127.0.0.1:${admin}`
  let child: ChildProcess | undefined

  const start = async () => {
    child = spawn(binary(), ['--base-dir', directory, '--node-name', 'n', '--no-logo'], {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        RUST_LOG: 'warn',
        RESTATE_DISABLE_TELEMETRY: 'true',
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
        RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
        RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
        RESTATE_DEFAULT_NUM_PARTITIONS: '1',
        RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '128MB',
      },
    })
    await waitUntil('the node answers', async () => {
      const query = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"select id from sys_invocation"}',
      }
      const answers = [await ask(`${ingressUrl}/restate/health`), await ask(`${adminUrl}/query`, query)]
      return answers.every((isOk) => isOk)
    })
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  const endpoint = await serve(services)
  await start()
  const { port } = endpoint.address() as AddressInfo
  const registered = await fetch(`${adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}`, use_http_11: true }),
  })
  if (!registered.ok) throw new Error(await registered.text())
  return {
    ...{ ingressUrl, adminUrl, start, end },
    ingressSocket: join(directory, 'n', 'ingress.sock'),
    stop: async () => {
      await end('SIGKILL')
      endpoint.closeAllConnections()
      endpoint.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function ask(url: string, init: RequestInit = {}): Promise<boolean> {
  return await fetch(url, init).then(
    async (response) => {
      await response.arrayBuffer()
      return response.ok
    },
    () => false,
  )
}

async function serve(services: Services): Promise<Server> {
  const server = createServer(createEndpointHandler({ services, bidirectional: false, logger: () => undefined }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** The binary in the npm package for this platform. */
function binary(): string {
  const wrapper = createRequire(import.meta.url).resolve('@restatedev/restate-server/package.json')
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}/package.json`
  return join(dirname(createRequire(wrapper).resolve(name)), 'bin', 'restate-server')
}

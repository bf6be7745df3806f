/** An S3 server for tests, s3rver, in a process of its own: it checks signatures and puts uploads together of their parts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request as forward } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../src/embedded/ports.ts'
import { waitUntil } from '../wait.ts'

const MODULE = createRequire(import.meta.url).resolve('@20minutes/s3rver')

export interface ObjectServer {
  /** The variables by which a command reaches it. */
  readonly env: Readonly<Record<string, string>>
  /** The address of a way to it on which what is read passes, and what is sent gets no answer. */
  readonly holdingWrites: string
  /** How many objects were sent to that address. */
  heldWrites(): number
  stop(): Promise<void>
}

/** Starts a server with one bucket. */
export async function startObjectServer(bucket: string): Promise<ObjectServer> {
  const directory = await mkdtemp(join(tmpdir(), 'classify-objects-'))
  const port = await freePort()
  const options = {
    directory,
    address: '127.0.0.1',
    port,
    silent: true,
    configureBuckets: [{ name: bucket, configs: [] }],
  }
  const program = `const Server = require(${JSON.stringify(MODULE)}); new Server(${JSON.stringify(options)}).run()`
  const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  await waitUntil('the S3 server listens', async () => {
    const socket = connect(port, '127.0.0.1')
    const [event] = await Promise.race([
      once(socket, 'connect').then(() => ['connect']),
      once(socket, 'error').then(() => ['error']),
    ]).catch(() => ['error'])
    socket.destroy()
    return event === 'connect'
  })
  const holding = await startHolding(port)
  return {
    holdingWrites: holding.address,
    heldWrites: holding.held,
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
    },
    stop: async () => {
      await holding.stop()
      child.kill()
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** A proxy that passes requests on by the host that they name, so that signatures hold; a PUT it takes, and never answers. */
async function startHolding(port: number) {
  let held = 0
  const server = createServer((request, response) => {
    if (request.method === 'PUT') {
      held += 1
      request.resume()
      return
    }
    const { method, url, headers } = request
    const onward = forward({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    held: () => held,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

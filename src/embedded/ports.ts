/** TCP ports on 127.0.0.1: which are free, and a message that names those that are not. */
import { createServer } from 'node:net'
import { ServiceError } from '../errors.ts'

export interface NamedPort {
  readonly port: number
  /** The environment variable that sets the port, for messages. */
  readonly variable: string
  /** The part that will listen on the port, such as "the replica", for messages. */
  readonly purpose: string
}

/** Rejects with `ServiceError` port-taken that names every port of the list that is taken, or two parts with the same port. */
export async function assertPortsFree(ports: readonly NamedPort[]): Promise<void> {
  const doubled = ports.find((one, index) => ports.findIndex((other) => other.port === one.port) !== index)
  if (doubled !== undefined) {
    const names = ports.filter(({ port }) => port === doubled.port).map(({ variable }) => variable)
    throw new ServiceError('port-taken', `${names.join(' and ')} are both ${doubled.port}: give each a port of its own`)
  }
  const taken: string[] = []
  for (const { port, variable, purpose } of ports) {
    if (!(await isFree(port))) {
      taken.push(`Port ${port} (${purpose}) is taken: stop what listens there, or set ${variable} to a free port`)
    }
  }
  if (taken.length > 0) throw new ServiceError('port-taken', taken)
}

/**
 * Free ports lie below those that systems give to outgoing connections, from 32,768 on, since such a connection could take a port
 * between the moment it is found and the moment its part listens.
 */
const FIRST_PORT = 20_000
/** Processes that run at the same time look in different slots, so that no two of them find the same port. */
const SLOTS = 200
const PORTS_OF_SLOT = 60
let found = 0

/** A port on which nothing listens at the moment, another one with each call. */
export async function freePort(): Promise<number> {
  const first = FIRST_PORT + (process.pid % SLOTS) * PORTS_OF_SLOT
  for (let tries = 0; tries < PORTS_OF_SLOT; tries += 1) {
    const port = first + (found % PORTS_OF_SLOT)
    found += 1
    if (await isFree(port)) return port
  }
  return await listenOnce(0)
}

export async function isFree(port: number): Promise<boolean> {
  try {
    await listenOnce(port)
    return true
  } catch {
    return false
  }
}

/** Listens on `port` and closes again. Resolves with the port that was bound, which for 0 is any free one. */
async function listenOnce(port: number): Promise<number> {
  const server = createServer()
  return await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}

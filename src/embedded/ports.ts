/** TCP ports on 127.0.0.1: held for the parts that will listen on them, and a message that names those that are taken. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { ServiceError } from '../errors.ts'
import { describePortHolder, findPortHolder, isAddressInUse, listenPatiently } from '../lib/network/port-use.ts'
import { retryFor } from '../lib/timing.ts'

export interface NamedPort {
  readonly port: number
  /** The environment variable that sets the port, for messages. */
  readonly variable: string
  /** The part that will listen on the port, such as "the replica", for messages. */
  readonly purpose: string
  /** The address to listen on. Default 127.0.0.1. */
  readonly host?: string
}

/** Ports on which this process listens, so that nothing else takes them before their parts listen themselves. */
export interface HeldPorts {
  /** Lets go of `port`, just before its part starts. A port that is not held is no error. */
  release(port: number): Promise<void>
  releaseAll(): Promise<void>
}

export interface HoldOptions {
  /** Prints one sentence for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  /** Milliseconds for which a port that a passing connection holds is tried again. Default 10,000. */
  readonly patienceMs?: number
  /** Milliseconds for which a port is tried again that a connection holds which has ended. Default 65,000, because Linux keeps it for a minute. */
  readonly closingPatienceMs?: number
  /** Says who has a port, as "is taken by X", where the caller knows more than the system shows. */
  readonly describe?: (port: number) => Promise<string | undefined>
}

const LOOPBACK = '127.0.0.1'
const PATIENCE_MS = 10_000
const CLOSING_PATIENCE_MS = 65_000
const RETRY_MS = 200

/**
 * Listens on every port of the list. A port that an outgoing connection holds is tried again, because such a connection ends.
 * Rejects with `ServiceError` port-taken that names every port that stays taken and who holds it, or two parts with the same port.
 */
export async function holdPorts(ports: readonly NamedPort[], options: HoldOptions): Promise<HeldPorts> {
  const doubled = ports.find((one, index) => ports.findIndex((other) => other.port === one.port) !== index)
  if (doubled !== undefined) {
    const names = ports.filter(({ port }) => port === doubled.port).map(({ variable }) => variable)
    throw new ServiceError('port-taken', `${names.join(' and ')} are both ${doubled.port}: give each a port of its own`)
  }
  const held = new Map<number, Server>()
  const release = async (port: number) => {
    const server = held.get(port)
    held.delete(port)
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }
  const releaseAll = async () => {
    await Promise.all([...held.keys()].map(release))
  }
  try {
    const problems = await Promise.all(ports.map((port) => hold(port, held, options)))
    const taken = problems.filter((problem) => problem !== undefined)
    if (taken.length > 0) throw new ServiceError('port-taken', taken)
    return { release, releaseAll }
  } catch (error) {
    await releaseAll()
    throw error
  }
}

/** Listens on one port. Resolves with what is wrong where it stays taken. */
async function hold(
  { port, variable, purpose, host = LOOPBACK }: NamedPort,
  held: Map<number, Server>,
  options: HoldOptions,
): Promise<string | undefined> {
  const { say, signal, describe = async () => undefined } = options
  const { patienceMs = PATIENCE_MS, closingPatienceMs = CLOSING_PATIENCE_MS } = options
  const givesUpAt = performance.now() + patienceMs
  const name = async () => `Port ${port} (${purpose}) ${(await describe(port)) ?? (await describePortHolder(port))}`
  const attempt = async (count: number) => {
    try {
      held.set(port, await listenOn(port, host))
      return true
    } catch (error) {
      if (!isAddressInUse(error)) throw error
      const { kind } = await findPortHolder(port)
      // A program that listens will not go away by itself, and a connection that has ended surely will.
      if (kind === 'listener' || (kind !== 'closing' && performance.now() >= givesUpAt)) return false
      if (count === 0) say(`${await name()}; waiting for it …`)
      return undefined
    }
  }
  const longestMs = Math.max(patienceMs, closingPatienceMs)
  if ((await retryFor(attempt, { delayMs: RETRY_MS, patienceMs: longestMs, signal })) === true) return undefined
  const advice = `stop what has it, or set ${variable} to a free port`
  return `${await name()}: ${advice}`
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
  return (await whyNotFree(port, LOOPBACK)) === undefined
}

/** The code of the error with which the system refuses to listen on `port` of `host`, such as EADDRINUSE; undefined where it is free. */
export async function whyNotFree(port: number, host: string): Promise<string | undefined> {
  try {
    await listenOnce(port, host)
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  }
}

/** Waits some seconds for a port that a passing connection holds. Rejects with `ServiceError` port-taken where it stays taken. */
export async function waitUntilFree(port: number, variable: string): Promise<void> {
  await listenPatiently(() => listenOnce(port), { port, variable })
}

/** Listens on `port` and closes again. Resolves with the port that was bound, which for 0 is any free one. */
async function listenOnce(port: number, host = LOOPBACK): Promise<number> {
  const server = await listenOn(port, host)
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : port
}

/** A server that takes no calls: it closes each connection, as a port would on which nothing listens. */
async function listenOn(port: number, host: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  server.listen({ port, host, exclusive: true })
  await once(server, 'listening')
  return server
}

/** TCP ports of this machine: who holds one, and listening with patience on one that a passing connection holds. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { ServiceError } from '../../errors.ts'
import { hideSecretLike } from '../secret-like.ts'
import { retryFor } from '../timing.ts'

/** What keeps a port from being listened on. */
export interface PortHolder {
  /**
   * `listener`: a program that listens. `connection`: an outgoing connection to which the system has given the port.
   * `closing`: one that has just ended. `unknown`: this system does not say.
   */
  readonly kind: 'listener' | 'connection' | 'closing' | 'unknown'
  /** Undefined where the program belongs to another user, or where the connection has no program any more. */
  readonly pid: number | undefined
  /** The name of the program and of the file that it runs, as "node server.js". */
  readonly command: string | undefined
}

const STATES: Readonly<Record<string, PortHolder['kind']>> = { '0A': 'listener', '06': 'closing' }
/** Addresses that stand for all of the machine or for its loopback, as /proc shows them. An address of a network does not collide with these. */
const NEAR = /^(?:0+|0100007F|0{24}01000000|0{16}FFFF0000(?:0+|0100007F))$/
const UNKNOWN: PortHolder = { kind: 'unknown', pid: undefined, command: undefined }

/** Finds who holds `port` of loopback by /proc, in which a listener goes before a connection. */
export async function findPortHolder(port: number): Promise<PortHolder> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')))
  const found = tables.flatMap((table) => readSockets(table, port)).sort((a, b) => RANK[a.kind] - RANK[b.kind])[0]
  if (found === undefined) return UNKNOWN
  const pid = found.inode === 0 ? undefined : await findOwner(found.inode)
  return { kind: found.kind, pid, command: pid === undefined ? undefined : await readCommand(pid) }
}

const RANK: Readonly<Record<PortHolder['kind'], number>> = { listener: 0, connection: 1, closing: 2, unknown: 3 }

/** The sockets whose own port is `port`, of a table of /proc/net. */
export function readSockets(table: string, port: number): { kind: PortHolder['kind']; inode: number }[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state = '', , , , , , inode] = line.trim().split(/\s+/)
    const [address = '', own] = local.split(':')
    if (own !== hex || !NEAR.test(address)) return []
    return [{ kind: STATES[state] ?? 'connection', inode: Number(inode) }]
  })
}

/** The process that has the socket open, among those that this user may look into. */
async function findOwner(inode: number): Promise<number | undefined> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
      if (target === `socket:[${inode}]`) return Number(pid)
    }
  }
  return undefined
}

/** The program without its options, which may hold secrets. */
async function readCommand(pid: number): Promise<string | undefined> {
  const [program = '', ...rest] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
  if (program === '') return undefined
  const [file] = rest
  const shown = file === undefined || file === '' || file.startsWith('-') ? '' : ` ${basename(file)}`
  return hideSecretLike(`${basename(program)}${shown}`).slice(0, 80)
}

/** The range from which the system takes the ports of outgoing connections; undefined where it does not say. */
async function readOutgoingRange(): Promise<readonly [number, number] | undefined> {
  const text = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '')
  const [first, last] = text.trim().split(/\s+/).map(Number)
  return first === undefined || last === undefined || Number.isNaN(first + last) ? undefined : [first, last]
}

/** Says who holds `port`, as "is taken by node server.js (pid 4242)", and why that may happen to it again. */
export async function describePortHolder(port: number): Promise<string> {
  const { kind, pid, command } = await findPortHolder(port)
  const program = pid === undefined ? 'another program' : `${command ?? 'a program'} (pid ${pid})`
  if (kind === 'listener') return `is taken by ${program}`
  if (kind === 'unknown') return 'is taken'
  const range = await readOutgoingRange()
  const isInside = range !== undefined && port >= range[0] && port <= range[1]
  const why = isInside ? `, because this system gives such connections the ports ${range[0]} to ${range[1]}` : ''
  const what = kind === 'closing' ? 'a connection that has just ended' : `an outgoing connection of ${program}`
  return `is taken by ${what}${why}`
}

/** A connection that holds a port ends after some seconds, and one that has ended holds it for a while. */
const PATIENCE_MS = 5_000
const RETRY_MS = 100

/**
 * Calls `listen` until it succeeds, for five seconds where the port is in use, because a passing connection may hold it. Rejects as
 * `listen` does, and with `ServiceError` port-taken, which names the port, its holder and `variable`, where it stays taken.
 */
export async function listenPatiently<T>(
  listen: () => Promise<T>,
  { port, variable, patienceMs = PATIENCE_MS }: { port: number; variable: string; patienceMs?: number },
): Promise<T> {
  const attempt = async () => {
    try {
      return { answer: await listen() }
    } catch (error) {
      if (!isAddressInUse(error)) throw error
      return undefined
    }
  }
  const { signal } = new AbortController()
  const done = await retryFor(attempt, { delayMs: RETRY_MS, patienceMs, signal })
  if (done !== undefined) return done.answer
  const advice = `stop what has it, or set ${variable} to a free port`
  throw new ServiceError('port-taken', `Port ${port} ${await describePortHolder(port)}: ${advice}`)
}

export function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

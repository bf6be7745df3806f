/** The Unix sockets of restate-server: where they lie, and requests through them. Only this user can reach them, and no web page can. */
import { mkdtemp, readlink, rm, symlink } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { makePrivateFolder } from './private-files.ts'

/** The name of the node, which restate-server also gives to the directory of its sockets. */
export const NODE_NAME = 'embedded'
/** A path of a socket has at most 107 bytes on Linux and 103 on macOS. */
const MAX_PATH_BYTES = 100
const LINK_PREFIX = 'classify-sockets-'

export interface Sockets {
  /** The base directory by the path that restate-server has to be given, so that the paths of its sockets are short. */
  readonly baseDir: string
  readonly ingress: string
  readonly admin: string
  /** The socket through which the parts of restate-server call each other. */
  readonly fabric: string
  /** Removes the link that stands in for a path that is too long. */
  close(): Promise<void>
}

/**
 * Makes `dataDir` below the data directory of the stack and keeps other users out of it. Where its path is too long for
 * sockets, a link to it is made in a new directory below the system's directory of temporary files.
 */
export async function openSockets(dataDir: string): Promise<Sockets> {
  await makePrivateFolder(dataDir)
  // A stack that was killed left its link, to which this file refers.
  const record = `${dataDir}.sockets`
  await removeLink(await readlink(record).catch(() => ''))
  await rm(record, { force: true })
  if (isShort(dataDir)) return { ...socketsIn(dataDir), close: async () => undefined }
  const directory = await mkdtemp(join(tmpdir(), LINK_PREFIX))
  const link = join(directory, 'restate')
  await symlink(dataDir, link)
  await symlink(link, record)
  return {
    ...socketsIn(link),
    close: async () => {
      await removeLink(link)
      await rm(record, { force: true })
    },
  }
}

function isShort(baseDir: string): boolean {
  const { ingress } = socketsIn(baseDir)
  return Buffer.byteLength(ingress) <= MAX_PATH_BYTES
}

function socketsIn(baseDir: string): Omit<Sockets, 'close'> {
  const at = (name: string) => join(baseDir, NODE_NAME, `${name}.sock`)
  return { baseDir, ingress: at('ingress'), admin: at('admin'), fabric: at('fabric') }
}

async function removeLink(link: string): Promise<void> {
  const directory = dirname(link)
  if (basename(directory).startsWith(LINK_PREFIX)) await rm(directory, { recursive: true, force: true })
}

export interface SocketRequest {
  readonly socketPath: string
  readonly path: string
  /** Sent as JSON by POST; without a body the request is a GET. */
  readonly body?: unknown
  readonly signal: AbortSignal
}

/** Sends one request through a socket and resolves with the answer. */
export async function requestSocket(
  options: SocketRequest,
): Promise<{ readonly status: number; readonly text: string }> {
  const { socketPath, path, body, signal } = options
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>()
  const sent = request({
    socketPath,
    path,
    signal,
    agent: false,
    method: payload === undefined ? 'GET' : 'POST',
    headers: {
      host: 'localhost',
      accept: 'application/json',
      ...(payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    },
  })
  sent.once('error', reject)
  sent.once('response', (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    response.once('error', reject)
    response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
  })
  sent.end(payload)
  return await promise
}

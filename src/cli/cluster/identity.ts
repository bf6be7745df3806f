/** The ed25519 key that the cluster's nodes sign their calls with, and the public key that the replicas ask for. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, ServiceError } from '../../errors.ts'

export interface Identity {
  /** "publickeyv1_…", as a node writes it in its log. */
  readonly publicKey: string
  readonly file: string
  /** When it was made, milliseconds since 1970: what started before does not know it. */
  readonly madeAtMs: number
}

/**
 * Finds the key below `directory`, or makes one. Rejects with config-invalid where it cannot be read or written.
 *
 * In its container a node is root without any capability, so it reads only what everybody may read: the key is readable
 * for all, in a directory that on the host its owner alone can enter. Docker mounts what is below it all the same.
 */
export async function ensureIdentity(directory: string): Promise<Identity> {
  const [nodes, replicas] = [join(directory, 'nodes'), join(directory, 'replicas')]
  const file = join(nodes, 'node.pem')
  try {
    for (const path of [nodes, replicas]) {
      await mkdir(path, { recursive: true })
      await chmod(path, 0o755)
    }
    await chmod(directory, 0o700)
    let pem = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    const isNew = pem === undefined
    if (pem === undefined) {
      pem = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
      await put(file, pem)
    }
    const publicKey = publicKeyOf(pem)
    const publicFile = join(replicas, 'cluster.pub')
    const listed = await readFile(publicFile, 'utf8').catch(() => '')
    // Beside it other keys may stand, for as long as an old one is still in use.
    if (!listed.split('\n').includes(publicKey)) await put(publicFile, `${publicKey}\n${isNew ? '' : listed}`)
    return { publicKey, file, madeAtMs: (await stat(file)).mtimeMs }
  } catch (error) {
    const way = 'the cluster keeps its key there; set CLUSTER_IDENTITY_DIR to a directory of your own'
    throw new ServiceError('config-invalid', `CLUSTER_IDENTITY_DIR is "${directory}": ${messageOf(error)} (${way})`, {
      cause: error,
    })
  }
}

/** The name of the public key that belongs to the private one in `pem`. Throws where that is no ed25519 key. */
export function publicKeyOf(pem: string): string {
  const key = createPublicKey(createPrivateKey(pem))
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`the key is ${key.asymmetricKeyType}, not ed25519`)
  // The key itself is the end of its DER form.
  return `publickeyv1_${base58(key.export({ type: 'spki', format: 'der' }).subarray(-32))}`
}

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Bitcoin's alphabet; each leading zero byte is a leading 1. */
export function base58(bytes: Uint8Array): string {
  let rest = bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n)
  let text = ''
  for (; rest > 0n; rest /= 58n) text = `${ALPHABET[Number(rest % 58n)]}${text}`
  const firstNonZero = bytes.findIndex((byte) => byte !== 0)
  return '1'.repeat(firstNonZero === -1 ? bytes.length : firstNonZero) + text
}

/** Whole or not at all: a container may be reading. */
async function put(file: string, text: string): Promise<void> {
  const partial = `${file}.partial-${process.pid}`
  await writeFile(partial, text, { mode: 0o644 })
  await chmod(partial, 0o644)
  await rename(partial, file)
}

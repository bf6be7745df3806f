/** Creates or reads the ed25519 key with which Restate signs its calls to the replicas, and derives the public key for the replicas' check. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { chmod, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, ServiceError } from '../errors.ts'
import { replaceFile } from './private-files.ts'

export interface Identity {
  /** The public key as "publickeyv1_…", which is the form in which a node logs its key. */
  readonly publicKey: string
  /** The path of the file with the private key. */
  readonly file: string
  /** The directory of the public keys, which a replica reads. */
  readonly publicDir: string
  /**
   * The time at which the key was created, in milliseconds since 1970. A container that started earlier does not have
   * the key.
   */
  readonly createdAtMs: number
}

export interface IdentityPlace {
  readonly directory: string
  /** The variable that sets the directory, and its value, for messages. */
  readonly variable: string
  readonly value: string
  /** Whether Docker mounts the parts of the directory into containers. */
  readonly isMounted: boolean
}

/**
 * Finds the signing key below the directory, or creates one. Rejects with ServiceError config-invalid where the key cannot be
 * read or written.
 *
 * A node runs in its container as root without capabilities, and so reads only files that everybody may read. Where the
 * directory is mounted, the file is therefore readable by everybody, but on the host only its owner can enter its directory;
 * Docker mounts only the content of that directory. Elsewhere only the owner can read the file.
 */
export async function ensureIdentity({ directory, variable, value, isMounted }: IdentityPlace): Promise<Identity> {
  const [nodes, publicDir] = [join(directory, 'nodes'), join(directory, 'replicas')]
  const file = join(nodes, 'node.pem')
  const fileMode = isMounted ? 0o644 : 0o600
  try {
    for (const path of [nodes, publicDir]) {
      await mkdir(path, { recursive: true })
      await chmod(path, isMounted ? 0o755 : 0o700)
    }
    await chmod(directory, 0o700)
    let pem = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    const isNew = pem === undefined
    if (pem === undefined) {
      pem = createSigningKey()
      await replaceFile(file, pem, fileMode)
    }
    const publicKey = publicKeyOf(pem)
    const publicFile = join(publicDir, 'cluster.pub')
    const listed = await readFile(publicFile, 'utf8').catch(() => '')
    // The file may also list earlier keys, because nodes may still sign with an earlier key for a while.
    if (!listed.split('\n').includes(publicKey))
      await replaceFile(publicFile, `${publicKey}\n${isNew ? '' : listed}`, fileMode)
    return { publicKey, file, publicDir, createdAtMs: (await stat(file)).mtimeMs }
  } catch (error) {
    const advice = 'the signing key is kept there; set it to a directory that this user can write'
    throw new ServiceError('config-invalid', `${variable} is "${value}": ${messageOf(error)} (${advice})`, {
      cause: error,
    })
  }
}

/** Makes a new private key with which nodes sign, as PEM. */
export function createSigningKey(): string {
  return String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
}

/**
 * Derives the public key, as "publickeyv1_…", from the private key in `pem`. Throws where `pem` is not an ed25519 key.
 */
export function publicKeyOf(pem: string): string {
  const key = createPublicKey(createPrivateKey(pem))
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`the key is ${key.asymmetricKeyType}, not ed25519`)
  // The last 32 bytes of the DER form are the public key itself.
  return `publickeyv1_${base58(key.export({ type: 'spki', format: 'der' }).subarray(-32))}`
}

const BASE58_ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Encodes bytes in base58 as Bitcoin defines it, in which each leading zero byte becomes a leading "1". */
export function base58(bytes: Uint8Array): string {
  let rest = bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n)
  let text = ''
  for (; rest > 0n; rest /= 58n) text = `${BASE58_ALPHABET[Number(rest % 58n)]}${text}`
  const firstNonZero = bytes.findIndex((byte) => byte !== 0)
  return '1'.repeat(firstNonZero === -1 ? bytes.length : firstNonZero) + text
}

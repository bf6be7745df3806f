/** A key for the nodes of a test cluster to sign with, in the two directories that the Compose file mounts. */
import { generateKeyPairSync } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** For CLUSTER_IDENTITY_DIR: `nodes/node.pem` and `replicas/cluster.pub`. */
export async function makeIdentity(directory: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  await put(join(directory, 'nodes'), 'node.pem', String(privateKey.export({ type: 'pkcs8', format: 'pem' })))
  await put(join(directory, 'replicas'), 'cluster.pub', `publickeyv1_${toBase58(raw)}\n`)
}

/** Readable for all, as a node is root without the right to pass over a file's mode. */
async function put(directory: string, name: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await chmod(directory, 0o755)
  await writeFile(join(directory, name), text, { mode: 0o644 })
}

function toBase58(bytes: Uint8Array): string {
  let digits = ''
  for (let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`); rest > 0n; rest /= 58n) {
    digits = `${BASE58[Number(rest % 58n)]}${digits}`
  }
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return '1'.repeat(Math.max(zeros, 0)) + digits
}

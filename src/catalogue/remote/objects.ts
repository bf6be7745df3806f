/** Reads and writes objects of S3 and of what speaks its protocol, such as MinIO, by URLs such as s3://bucket/key. */
import { Readable } from 'node:stream'
import { S3Client, S3Errors } from '@bradenmacdonald/s3-lite-client'
import { isServiceError, messageOf, ServiceError } from '../../errors.ts'
import { inputInvalid, printable } from '../problem-report.ts'

/** Where the objects lie, and the key by which they are reached. */
export interface ObjectStoreAccess {
  readonly endpoint: string | undefined
  readonly region: string
  readonly accessKey: string | undefined
  readonly secretKey: string | undefined
  readonly sessionToken: string | undefined
}

interface ObjectPlace {
  readonly bucket: string
  readonly key: string
}

/** The size of the parts of an upload, of which a few are held in memory at once. S3 takes at most 10,000 of them. */
const PART_BYTES = 5_242_880
const MAX_SHOWN = 300

export function isObjectUrl(text: string): boolean {
  return /^s3:\/\//i.test(text)
}

/** Throws `input-invalid` for a URL that names no object, or holds a key, which stands in the variables. */
export function parseObjectUrl(text: string, option: string): ObjectPlace {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]*)\/(.*)$/is.exec(text) ?? []
  if (/@/.test(bucket)) {
    throw inputInvalid(`${option}: an s3:// URL holds no key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`)
  }
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/i.test(bucket) && key !== '' && !key.endsWith('/')) return { bucket, key }
  throw inputInvalid(
    `${option} ${printable(text, MAX_SHOWN)}: it must name an object, such as s3://bucket/folder/file.csv`,
  )
}

/** Opens an object for reading. Rejects with ServiceError that says which variable to look at. */
export async function readObject(url: string, access: ObjectStoreAccess, signal: AbortSignal): Promise<Readable> {
  const { bucket, key } = parseObjectUrl(url, 'FILE')
  try {
    const response = await clientOf(bucket, access).getObject(key, { bucketName: bucket })
    const body = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body, { signal })
    return Readable.from(withErrorsOf(body, url))
  } catch (error) {
    throw objectError(error, url, 'read')
  }
}

/** Passes the bytes on; a connection that breaks is told as an error of the object. */
async function* withErrorsOf(body: Readable, url: string): AsyncGenerator<unknown> {
  try {
    yield* body
  } catch (error) {
    throw objectError(error, url, 'read')
  }
}

/**
 * Writes an object, part by part, of what `write` passes on. The object appears when it is complete, in the place of one that was
 * there; of an upload that fails nothing is to be seen.
 */
export async function writeObject<T>(
  url: string,
  write: (append: (part: string | Uint8Array) => Promise<void>) => Promise<T>,
  access: ObjectStoreAccess,
): Promise<T> {
  const { bucket, key } = parseObjectUrl(url, '--out')
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const uploaded = clientOf(bucket, access).putObject(key, readable, { bucketName: bucket, partSize: PART_BYTES })
  const writer = writable.getWriter()
  const writing = async () => {
    try {
      const result = await write(async (part) => writer.write(typeof part === 'string' ? Buffer.from(part) : part))
      await writer.close()
      return result
    } catch (error) {
      await writer.abort(error).catch(() => undefined)
      throw error
    }
  }
  const [result, upload] = await Promise.allSettled([writing(), uploaded])
  // What made the rows fail has failed the upload as well, and says more.
  if (result.status === 'rejected' && isServiceError(result.reason)) throw result.reason
  if (upload.status === 'rejected') throw objectError(upload.reason, url, 'written')
  if (result.status === 'rejected') throw result.reason
  return result.value
}

function clientOf(
  bucket: string,
  { endpoint, region, accessKey, secretKey, sessionToken }: ObjectStoreAccess,
): S3Client {
  return new S3Client({
    endPoint: endpoint ?? `https://s3.${region}.amazonaws.com`,
    region,
    // AWS wants the bucket in the name of the host, where no certificate covers a bucket with a point in its name.
    pathStyle: endpoint !== undefined || bucket.includes('.'),
    ...(accessKey === undefined ? {} : { accessKey }),
    ...(secretKey === undefined ? {} : { secretKey }),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  })
}

/** What to do about the errors that a user meets, by the code of S3. */
const ADVICE: Readonly<Record<string, string>> = {
  NoSuchKey: 'there is no such object',
  NoSuchBucket: 'there is no such bucket',
  AccessDenied: 'the key may not do that: look at AWS_ACCESS_KEY_ID and the rights of its user',
  InvalidAccessKeyId: 'the key is not known: look at AWS_ACCESS_KEY_ID',
  SignatureDoesNotMatch: 'the key is refused: look at AWS_SECRET_ACCESS_KEY',
  ExpiredToken: 'the session has expired: renew AWS_SESSION_TOKEN',
  PermanentRedirect: 'the bucket is in another region: set AWS_REGION',
  AuthorizationHeaderMalformed: 'the bucket is in another region: set AWS_REGION',
}

function objectError(error: unknown, url: string, what: 'read' | 'written'): unknown {
  if (isServiceError(error) || (error instanceof Error && error.name === 'AbortError')) return error
  const shown = printable(url, MAX_SHOWN)
  if (error instanceof S3Errors.AccessKeyRequiredError || error instanceof S3Errors.SecretKeyRequiredError) {
    return inputInvalid(`${shown} cannot be ${what}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`)
  }
  const code = error instanceof S3Errors.ServerError ? error.code : ''
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${messageOf(error.cause)}` : ''
  const advice = ADVICE[code] ?? printable(`${messageOf(error)}${cause}`, MAX_SHOWN)
  return new ServiceError('input-invalid', `${shown} cannot be ${what}: ${advice}${code === '' ? '' : ` (${code})`}`, {
    cause: error,
  })
}

/** Reads and writes objects of S3 and of what speaks its protocol, such as MinIO, by URLs such as s3://bucket/key. */
import { openAsBlob } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { ReadableStream as WebStream } from 'node:stream/web'
import { setTimeout as sleep } from 'node:timers/promises'
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

/** The most bytes that S3 takes in one request; a larger object is sent in parts. */
const MAX_PUT_BYTES = 5_000_000_000
const EXPIRY_SECONDS = 3_600
const ATTEMPTS = 3
const RETRY_MS = 1_000
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
  const place = parseObjectUrl(url, 'FILE')
  try {
    const response = await ask('GET', place, access, { signal })
    const body = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body as WebStream, { signal })
    return Readable.from(withErrorsOf(body, url))
  } catch (error) {
    signal.throwIfAborted()
    throw objectError(error, url, 'read')
  }
}

/** Makes one request. The library has no signal that would end one that nobody answers, and holds what it sends in memory. */
async function ask(
  method: 'GET' | 'PUT',
  { bucket, key }: ObjectPlace,
  access: ObjectStoreAccess,
  init: RequestInit,
): Promise<Response> {
  const isAnonymous = method === 'GET' && access.accessKey === undefined && access.secretKey === undefined
  const signer = isAnonymous ? { ...access, accessKey: 'nobody', secretKey: 'nobody' } : access
  const signed = await clientOf(bucket, signer).getPresignedUrl(method, key, {
    bucketName: bucket,
    expirySeconds: EXPIRY_SECONDS,
  })
  const address = new URL(signed)
  if (isAnonymous) address.search = ''
  const response = await fetch(address, { ...init, method })
  if (!response.ok) throw await S3Errors.parseServerError(response)
  return response
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
 * Writes an object of what `write` passes on, through a private temporary file. It is sent in one request, so that it appears when it
 * is complete, in the place of one that was there; of an upload that fails, or that `signal` ends, nothing is to be seen.
 */
export async function writeObject<T>(
  url: string,
  write: (append: (part: string | Uint8Array) => Promise<void>) => Promise<T>,
  access: ObjectStoreAccess,
  signal: AbortSignal = new AbortController().signal,
): Promise<T> {
  const place = parseObjectUrl(url, '--out')
  const folder = await mkdtemp(join(tmpdir(), 'classify-object-'))
  try {
    const path = join(folder, 'object')
    const handle = await open(path, 'wx', 0o600)
    const result = await write((part) => handle.appendFile(part)).finally(() => handle.close())
    await send(await openAsBlob(path), place, { access, signal }).catch((error: unknown) => {
      signal.throwIfAborted()
      throw objectError(error, url, 'written')
    })
    return result
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Sends an object, and tries again where the service is away or busy. */
async function send(
  body: Blob,
  place: ObjectPlace,
  { access, signal }: { readonly access: ObjectStoreAccess; readonly signal: AbortSignal },
): Promise<void> {
  if (body.size > MAX_PUT_BYTES) {
    // Without all of its parts an upload becomes no object.
    const stream = body.stream().pipeThrough(new TransformStream(), { signal })
    await clientOf(place.bucket, access).putObject(place.key, stream, { bucketName: place.bucket, size: body.size })
    return
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await ask('PUT', place, access, { body, signal })
      await response.body?.cancel()
      return
    } catch (error) {
      const isFinal =
        error instanceof S3Errors.S3Error && !(error instanceof S3Errors.ServerError && error.statusCode >= 500)
      if (signal.aborted || isFinal || attempt >= ATTEMPTS) throw error
      await sleep(attempt * RETRY_MS, undefined, { signal })
    }
  }
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

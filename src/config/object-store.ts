/** Where objects of S3 lie and by which key they are reached, by the variables that all programs of AWS read. */
import { ServiceError } from '../errors.ts'
import { readEnvironment } from './environment.ts'

export interface ObjectStore {
  /** The address of the service; undefined for that of AWS. */
  readonly endpoint: string | undefined
  readonly region: string
  readonly accessKey: string | undefined
  readonly secretKey: string | undefined
  readonly sessionToken: string | undefined
}

/**
 * Reads AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION or AWS_DEFAULT_REGION, and the access key. Throws `ServiceError`
 * config-invalid where one half of the key is missing, or the address is no URL. No message holds a value of the key.
 */
export function readObjectStore(env = readEnvironment()): ObjectStore {
  const read = (...names: readonly string[]) => names.map((name) => env[name]).find((value) => (value ?? '') !== '')
  const endpoint = read('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL')
  const accessKey = read('AWS_ACCESS_KEY_ID')
  const secretKey = read('AWS_SECRET_ACCESS_KEY')
  if ((accessKey === undefined) !== (secretKey === undefined)) {
    const missing = accessKey === undefined ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY'
    throw new ServiceError('config-invalid', `${missing} is not set: an access key for s3:// has two parts`)
  }
  if (endpoint !== undefined && !/^https?:\/\/[^\s@]+$/i.test(endpoint)) {
    throw new ServiceError(
      'config-invalid',
      'AWS_ENDPOINT_URL (value not shown) must be a URL that begins with http:// or https:// and holds no password',
    )
  }
  return {
    endpoint,
    region: read('AWS_REGION', 'AWS_DEFAULT_REGION') ?? 'us-east-1',
    accessKey,
    secretKey,
    sessionToken: read('AWS_SESSION_TOKEN'),
  }
}

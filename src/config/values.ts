/** Parsers for the value of one environment variable: each turns a text into what the configuration holds, or says what is allowed. */
import { z } from 'zod'
import { parseJson } from '../lib/json/json.ts'
import { parseHttpUrl, parseHttpUrls } from '../lib/network/http-url.ts'
import { SERVICE_TIERS } from '../lib/service-tiers.ts'

/** A whole number in decimal digits from `min` to `max`. */
export const whole = (min: number, max: number) => {
  const allowed = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, allowed)
    .transform(Number)
    .refine((value) => value >= min && value <= max, allowed)
}

/** A decimal number such as "0.99" or ".5" from `min` to `max`. Exponents are refused. */
export const decimal = (min: number, max: number) => {
  const allowed = `must be a number from ${min} to ${max}`
  return z
    .string()
    .regex(/^(?:\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})$/, allowed)
    .transform(Number)
    .refine((value) => value >= min && value <= max, allowed)
}

/** A TCP port that a process of ours listens on. */
export const port = whole(1, 65_535)

/** A TCP port that Docker publishes on the host. With 0 Docker chooses any free port. */
export const hostPort = whole(0, 65_535)

/** A text that is not blank; spaces around it are removed. */
export const text = z.string().trim().min(1, 'must not be blank').max(1_000, 'must be at most 1000 characters')

/** One of a fixed list of words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: () => `must be one of ${values.join(', ')}` })

/**
 * The end of messages that refuse an HTTP URL. A password in a URL is refused because URLs appear in messages and
 * reports.
 */
const URL_FORM = 'that begins with http:// or https:// and holds no user name or password'

/** One HTTP URL, without slashes at its end. */
export const httpUrl = text.transform((value, context) => {
  const url = parseHttpUrl(value)
  if (url === undefined) context.addIssue(`must be a URL ${URL_FORM}`)
  return url ?? z.NEVER
})

/** HTTP URLs separated by commas, without slashes at their ends. */
export const httpUrls = text.transform((value, context) => {
  const urls = parseHttpUrls(value)
  if (urls === undefined) context.addIssue(`must be URLs ${URL_FORM}, separated by commas`)
  return urls ?? z.NEVER
})

/** The host of a PostgreSQL database. A whole URL in its place would show its password where the host is not found. */
export const databaseHost = text.regex(
  /^(?:[\w.:[\]%-]+|\/[^\s@?]+)$/,
  'must be a host name, an address or the directory of a socket, without a scheme, a user and a password',
)

/** The URL of a PostgreSQL database. It may hold a password, so its value is never printed. */
export const postgresUrl = text.refine(
  isPostgresUrl,
  'must be a URL such as postgres://user:password@host:5432/database',
)

/**
 * An API key, or another word of printable ASCII. Other characters cannot stand in an HTTP header, and the client would report
 * the endpoint as unreachable.
 */
export const apiKey = text.regex(/^[!-~]+$/, 'must be printable ASCII without spaces')

/** The token that opens the console. A short one could be guessed. */
export const consoleToken = text.regex(/^[A-Za-z0-9_-]{32,200}$/, 'must be 32 to 200 letters, digits, - and _')

/** Headers that belong to the connection or that say what a body is, which only the client itself can set. */
const OWN_HEADERS =
  /^(?:host|connection|keep-alive|upgrade|expect|te|trailer|transfer-encoding|proxy-.*|content-.*|accept-encoding)$/i
const HEADERS_ALLOWED =
  'must be JSON such as {"X-Team":"statistics"}: names of HTTP headers with texts of printable ASCII, none of them about the body or the connection (Host, Content-Type and the like)'
const headerSchema = z.record(
  z
    .string()
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/)
    .refine((name) => !OWN_HEADERS.test(name)),
  z.string().regex(/^[!-~](?:[ -~]{0,4000}[!-~])?$/),
)

/** JSON that gives the values of HTTP headers by their names. The values may be secret, so they are never printed. */
export const httpHeaders = z.string().transform((json, context) => {
  const parsed = headerSchema.safeParse(parseJson(json))
  const names = parsed.success ? Object.keys(parsed.data).map((name) => name.toLowerCase()) : []
  if (parsed.success && new Set(names).size === names.length) return parsed.data
  context.addIssue({ code: 'custom', message: HEADERS_ALLOWED })
  return z.NEVER
})

/** Prices of one model in one service tier, in USD per million tokens. */
const tierPriceSchema = z.strictObject({
  input: z.number().min(0),
  cached_input: z.number().min(0).optional(),
  cache_write: z.number().min(0).optional(),
  output: z.number().min(0),
})

/** Prices of one model: those of the standard tier, and under `tiers` those of others. */
const priceSchema = tierPriceSchema.extend({
  tiers: z.partialRecord(z.enum(SERVICE_TIERS), tierPriceSchema).optional(),
})

const PRICES_ALLOWED =
  'must be JSON such as {"my-model":{"input":0.1,"cached_input":0.01,"output":0.5,"tiers":{"flex":{"input":0.05,"output":0.25}}}}, in USD per million tokens'

/** JSON that gives prices by model name. */
export const prices = z.string().transform((json, context) => {
  const parsed = z.record(z.string(), priceSchema).safeParse(parseJson(json))
  if (parsed.success) return parsed.data
  context.addIssue({ code: 'custom', message: PRICES_ALLOWED })
  return z.NEVER
})

/** Public keys of Restate clusters in Restate's own notation, separated by commas. */
export const identityKeys = text
  .transform((list) => list.split(',').map((key) => key.trim()))
  .refine(
    (keys) => keys.every((key) => /^publickeyv1_[1-9A-HJ-NP-Za-km-z]{20,80}$/.test(key)),
    'must be public keys that begin with publickeyv1_, separated by commas',
  )

function isPostgresUrl(value: string): boolean {
  return URL.canParse(value) && ['postgres:', 'postgresql:'].includes(new URL(value).protocol)
}

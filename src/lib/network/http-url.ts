/** Reads the http and https addresses that the configuration and the options of commands take. */
import { hideSecretLike } from '../secret-like.ts'

/** The base URL of OpenAI's API, which is asked where no other endpoint is configured. */
export const OPENAI_API_URL = 'https://api.openai.com/v1'

/**
 * The address without slashes at its end. Undefined where `text` is no http or https URL, and where it holds a user
 * name or a password, because addresses are printed in messages and reports.
 */
export function parseHttpUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, username, password } = new URL(text)
  const isAccepted = ['http:', 'https:'].includes(protocol) && username === '' && password === ''
  return isAccepted ? text.replace(/\/+$/, '') : undefined
}

/** The addresses of a list with commas between them; undefined where `parseHttpUrl` refuses one of them. */
export function parseHttpUrls(text: string): string[] | undefined {
  const urls = text.split(',').map((part) => parseHttpUrl(part.trim()))
  return urls.every((url) => url !== undefined) ? urls : undefined
}

/** `text` with everything up to its last @ replaced by ***@, because a user name and a password may stand there. */
export function hideCredentials(text: string): string {
  return text.replace(/^.*@/s, '***@')
}

/**
 * A text that should be a URL, or a list of them, without what may be a secret in it: user and password, whatever stands
 * in place of a port, and the query, in which gateways take keys.
 */
export function hideUrlSecrets(text: string): string {
  return hideSecretLike(hideCredentials(text))
    .replace(/:(?!\/\/|\d{1,5}(?:[/?#,\s]|$))[^/?#,\s]*/g, ':***')
    .replace(/([?#])[^,\s]+/g, '$1***')
}

/** Makes one line of what a server said, for messages and reports. */
import { visibleText } from '../../lib/visible-text.ts'

const STACK_FRAME = /^\s*at\s/

/**
 * Makes one line of a message, without its stack trace. A message may have several useful lines, such as "validation failed:"
 * and a line for each field, and may hold characters that a terminal obeys, because it quotes catalogues and models.
 */
export function lineOf(message: string): string {
  const [first = '', ...rest] = message
    .split(/\r?\n/)
    .filter((line) => !STACK_FRAME.test(line))
    .map((line) => visibleText(line.trim()))
    .filter((line) => line !== '')
  return rest.reduce((text, line) => (text.endsWith(':') ? `${text} ${line}` : `${text}; ${line}`), first)
}

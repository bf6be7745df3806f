/** Writes a value as one word of a command line, for commands that a message suggests. */
import { visibleText } from '../../lib/visible-text.ts'

/**
 * Returns the text as it stands where a shell takes it so, else in single quotes. A text with characters that nobody sees is
 * written as bytes in the quotes $'…', which bash, zsh and ksh read.
 */
export function shellWord(text: string): string {
  if (/^[\w./:@%+,=-]+$/.test(text)) return text
  if (visibleText(text) === text) return `'${text.replaceAll("'", `'\\''`)}'`
  const bytes = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte)
    return /[ -&(-[\]-~]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`
  })
  return `$'${bytes.join('')}'`
}

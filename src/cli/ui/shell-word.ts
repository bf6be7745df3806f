/** Writes a value as one word of a command line, for commands that a message suggests. */

/** Returns the text as it stands where a shell takes it so, else in single quotes. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

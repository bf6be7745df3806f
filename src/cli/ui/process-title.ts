/** Takes passwords in URLs out of the list of processes, in which every user of a machine reads the options of a command. */

/** From the scheme of a URL to the last @, behind which the host stands. */
const CREDENTIALS = /(:\/\/)\S*@/g

/** A text of a command line without user names and passwords in URLs. */
export function withoutUrlCredentials(text: string): string {
  return text.replace(CREDENTIALS, '$1***@')
}

/** Writes the options of this process over with such without passwords, where there are any. */
export function hideArguments(): void {
  const words = process.argv.slice(2)
  const shown = words.map(withoutUrlCredentials)
  if (shown.some((word, place) => word !== words[place])) process.title = ['classify', ...shown].join(' ')
}

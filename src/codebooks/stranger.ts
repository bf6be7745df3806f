/** Recognises texts that are no codebook at all, such as an empty file or a catalogue, and says so in one sentence. */

const START = '"npx classify codebook init" writes a codebook to start from'

/** What the text is instead of a codebook; undefined for a text that may be one. */
export function strangerOf(text: string): string | undefined {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:#|---|> )/.test(line))
  const [first, second] = lines
  if (first === undefined) return `is empty: ${START}`
  if (first.startsWith('{') && first.endsWith('}') && second?.startsWith('{') === true) {
    return `holds lines of JSON, such as a catalogue or a gold file, and no codebook: ${START}`
  }
  if (/[,;\t]/.test(first) && !/:(?:\s|$)|^[-{[&!?]/.test(first)) {
    return `holds lines of a table, such as CSV, and no codebook: ${START}`
  }
  return undefined
}

/** What is said of a YAML text that holds no keys; undefined for a text that has keys. */
export function withoutKeys(value: unknown): string | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return undefined
  const found = Array.isArray(value) ? 'a list' : 'a text without keys'
  return `holds ${found}, and no codebook, which begins with keys such as "name: my-codebook": ${START}`
}

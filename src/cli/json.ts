/** The value of a JSON text, or undefined where it is none: what came from outside is checked by a schema anyway. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

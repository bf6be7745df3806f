/** Parses JSON without throwing, for the prompt and for gold files. The pure rooms may not import `lib/json.ts`. */

/** Returns the value of a JSON text, or undefined where the text is no JSON. The caller checks the value with a schema. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

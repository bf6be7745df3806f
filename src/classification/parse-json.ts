/** Parses JSON without throwing, for the prompt and for gold files. The pure rooms may not import `lib/json.ts`. */

/** The value of a JSON text, which the caller has to check with a schema; undefined where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

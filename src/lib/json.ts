import { z } from 'zod'

/** The value of a JSON text, or undefined where it is none: what came from outside is checked by a schema anyway. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const errorSchema = z.object({ message: z.string() })

/** What Restate says in an answer that is no success: its `message`, else the beginning of the text. */
export function wordsOf({ text }: { readonly text: string }): string {
  return errorSchema.safeParse(parseJson(text)).data?.message ?? text.slice(0, 300)
}

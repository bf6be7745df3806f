/** The release of this program, as its package.json names it. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'

const manifestSchema = z.object({ version: z.string() })

export function readRelease(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return manifestSchema.parse(JSON.parse(text)).version
}

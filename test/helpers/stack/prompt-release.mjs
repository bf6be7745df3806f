/** Loaded with `--import`: makes a process one of the release that the file PROMPT_RELEASE_FILE names, with a prompt of its own. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const file = process.env.PROMPT_RELEASE_FILE
const release = file === undefined ? undefined : readFileSync(file, 'utf8').trim()

function replaced(source, pattern, by) {
  if (!pattern.test(source)) throw new Error(`prompt.ts has no ${pattern} to make another release of`)
  return source.replace(pattern, by)
}

if (release !== undefined) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith('/src/classification/prompt.ts')) return loaded
      const source = replaced(loaded.source.toString(), /PROMPT_VERSION = '[^']+'/, `PROMPT_VERSION = '${release}'`)
      return { ...loaded, source: replaced(source, /`You classify /, `\`Release ${release}. You classify `) }
    },
  })
}

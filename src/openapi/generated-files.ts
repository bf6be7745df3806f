/** The files that are made from the schemas of the service, with the texts that they must have. */
import { clientTypes } from './client-types.ts'
import { buildOpenApi } from './document.ts'
import { EXAMPLES } from './examples.ts'

/** The texts by path from the root of the repository. `manifest` is the text of package.json, which names the version. */
export function generatedFiles(manifest: string): ReadonlyMap<string, string> {
  const { version } = JSON.parse(manifest) as { readonly version: string }
  const document = buildOpenApi(version, EXAMPLES)
  return new Map([['docs/openapi.json', `${JSON.stringify(document, null, 2)}\n`], ...clientTypes(document)])
}

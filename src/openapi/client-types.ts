/** The texts of the types in src/client: the schemas of the OpenAPI document as TypeScript. */
import type { JsonSchema } from '../lib/json/json-schema.ts'
import { typesOf } from '../lib/json/schema-types.ts'
import type { OpenApi } from './document.ts'

const MADE = '`npm run openapi` writes this file from the schemas of the service.'
const OF_RESULTS = ['Result', 'RunStatus', 'BatchResponse', 'StatusResponse', 'RunsResponse', 'Failure']

/** The texts by file: what callers send, the answers with results, and the other answers. */
export function clientTypes({ components }: OpenApi): ReadonlyMap<string, string> {
  const files = Map.groupBy(Object.entries(components.schemas), ([name]) => {
    if (name.endsWith('Request') || name === 'Indicator' || name === 'BatchOptions') return 'request'
    return OF_RESULTS.includes(name) ? 'answer' : 'report'
  })
  const textOf = (what: string, some: readonly (readonly [string, JsonSchema])[] = []) =>
    `/** ${what} of the HTTP API as types. ${MADE} */\n\n${typesOf(Object.fromEntries(some))}`
  return new Map([
    ['src/client/request-types.ts', textOf('The bodies', files.get('request'))],
    ['src/client/answer-types.ts', textOf('The results and failures', files.get('answer'))],
    ['src/client/report-types.ts', textOf('The answers without results', files.get('report'))],
  ])
}

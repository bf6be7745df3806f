/** The example of each handler in the OpenAPI document, which a test sends to a running service. */
import type { Examples } from './api-paths.ts'

export const EXAMPLES: Examples = {}

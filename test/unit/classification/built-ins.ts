/** All built-in codebooks, apart from the one that most tests of the engine need: to read them takes a quarter of a second. */
import type { PreparedScheme } from '../../../src/classification/scheme.ts'
import { BUILT_IN_NAMES } from '../../../src/codebooks/built-in.ts'
import { builtIn, economic } from './schemes.ts'

export const builtIns: readonly PreparedScheme[] = BUILT_IN_NAMES.map((name) =>
  name === economic.codebook.name ? economic : builtIn(name),
)

/** The codebook by which the benchmark classifies: the built-in one of economic indicators. */
import { loadBuiltIns, schemeOf } from '../../src/catalogue/codebook-files.ts'
import { DEFAULT_CODEBOOK, type PreparedScheme } from '../../src/classification/scheme.ts'

export async function readScheme(): Promise<PreparedScheme> {
  const loaded = (await loadBuiltIns()).find(({ codebook }) => codebook.name === DEFAULT_CODEBOOK)
  if (loaded === undefined) throw new Error(`the codebook ${DEFAULT_CODEBOOK} is not built in`)
  return schemeOf(loaded)
}

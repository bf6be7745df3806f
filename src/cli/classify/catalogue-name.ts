/** The name of a catalogue, within which ids are unique: the option --catalogue, and the name that a file gives. */
import { parse } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { catalogueName, MAX_CATALOGUE_LENGTH } from '../../classification/batch-request.ts'
import { cleanText, cutText } from '../../classification/clean-text.ts'
import { DEFAULT_CATALOGUE } from '../../restate/contract.ts'

export const CATALOGUE_FLAGS = '--catalogue <name>'

/** Parses the value of --catalogue. */
export function catalogueOption(text: string): string {
  const name = catalogueName.safeParse(text)
  if (name.success) return name.data
  throw new InvalidArgumentError(`It ${name.error.issues[0]?.message ?? 'is no name of a catalogue'}.`)
}

/**
 * Returns the catalogue of a file for which the user named none: the name of the file without its ending. Standard input and
 * devices, such as the pipe of a shell's <(…), give the default catalogue, because their names mean nothing.
 */
export function catalogueNameOf(path: string): string {
  if (path === '-' || /^\/(?:dev|proc)\//.test(path)) return DEFAULT_CATALOGUE
  const name = cutText(cleanText(parse(path).name), MAX_CATALOGUE_LENGTH)
  return catalogueName.safeParse(name).success ? name : DEFAULT_CATALOGUE
}

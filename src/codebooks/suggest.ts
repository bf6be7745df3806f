/** Ends the message of a fault with the way out: the name that was probably meant, or the names that there are. */
import { nearestName } from '../lib/nearest-name.ts'

const MOST_LISTED = 20
/** Every name is near to a name of fewer letters than this, so that no guess is made for it. */
const FEWEST_LETTERS = 4

/** The end of a message about `name`, such as "; did you mean title?" or "; there are name, title"; "" without names. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearOf(name, known)
  if (near !== undefined) return `; did you mean ${near}?`
  return known.length === 0 ? '' : `; there ${known.length === 1 ? 'is' : 'are'} ${listed(known)}`
}

/** The known name that `name` was probably meant to be; undefined where none is near. */
export function nearOf(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase()
  const sameLetters = known.find((one) => one.toLowerCase() === lower)
  if (sameLetters !== undefined || name.length < FEWEST_LETTERS) return sameLetters
  const near = nearestName(name, known)
  if (near !== undefined && near.length >= FEWEST_LETTERS) return near
  return known.find((one) => one.startsWith(name) || (one.length >= FEWEST_LETTERS && name.startsWith(one)))
}

/** The first names with commas, and how many more there are. */
export function listed(names: readonly (string | number)[]): string {
  const more = names.length - MOST_LISTED
  return `${names.slice(0, MOST_LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

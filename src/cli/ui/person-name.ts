/** The name of the person who decides. */
import { userInfo } from 'node:os'
import { InvalidArgumentError } from 'commander'
import { oneLine } from '../../classification/clean-text.ts'
import { ServiceError } from '../../errors.ts'

const MAX_NAME_LENGTH = 100

/** Parses the value of --by. */
export function personName(text: string): string {
  const name = oneLine(text)
  if (name === '' || name.length > MAX_NAME_LENGTH) {
    throw new InvalidArgumentError(`It must be a name of 1 to ${MAX_NAME_LENGTH} characters.`)
  }
  return name
}

/** The name of the system's user for a note in a history, which says nothing where the user has none. */
export function systemUserIfNamed(): string | undefined {
  try {
    return systemUser()
  } catch {
    return undefined
  }
}

/** The name of the system's user, for a command that was told no other. */
export function systemUser(): string {
  try {
    return personName(userInfo().username)
  } catch (error) {
    const message = 'The current system user has no name: say with --by NAME who decided'
    throw new ServiceError('input-invalid', message, { cause: error })
  }
}

/** Programs of the system that tests start and that a machine may lack. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The `skip` option of a test that starts `program`: the reason where this machine lacks the program, else false. */
export async function skipWithout(program: string, debianPackage: string): Promise<string | false> {
  return promisify(execFile)(program, ['--version']).then(
    () => false,
    () => `${program} is not installed here (apt-get install ${debianPackage})`,
  )
}

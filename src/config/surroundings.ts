/** What the environment tells a command about the terminal and about the program that started it. */
import { type Environment, readEnvironment } from './environment.ts'

/** Whether the terminal knows no escape codes, such as an editor's or a build server's. */
export function isDumbTerminal(env: Environment = readEnvironment()): boolean {
  return env['TERM'] === 'dumb'
}

/** Whether npm run started this process and has printed its own lines on stdout, as it does without --silent. */
export function hasNpmPrinted(env: Environment = readEnvironment()): boolean {
  const isScript = env['npm_lifecycle_event'] !== undefined && env['npm_command'] !== 'exec'
  return isScript && env['npm_config_loglevel'] !== 'silent'
}

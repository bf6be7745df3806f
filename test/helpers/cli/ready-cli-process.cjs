/**
 * Begins the process of `ready-cli-process.ts`. Its heap may grow as that of any process: the limit of the commands that stream a
 * catalogue took a third of the CPU time of all commands here, and those that are about memory run in processes of their own.
 */

require('../../../src/cli/compile-cache.cjs')
import('./ready-cli-process.ts')

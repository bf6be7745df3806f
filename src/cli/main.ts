/** The entry of the command line: a process of its own for the command that was asked for. */
import { prepareProcess, runCommand } from './run-command.ts'
import { hideArguments } from './ui/process-title.ts'

hideArguments()
prepareProcess()
await runCommand()

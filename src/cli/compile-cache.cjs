/**
 * Keeps the compiled modules of a process, and of all that it starts, in a folder of node_modules, which takes half of the CPU time
 * from each start: a command line and the tests load this file before any other. Where the folder cannot be written, nothing is
 * kept. It lies beside the program, because whoever can write into it can change what the program does.
 */

const { enableCompileCache } = process.getBuiltinModule('node:module')
const { join } = process.getBuiltinModule('node:path')

process.env.NODE_COMPILE_CACHE ??= join(__dirname, '../../node_modules/.cache/compile')
enableCompileCache(process.env.NODE_COMPILE_CACHE)

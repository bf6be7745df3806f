/**
 * Keeps the compiled modules of a process, and of all that it starts, in a folder of node_modules, which takes half of the CPU time
 * from each start: a command line and the tests load this file before any other. Where the folder cannot be written, nothing is
 * kept. It lies beside the program, because whoever can write into it can change what the program does.
 */

const { enableCompileCache } = process.getBuiltinModule('node:module')
const { join } = process.getBuiltinModule('node:path')

const { isHeapLimited } = require('./heap-growth.cjs')

const folder = process.env.NODE_COMPILE_CACHE ?? join(__dirname, '../../node_modules/.cache/compile')
// By the variable Node.js opens the cache before any setting of V8 can be changed, and a process whose settings change then refuses
// the modules of all others, and they refuse its own. What a limited command starts is such a command, and comes here as well.
if (!isHeapLimited()) process.env.NODE_COMPILE_CACHE = folder
enableCompileCache(folder)

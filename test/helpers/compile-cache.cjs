/**
 * Keeps the compiled modules of the tests, and of all processes that they start, in a folder of node_modules, which takes half
 * of the CPU time from each of these thousand starts. The scripts of package.json load this file before any other.
 */

const { enableCompileCache } = require('node:module')
const { join } = require('node:path')

process.env.NODE_COMPILE_CACHE ??= join(__dirname, '../../node_modules/.cache/compile')
enableCompileCache(process.env.NODE_COMPILE_CACHE)

#!/usr/bin/env node
/** The program behind every npm script and behind `npx classify`: checks the version of Node.js, then runs main.ts. */

require('./node-version.cjs')
const { limitHeapGrowth, mayReadMuch } = require('./heap-growth.cjs')

if (mayReadMuch(process.argv.slice(2))) limitHeapGrowth()
require('./compile-cache.cjs')
import('./main.ts')

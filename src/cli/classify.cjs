#!/usr/bin/env node
/** The program behind every npm script and behind `npx classify`: checks the version of Node.js, then runs main.ts. */

require('./node-version.cjs')
const { limitHeapGrowthOf } = require('./heap-growth.cjs')

limitHeapGrowthOf(process.argv[2])
require('./compile-cache.cjs')
import('./main.ts')

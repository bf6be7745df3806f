/** Begins the process of `ready-cli-process.ts` as the command line begins one that may stream a catalogue. */

require('../../src/cli/heap-growth.cjs').limitHeapGrowthOf('classify')
require('../../src/cli/compile-cache.cjs')
import('./ready-cli-process.ts')

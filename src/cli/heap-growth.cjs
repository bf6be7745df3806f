/**
 * Limits how far V8 lets the heap grow with garbage, for commands that stream a whole catalogue through the process: without the limit
 * 200,000 rows took 50 to 90 MB more than 10,903 rows, and with it a small file takes a quarter more CPU time. It is plain CommonJS that
 * is loaded before any other module, because while those are loaded the youngest generation of the heap would grow to 32 MB, in some runs
 * and in others not, and because the compile cache keeps modules apart by the settings of V8 that it finds at its start.
 */

const { statSync } = process.getBuiltinModule('node:fs')
const { setFlagsFromString } = process.getBuiltinModule('node:v8')

/** The commands that stream a whole catalogue through the process. */
const STREAMING_COMMANDS = new Set(['classify', 'inspect', 'all-in-one'])
/** Files up to so many bytes leave less garbage than the limit saves. */
const SMALL_BYTES = 1_048_576
/** The endings of files whose size tells how much there is to read, and of codebooks and mappings, which stand beside them. */
const PLAIN = /\.(?:csv|tsv|tab|txt|jsonl|ndjson|json|ya?ml)$/i
/** Arguments by which a command reads from elsewhere: standard input, a database, an object, or what the journal of a run names. */
const ELSEWHERE = /^(?:-|--(?:from|resume)(?:=.*)?|\w+:\/\/.*)$/s

let isLimited = false

function statsOf(arg) {
  try {
    return statSync(arg, { throwIfNoEntry: false })
  } catch {
    // It cannot be the name of a file, such as a long query, or the command will say why it cannot be read.
    return undefined
  }
}

/** Whether a command with these arguments may read more than a small file; yes, where that is not sure. */
function mayReadMuch([name = '', ...args]) {
  if (!STREAMING_COMMANDS.has(name)) return false
  if (args.some((arg) => ELSEWHERE.test(arg))) return true
  let bytes = 0
  for (const arg of args) {
    const stats = statsOf(arg)
    if (stats === undefined || stats.isDirectory()) continue
    if (!stats.isFile() || !PLAIN.test(arg)) return true
    bytes += stats.size
  }
  return bytes === 0 || bytes > SMALL_BYTES
}

/** Limits the heap of the whole process. */
function limitHeapGrowth() {
  isLimited = true
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--optimize-for-size')
  setFlagsFromString('--heap-growing-percent=20')
}

function isHeapLimited() {
  return isLimited
}

module.exports = { isHeapLimited, limitHeapGrowth, mayReadMuch }

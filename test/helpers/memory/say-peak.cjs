/**
 * Loaded before a command whose memory is measured: writes the most MB that were resident to the file PEAK_FILE when it ends. What
 * getrusage calls the same begins with what the parent had.
 */

const { readFileSync, writeFileSync } = require('node:fs')

process.on('exit', () => {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
  writeFileSync(process.env.PEAK_FILE, String(Number(peak[1]) / 1024))
})

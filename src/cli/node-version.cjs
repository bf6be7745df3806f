/**
 * Ends the process with one sentence where Node.js is too old to run this project's TypeScript. The npm scripts load this
 * file before any other, so it is plain CommonJS that every Node.js can read.
 */

const OLDEST_MAJOR = 24

if (Number(process.versions.node.split('.')[0]) < OLDEST_MAJOR) {
  process.stderr.write(
    `The classify service needs Node.js ${OLDEST_MAJOR} or later, and ${process.execPath} is ${process.version}: ` +
      `install that version, or run "npm install" (without --ignore-scripts, and not pnpm or yarn), which brings one ` +
      `for the npm scripts and for npx classify.\n`,
  )
  process.exit(1)
}

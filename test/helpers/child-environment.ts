/** The environment of a Node.js process that inherits none of the variables of this machine, such as an API key. */

/** What a child needs to start, with `more`. It shares the compiled modules of the tests, which halves the CPU time of its start. */
export function childEnvironment(more: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env
  return { PATH, HOME, NODE_COMPILE_CACHE, ...more }
}

/** Says that a command waits for the first answers of the service, for which no progress line stands yet. */

/** The service counts as silent after so many milliseconds, and each further time is said as well. */
const SILENT_MS = 10_000

/**
 * Runs `work`, which asks the service at `urls`, and says every ten seconds until it ends that no answer has come, in the words of a
 * progress line. Rejects as `work` does.
 */
export async function sayWhileUnanswered<T>(
  urls: readonly string[],
  say: (line: string) => void,
  work: () => Promise<T>,
  everyMs = SILENT_MS,
): Promise<T> {
  const [first = '', ...more] = urls
  const where = more.length === 0 ? first : `${first} and ${more.length} more`
  const startedAt = performance.now()
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000)
    const advice = 'npm run cluster:ps shows the containers; the run begins by itself'
    say(`Not begun yet  waiting: the service has not answered for ${seconds} s (${where}): ${advice}`)
  }, everyMs)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/** When a process of the service is to end: by a signal, or because the process that started it is gone. */

/**
 * Calls `stop` once with the reason in words: on SIGTERM, on SIGINT, and when the parent process that started this one with
 * an IPC channel is gone, which no signal tells where it was killed. A second signal ends the process at once with exit code
 * 1, before which `onSecond` is called.
 */
export function onEnd(stop: (reason: string) => void, onSecond: () => void = () => undefined): void {
  let isEnding = false
  const end = (reason: string) => {
    if (isEnding) {
      onSecond()
      process.exit(1)
    }
    isEnding = true
    stop(reason)
  }
  process.on('SIGTERM', () => end('SIGTERM'))
  process.on('SIGINT', () => end('SIGINT'))
  if (process.channel === undefined) return
  process.channel.unref()
  // The channel also closes while an end by signal is under way, which is no second signal.
  process.on('disconnect', () => {
    if (!isEnding) end('the parent process is gone')
  })
}

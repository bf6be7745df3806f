/** Measures CPU time and memory of processes, and the pace of requests by the counters of the offline model. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds of one unit of CPU time in /proc, which does not depend on the tick of the kernel. */
const TICK_MS = 10
/** Milliseconds between two samples. */
const SAMPLE_MS = 250

/** CPU time of a process and its children, those that have ended included, in milliseconds; 0 without /proc. */
export function cpuMsOf(pid: number): number {
  const own = readStat(pid)
  if (own === undefined) return 0
  const children = childrenOf(pid).reduce((sum, child) => sum + (readStat(child)?.own ?? 0), 0)
  return own.own + own.ended + children
}

/** The most resident memory that a process has had so far, MiB; 0 without /proc. */
export function peakRssMiB(pid: number): number {
  return readStatus(pid, 'VmHWM')
}

/** The resident memory of a process now, MiB; 0 without /proc. */
export function rssMiB(pid: number): number {
  return readStatus(pid, 'VmRSS')
}

/** A size of /proc/PID/status in MiB, such as VmRSS; 0 without it. */
export function readStatus(pid: number, field: string): number {
  try {
    const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'))
    return Number(line?.[1] ?? 0) / 1_024
  } catch {
    return 0
  }
}

function readStat(pid: number): { readonly own: number; readonly ended: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the command may hold spaces, so fields are counted from behind its bracket. See fields 14 to 17 of proc(5).
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const at = (field: number) => fields[field - 3] ?? 0
    return { own: (at(14) + at(15)) * TICK_MS, ended: (at(16) + at(17)) * TICK_MS }
  } catch {
    return undefined
  }
}

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((other) => readParent(other) === pid)
  } catch {
    return []
  }
}

function readParent(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}

/** The part of GET /stats of the offline model that the benchmark reads. */
export interface ModelStats {
  readonly requests: { readonly accepted: number; readonly refused: number; readonly failed: number }
  readonly peak_per_60s: number
  readonly accepted_by_second: readonly number[]
  readonly peak_in_flight: number
  readonly tokens: { readonly charged: number; readonly peak_charged_per_60s: number }
  readonly requests_by_indicator: Readonly<Record<string, number>>
}

export async function readStats(modelUrl: string, withIndicators = false): Promise<ModelStats> {
  const response = await fetch(`${modelUrl}/stats?indicators=${withIndicators ? 1 : 0}`)
  return (await response.json()) as ModelStats
}

export interface PaceSample {
  /** Milliseconds of `performance.now`. */
  readonly at: number
  readonly accepted: number
  readonly refused: number
  readonly charged: number
}

/** Reads the model's counters four times a second until `stop`, which resolves with all samples. */
export function samplePace(modelUrl: string): {
  stop(): Promise<PaceSample[]>
  readonly samples: readonly PaceSample[]
} {
  const samples: PaceSample[] = []
  let stopped = false
  const sampling = (async () => {
    while (!stopped) {
      const { requests, tokens } = await readStats(modelUrl)
      const { accepted, refused } = requests
      samples.push({ at: performance.now(), accepted, refused, charged: tokens.charged })
      await sleep(SAMPLE_MS)
    }
  })()
  // A model that ended before, as where the benchmark is interrupted, is told to the one who waits for the samples.
  sampling.catch(() => undefined)
  return {
    samples,
    stop: async () => {
      stopped = true
      await sampling
      return samples
    },
  }
}

/**
 * The pace a minute between the first sample with a request and the moment when 95 % of all requests had started. So the
 * ramp at the start counts, except for its first quarter of a second, and the last stragglers do not. 0 without requests.
 */
export function paceOf(samples: readonly PaceSample[], read: (sample: PaceSample) => number): number {
  const total = Math.max(0, ...samples.map(read))
  const first = samples.find((sample) => read(sample) > 0)
  const last = samples.find((sample) => read(sample) >= 0.95 * total)
  if (first === undefined || last === undefined || last.at <= first.at) return 0
  return ((read(last) - read(first)) / (last.at - first.at)) * 60_000
}

/** The mean pace a minute of the seconds from the third to the third from the end, after the trial of a run; null where there is none. */
export function middlePace({ accepted_by_second: seconds }: Pick<ModelStats, 'accepted_by_second'>): number | null {
  const middle = seconds.slice(2, -2)
  return middle.length === 0 ? null : (middle.reduce((sum, one) => sum + one, 0) / middle.length) * 60
}

/** Seconds after `since` until the pace over one second reaches `share` of `perMinute` again; null where it never does. */
export function secondsUntilPace(
  samples: readonly PaceSample[],
  since: number,
  perMinute: number,
  share: number,
): number | null {
  for (const [index, sample] of samples.entries()) {
    if (sample.at < since + 1_000) continue
    const before = samples.slice(0, index).findLast(({ at }) => at <= sample.at - 1_000)
    if (before === undefined || before.at < since) continue
    const pace = ((sample.accepted - before.accepted) / (sample.at - before.at)) * 60_000
    if (pace >= share * perMinute) return (before.at - since) / 1_000
  }
  return null
}

/** The longest time without a new request between the first and the last request, seconds. */
export function longestStallSeconds(samples: readonly PaceSample[]): number {
  const last = samples.at(-1)?.accepted ?? 0
  let longest = 0
  let since: number | undefined
  let accepted = 0
  for (const sample of samples) {
    if (sample.accepted > accepted) {
      if (accepted > 0 && since !== undefined) longest = Math.max(longest, sample.at - since)
      accepted = sample.accepted
      since = sample.at
    }
    if (accepted >= last) break
  }
  return longest / 1_000
}

/** The fewest accepted requests in a second, from the third second to the third from the end; null where there is none. */
export function leastSecond({ accepted_by_second: seconds }: Pick<ModelStats, 'accepted_by_second'>): number | null {
  const middle = seconds.slice(2, -2)
  return middle.length === 0 ? null : Math.min(...middle)
}

/** Reads the CPU time and the peak memory of a process again and again, because they are gone when it has ended. */
export function watchProcess(pid: number): {
  /** CPU time so far, milliseconds. */
  cpuMs(): number
  stop(): { readonly cpuMs: number; readonly peakRssMiB: number }
} {
  let cpuMs = 0
  let peak = 0
  const look = () => {
    cpuMs = Math.max(cpuMs, cpuMsOf(pid))
    peak = Math.max(peak, peakRssMiB(pid))
  }
  const timer = setInterval(look, SAMPLE_MS)
  return {
    cpuMs: () => cpuMs,
    stop: () => {
      look()
      clearInterval(timer)
      return { cpuMs, peakRssMiB: peak }
    },
  }
}

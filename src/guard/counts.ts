/** What the guard counts, and its Prometheus text. */
import type { CallBound } from './call-bound.ts'
import type { RefusalCode } from './refusals.ts'

export interface Counts {
  refused(code: RefusalCode): void
  callerLeft(): void
  /** The Prometheus text of all counts. */
  text(): string
}

export interface CountedParts {
  readonly calls: CallBound
  readonly bodies: { readonly heldBytes: number }
  readonly keys: { readonly unchecked: number }
}

export function createCounts({ calls, bodies, keys }: CountedParts): Counts {
  const refusals = new Map<RefusalCode, number>()
  let left = 0
  return {
    refused: (code) => refusals.set(code, (refusals.get(code) ?? 0) + 1),
    callerLeft: () => {
      left += 1
    },
    text: () =>
      [
        ...metric('classify_guard_refused_total', 'counter', 'Requests that the guard refused, by code'),
        ...[...refusals].map(([code, count]) => `classify_guard_refused_total{code="${code}"} ${count}`),
        ...metric('classify_guard_callers_left_total', 'counter', 'Callers that left before their answer', left),
        ...metric('classify_guard_calls_in_flight', 'gauge', 'Calls whose callers wait for an answer', calls.inFlight),
        ...metric('classify_guard_calls_bound', 'gauge', 'How many calls may be in flight now', calls.bound),
        ...metric('classify_guard_held_bytes', 'gauge', 'Bytes of bodies that are held', bodies.heldBytes),
        ...metric('classify_guard_keys_unchecked_total', 'counter', 'Keys that no database checked', keys.unchecked),
        '',
      ].join('\n'),
  }
}

function metric(name: string, type: 'counter' | 'gauge', help: string, value?: number): string[] {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
  return value === undefined ? lines : [...lines, `${name} ${value}`]
}

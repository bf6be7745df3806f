/**
 * Scenarios that send a catalogue of 10,903 rows through the command line at 1,000 requests a minute, with nothing stored. The
 * offline model answers what the rules read, also where it is asked blind, so that rules earn what a right model lets them earn.
 */
import { findCatalogue } from './catalogues.ts'
import { paceOf } from './measure.ts'
import { boundBy, measureRun, round, type Scenario } from './scenario.ts'

const LATENCY = { OFFLINE_MODEL_LATENCY_MS: '800' }
/** Indicators a minute at 1,000 RPM that the original design of the project, the seed, reached by its own table. */
const SEED_PER_MINUTE = 167

function catalogueScenario(
  id: string,
  kind: 'repeat' | 'varied',
  args: readonly string[],
  target: number,
  isQuick: boolean,
): Scenario {
  return {
    id,
    isQuick,
    run: async (context) => {
      const catalogue = await findCatalogue(kind, context)
      const run = await measureRun({
        args: [catalogue.file, ...args],
        world: {
          rate: { RATE_RPM: '1000' },
          model: { ...LATENCY, OFFLINE_MODEL_ANSWERS: `gold:${catalogue.gold}` },
          signal: context.signal,
        },
      })
      const { report, stats } = run
      const fields = report.evidence?.fields ?? []
      const per1000 = (count: number) => (count / report.indicators) * 1_000
      return {
        id,
        what: `${catalogue.label}: ${catalogue.rows} rows, ${catalogue.shapes} distinct shapes (${catalogue.shapesWithPattern} where year-to-date values count as another); 1,000 RPM, model of 800 ms, cold${args.length > 0 ? `, ${args.join(' ')}` : ''}`,
        figures: {
          indicators_per_minute: report.indicators_per_minute,
          times_the_seed: round(report.indicators_per_minute / SEED_PER_MINUTE, 1),
          seconds: round(report.elapsed_ms / 1_000, 1),
          distinct_shapes: catalogue.shapes,
          audited: report.audited,
          fields_trusted: `${fields.filter(({ state }) => state === 'trusted').length} of ${fields.length} audited`,
          requests: stats.requests.accepted,
          requests_per_1000: round(per1000(stats.requests.accepted), 1),
          tokens_per_1000: {
            input: round(per1000(report.tokens.input)),
            cached: round(per1000(report.tokens.cached)),
            output: round(per1000(report.tokens.output)),
          },
          cost_usd_per_1000: round(per1000(report.cost_usd), 4),
          by_source: report.by_source,
          failed: report.failed,
        },
        target: `at least ${target.toLocaleString('en-US')} indicators a minute (the seed: ${SEED_PER_MINUTE})`,
        met: report.indicators_per_minute >= target && report.failed === 0,
        bound_by: boundBy(run, paceOf(run.samples, (sample) => sample.accepted) / 1_000),
      }
    },
  }
}

export const catalogueScenarios: readonly Scenario[] = [
  catalogueScenario('varied', 'varied', [], 10_000, true),
  catalogueScenario('repeat', 'repeat', [], 25_000, true),
  catalogueScenario('shipped', 'varied', ['--trust', 'shipped'], 10_000, true),
  catalogueScenario('packed', 'varied', ['--mode', 'model', '--no-reuse', '--force', '--pack', '10'], 9_000, false),
]

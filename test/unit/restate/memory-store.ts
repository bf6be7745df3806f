/** A store in memory with what batches need of one: results, answers by shape and field, claims, codebooks, audits. */
import type { Calibration, Classification } from '../../../src/classification/types.ts'
import type {
  BatchToSave,
  ClaimState,
  EndedClaim,
  EvidenceScope,
  LatestResult,
  ResultScope,
  Store,
  StoredAnswer,
  StoredAudit,
  StoredCodebook,
} from '../../../src/store/types.ts'
import { createMemoryTrials } from '../../helpers/store/memory-trials.ts'

export interface MemoryStore extends Store {
  /** Ids of the runs that were opened. */
  readonly runs: Set<string>
  readonly batches: BatchToSave[]
  readonly answers: Map<string, StoredAnswer>
  readonly humanAnswers: Map<string, StoredAnswer>
  /** The audits of all catalogues, in the order in which they were stored. */
  readonly audits: (StoredAudit & EvidenceScope & { readonly runId: string })[]
  /** The holders of claims, by hash of the shape. */
  readonly held: Map<string, string>
  /** How claims ended, by hash of the shape. */
  readonly ended: Map<string, EndedClaim>
  latestOf(scope: ResultScope, id: string): LatestResult | undefined
}

const NOW = '2026-10-01T07:00:00.000Z'

/** What tells the audits of a store apart. */
const PLACE = ['catalogue', 'codebookHash', 'field', 'indicatorId', 'runId'] as const

export function createMemoryStore(): MemoryStore {
  const runs = new Set<string>()
  const batches: BatchToSave[] = []
  const answers = new Map<string, StoredAnswer>()
  const humanAnswers = new Map<string, StoredAnswer>()
  const audits: MemoryStore['audits'] = []
  const held = new Map<string, string>()
  const ended = new Map<string, EndedClaim>()
  const results = new Map<string, LatestResult>()
  const codebooks: StoredCodebook[] = []
  const calibrations = new Map<string, Calibration>()
  const placeOf = ({ catalogue, codebookHash }: EvidenceScope) => JSON.stringify([catalogue, codebookHash])
  const keyOf = ({ catalogue, codebook }: ResultScope, id: string) => JSON.stringify([catalogue, codebook, id])
  const pick = <Value>(from: ReadonlyMap<string, Value>, keys: readonly string[]) =>
    new Map(keys.flatMap((key) => (from.has(key) ? [[key, from.get(key) as Value] as const] : [])))

  function keep(answer: StoredAnswer): void {
    const known = answers.get(answer.shapeHash)?.decision
    const { labels, confidence, reason } = answer.decision
    const decision = {
      labels: { ...known?.labels, ...labels },
      confidence: { ...known?.confidence, ...confidence },
      reason,
    }
    answers.set(answer.shapeHash, { ...answer, decision })
  }
  function end(claims: readonly EndedClaim[]): void {
    for (const claim of claims) {
      held.delete(claim.shapeHash)
      ended.set(claim.shapeHash, claim)
    }
  }

  /** Keeps the audits of a batch, of one indicator, field and run only the first. */
  function keepAudits({ scope: { catalogue }, runId, results, audits: given = [] }: BatchToSave): void {
    const codebookHash = results[0]?.classification.codebook_hash ?? ''
    for (const audit of given) {
      const one = { ...audit, catalogue, codebookHash, runId, byPeople: false, number: audits.length + 1 }
      const isSame = (other: typeof one) => PLACE.every((name) => other[name] === one[name])
      if (!audits.some(isSame)) audits.push(one)
    }
  }

  let opened = 0
  const store: Partial<Store> & Omit<MemoryStore, keyof Store> = {
    ...{ runs, batches, answers, humanAnswers, audits, held, ended },
    latestOf: (scope, id) => results.get(keyOf(scope, id)),
    async openRun(runId) {
      runs.add(runId)
      opened += 1
      return { startedAt: NOW, sequence: opened }
    },
    async saveCodebook(codebook) {
      if (!codebooks.some(({ hash }) => hash === codebook.hash)) codebooks.push(codebook)
    },
    async findCodebook(by) {
      return codebooks.findLast((one) =>
        'hash' in by
          ? one.hash === by.hash
          : one.name === by.name && (by.version === undefined || one.version === by.version),
      )
    },
    listCodebooks: async () => codebooks.toReversed(),
    async findLatest(scope, ids) {
      const found = ids.flatMap((id) => {
        const latest = results.get(keyOf(scope, id))
        return latest === undefined ? [] : [[id, latest] as const]
      })
      return new Map(found)
    },
    findAnswers: async (hashes) => pick(answers, hashes),
    findHumanAnswers: async (hashes) => pick(humanAnswers, hashes),
    hasHumanAnswers: async () => humanAnswers.size > 0,
    findModelUse: async () => undefined,
    async claimShapes(owner, hashes) {
      const claimed = hashes.filter((hash) => (held.get(hash) ?? owner) === owner)
      for (const hash of claimed) held.set(hash, owner)
      return { claimed, at: NOW }
    },
    renewClaims: async () => undefined,
    async releaseClaims(owner, hashes) {
      for (const hash of hashes) if (held.get(hash) === owner) held.delete(hash)
    },
    async releaseClaimsOf(owners) {
      const left = [...held].filter(([, owner]) => owners.includes(owner))
      for (const [hash] of left) held.delete(hash)
      return left.length
    },
    async findClaims(hashes) {
      const states = hashes.map(
        (shapeHash): ClaimState => ({
          shapeHash,
          heldBy: held.get(shapeHash) ?? null,
          ended: ended.get(shapeHash) ?? null,
        }),
      )
      return new Map(
        states.filter((one) => one.heldBy !== null || one.ended !== null).map((one) => [one.shapeHash, one]),
      )
    },
    async saveAnswers(given) {
      given.answers.forEach(keep)
      end(given.end.claims)
    },
    requests: {
      book: async (_requests, given) => given.forEach(keep),
      reserve: async () => new Map(),
    },
    calibrations: {
      find: async (scope) => calibrations.get(placeOf(scope)),
      async save(scope, _runId, calibration) {
        calibrations.set(placeOf(scope), calibration)
      },
    },
    attempts: { find: async () => 0, begin: async () => undefined, end: async () => undefined },
    trials: createMemoryTrials(),
    async findAudits({ catalogue, codebookHash }, after) {
      const all = audits.filter((one) => one.catalogue === catalogue && one.codebookHash === codebookHash)
      return { audits: all.filter(({ number }) => number > after), total: all.length }
    },
    async saveBatch(batch) {
      batches.push(batch)
      keepAudits(batch)
      batch.answers.forEach(keep)
      end(batch.end?.claims ?? [])
      for (const { indicator, ...latest } of batch.results) {
        results.set(keyOf(batch.scope, indicator.indicator_id), latest)
      }
    },
    async findClassifications(id, scope) {
      const isMeant = ({ indicator_id, catalogue, codebook }: Classification) =>
        indicator_id === id &&
        (scope.catalogue ?? catalogue) === catalogue &&
        codebook.startsWith(`${scope.codebook ?? codebook.split('@')[0]}@`)
      return [...results.values()].map(({ classification }) => classification).filter(isMeant)
    },
    findRun: async () => undefined,
  }
  // The other methods of the port are of commands and jobs that no batch calls.
  return store as MemoryStore
}

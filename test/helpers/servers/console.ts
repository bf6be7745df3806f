/** A console without a port and a database: requests are handed to it, and pages read what a test puts into the store. */
import { tmpdir } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { createSchemes } from '../../../src/catalogue/schemes.ts'
import { type Access, openAccess } from '../../../src/console/access.ts'
import { createApp } from '../../../src/console/app.ts'
import { createCertificates } from '../../../src/console/certificates.ts'
import type { CommandRunner } from '../../../src/console/commands.ts'
import type { Ingress } from '../../../src/console/ingress.ts'
import { createInspections } from '../../../src/console/inspections.ts'
import { createReviewQueue } from '../../../src/console/review-queue.ts'
import { type Services, viewsOf } from '../../../src/console/site.ts'
import type { Uploads } from '../../../src/console/uploads.ts'
import type { View } from '../../../src/console/view.ts'
import { ServiceError } from '../../../src/errors.ts'
import { allowedHosts } from '../../../src/lib/network/caller.ts'
import type { Store } from '../../../src/store/types.ts'

export const TOKEN = 'token-of-the-console-0123456789abcdef'
const HOST = '127.0.0.1:8090'

export interface TestConsole {
  readonly app: FastifyInstance
  readonly access: Access
  readonly views: readonly View[]
  /** Headers of a browser that is signed in, and of its scripts. */
  readonly signedIn: Readonly<Record<string, string>>
  get(
    path: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: string; headers: Record<string, unknown> }>
  post(
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: string; headers: Record<string, unknown> }>
  close(): Promise<void>
}

/** What a store answers that holds nothing. */
export function emptyStore(): Store {
  const none = async function* () {}
  return {
    listRuns: async () => [],
    findRun: async () => undefined,
    listCodebooks: async () => [],
    findCodebook: async () => undefined,
    listCatalogues: async () => [],
    findIndicators: async () => new Map(),
    findHumanAnswers: async () => new Map(),
    findAnswers: async () => new Map(),
    listNeedingReview: none,
    exportClassifications: none,
    certificates: { findRunParts: async () => [], findPlan: async () => undefined, findLabels: async () => [] },
    drivers: { want: async () => undefined, limitCost: async () => undefined },
    reviewCards: {
      claim: async () => new Set(),
      release: async () => undefined,
      isStored: async () => false,
      now: async () => new Date().toISOString(),
    },
    views: {
      findPace: async () => [],
      findRunDetail: async () => ({ outcomes: {}, models: [], sampled: 0, confidence: [], issues: [] }),
      search: async () => ({ results: [], next: undefined, found: 0, isMore: false }),
      findHistory: async () => [],
      findAlike: async () => [],
      listBudgetChanges: async () => [],
      countDecisions: async () => new Map(),
      findCorrections: async () => [],
      findDisagreements: async () => [],
      countLabels: async () => ({ sampled: 0, counts: new Map() }),
    },
  } as unknown as Store
}

export interface TestConsoleOptions {
  readonly store?: Store
  readonly url?: string
  readonly tokensFile?: string
  readonly commands?: CommandRunner
  readonly uploads?: Uploads
  readonly ingress?: Ingress
}

export async function startTestConsole(options: TestConsoleOptions = {}): Promise<TestConsole> {
  const log = pino({ level: 'silent' })
  const store = options.store ?? emptyStore()
  const url = new URL(options.url ?? `http://${HOST}`)
  const access = await openAccess({ tokensFile: options.tokensFile, token: TOKEN, log })
  const commands = options.commands ?? { run: async () => ({ code: 0, stdout: '{}', stderr: '' }) }
  const services: Services = {
    ...{ store, commands, nodes: async () => [], restateUi: '' },
    schemes: createSchemes(await loadBuiltIns(), store),
    queue: createReviewQueue(store),
    certificates: createCertificates(commands, tmpdir()),
    uploads: options.uploads ?? ({ find: async () => undefined, list: async () => [] } as unknown as Uploads),
    inspections: createInspections(commands),
    ingress: options.ingress ?? {
      ask: async () => {
        throw new ServiceError('ingress-unavailable', 'A test has no service')
      },
    },
  }
  const app = await createApp({ ...{ access, log, url, services }, hosts: allowedHosts([url.hostname]) })
  const base = url.pathname.replace(/\/$/, '')
  const plain = { host: url.host, accept: 'text/html' }
  const opened = await app.inject({ url: `${base}/sign-in?token=${TOKEN}`, headers: plain })
  const session = opened.cookies[0]
  const cookie = session === undefined ? '' : `${session.name}=${encodeURIComponent(session.value)}`
  const first = await app.inject({ url: `${base}/runs`, headers: { ...plain, cookie } })
  const form = first.cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`)
  const csrf = /name="_csrf" value="([^"]+)"/.exec(first.body)?.[1] ?? ''
  const signedIn = { ...plain, cookie: [cookie, ...form].join('; '), 'x-csrf-token': csrf }
  const answer = ({ statusCode, body, headers }: Awaited<ReturnType<typeof app.inject>>) => ({
    status: statusCode,
    body,
    headers,
  })
  return {
    app,
    access,
    views: viewsOf(services),
    signedIn,
    get: async (path, headers = signedIn) => answer(await app.inject({ url: path, headers: { ...headers } })),
    post: async (path, body, headers = signedIn) =>
      answer(await app.inject({ method: 'POST', url: path, headers: { ...headers }, payload: body as object })),
    close: async () => {
      await app.close()
      access.close()
    },
  }
}

/** All pages of the console and all that can be done in it, in one list, and what they work with. */
import type { FastifyInstance } from 'fastify'
import type { Store } from '../store/types.ts'
import type { Certificates } from './certificates.ts'
import type { Codebooks } from './codebooks.ts'
import type { CommandRunner } from './commands.ts'
import type { Ingress } from './ingress.ts'
import type { Inspections } from './inspections.ts'
import type { NodeShown } from './page/cluster-page.ts'
import type { ReviewQueue } from './review-queue.ts'
import { serveAccuracyActions } from './routes/accuracy-actions.ts'
import { serveClusterActions } from './routes/cluster-actions.ts'
import { serveDownloads } from './routes/downloads.ts'
import { serveReviewActions } from './routes/review-actions.ts'
import { serveRunActions } from './routes/run-actions.ts'
import { serveStart } from './routes/start-actions.ts'
import type { Sessions } from './sessions.ts'
import type { Uploads } from './uploads.ts'
import type { View } from './view.ts'
import { accuracyView } from './views/accuracy.ts'
import { clusterView } from './views/cluster.ts'
import { codebookViews } from './views/codebooks.ts'
import { labelView } from './views/label.ts'
import { recordView } from './views/record.ts'
import { resultsView } from './views/results.ts'
import { reviewView } from './views/review.ts'
import { runViews } from './views/runs.ts'
import { startViews } from './views/start.ts'

export interface Services {
  readonly store: Store
  readonly schemes: Codebooks
  readonly queue: ReviewQueue
  readonly commands: CommandRunner
  readonly uploads: Uploads
  readonly inspections: Inspections
  readonly certificates: Certificates
  readonly ingress: Ingress
  readonly nodes: () => Promise<readonly NodeShown[]>
  /** Where a browser reaches Restate's own page; empty where it cannot. */
  readonly restateUi: string
}

export function viewsOf(services: Services): View[] {
  return [
    ...runViews(services),
    resultsView(services),
    recordView(services),
    reviewView(services),
    accuracyView(services),
    labelView(services),
    ...codebookViews(services),
    clusterView(services),
    ...startViews(services),
  ]
}

/** Adds the routes that change something, each behind `protect`, and those that give files. */
export function serveActions(app: FastifyInstance, services: Services, sessions: Sessions): void {
  const options = { ...services, sessions }
  serveRunActions(app, options)
  serveReviewActions(app, options)
  serveAccuracyActions(app, options)
  serveClusterActions(app, options)
  serveStart(app, options)
  serveDownloads(app, options)
}

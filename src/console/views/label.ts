/** What the page of blind labels begins with: the run, and the fields of its codebook. */

import { askableFields } from '../../classification/fields.ts'
import { ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import { type Certificates, progressOf } from '../certificates.ts'
import type { Codebooks } from '../codebooks.ts'
import * as page from '../page/label-page.ts'
import type { View } from '../view.ts'
import { togetherOf, toReviewField } from './review.ts'

export function labelView({
  store,
  schemes,
  certificates,
}: {
  readonly certificates: Certificates
  readonly store: Pick<Store, 'certificates'>
  readonly schemes: Codebooks
}): View<page.LabelData> {
  return {
    ...{ path: '/label', name: 'label', right: 'review', everyMs: 0, page },
    load: async ({ query, visitor }) => {
      const run = query.get('run') ?? ''
      const [part] = run === '' ? [] : await store.certificates.findRunParts(run)
      if (part === undefined) throw new ServiceError('input-not-found', 'This run has no results to label')
      const [{ codebook }, plan, certified] = await Promise.all([
        schemes.findByHash(part.codebookHash),
        store.certificates.findPlan({ ...part, runId: run }),
        certificates.last(run).catch(() => undefined),
      ])
      const fields = askableFields(codebook).filter(({ name }) => plan === undefined || plan.fields.includes(name))
      const target = query.get('target') ?? ''
      return {
        ...{
          run,
          target: plan === undefined ? target : '',
          catalogue: part.catalogue,
          codebook: codebook.name,
          reviewer: visitor.name,
        },
        fields: fields.map((field) => toReviewField(field, codebook)),
        together: togetherOf(codebook),
        progress: certified === undefined ? null : progressOf(certified),
      }
    },
  }
}

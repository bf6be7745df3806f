/** Refuses a catalogue that nothing was ever classified in, because its name is most likely misspelt. */
import { showValue } from '../../catalogue/problem-report.ts'
import { ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'

/** Rejects with ServiceError input-invalid, which names the catalogues that exist, where `catalogue` is none of them. */
export async function checkCatalogue(
  store: Pick<Store, 'exportIndicators' | 'listCatalogues'>,
  catalogue: string | undefined,
): Promise<void> {
  if (catalogue === undefined) return
  for await (const page of store.exportIndicators({ catalogue, pageSize: 1 })) if (page.length > 0) return
  const names = (await store.listCatalogues()).map((name) => showValue(name))
  const there = names.length === 0 ? 'nothing is classified yet' : `there is ${names.join(', ')}`
  throw new ServiceError('input-invalid', `--catalogue: there is no catalogue ${showValue(catalogue)}; ${there}`)
}

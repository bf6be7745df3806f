/** What a page of the console is on the server: its path, who may see it, and how its data are looked up. */
import type { Right } from '../http/tokens.ts'
import type { Visitor } from './access.ts'
import type { PageModule } from './page/frame.ts'

/** What a page was asked for. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly visitor: Visitor
}

export interface View<Data = unknown> {
  /** The path with names of parameters, such as /runs/:run. */
  readonly path: string
  /** The name of the page's module, `page/<name>-page.ts`. */
  readonly name: string
  readonly right: Right
  readonly page: PageModule
  /** How often the data are looked up again while somebody watches; 0 for a page that does not change by itself. */
  readonly everyMs: number
  /** Looks the data up. Where the page is live they depend on its address alone, because all who watch it share them. */
  load(asked: Asked): Promise<Data>
}

export interface FoundView {
  readonly view: View
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
}

/** The view of an address such as /runs/run-1?tab=cost; undefined where no page has it. */
export function findView(views: readonly View[], address: string): FoundView | undefined {
  const [path = '', search = ''] = address.split('?', 2)
  const parts = path.split('/')
  for (const view of views) {
    const wanted = view.path.split('/')
    if (wanted.length !== parts.length) continue
    const params: Record<string, string> = {}
    const isFound = wanted.every((name, index) => {
      const part = parts[index] ?? ''
      if (!name.startsWith(':')) return name === part
      const value = decode(part)
      if (value === undefined || value === '') return false
      params[name.slice(1)] = value
      return true
    })
    if (isFound) return { view, params, query: new URLSearchParams(search) }
  }
  return undefined
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** What stands around every page: navigation, who looks, and the state of the connection. */
import type { ComponentChildren, VNode } from 'preact'
import { html } from './html.ts'

/** What every page knows of its reader and its place. It is the same on the server and in the browser. */
export interface Frame {
  /** The path under which the console stands, without a slash at its end; "" at the root. */
  readonly base: string
  /** The path of the page below `base`, with its query. */
  readonly path: string
  readonly visitor: { readonly name: string; readonly rights: readonly string[]; readonly mayRename: boolean } | null
  /** What a form sends along, so that no page of another origin can send it. */
  readonly csrf: string
  /** The zone in which times are shown. The server does not know the reader's, and shows UTC. */
  readonly zone: string
  /** What is wrong with the connection; '' while the data is fresh. */
  readonly away: string
  /** Whether the page changes while it is open. */
  readonly isLive: boolean
}

export interface PageProps<Data> {
  readonly data: Data
  readonly frame: Frame
}

/** A module of a page: how it looks, and its title. */
export interface PageModule<Data = never> {
  readonly Page: (props: PageProps<Data>) => VNode
  readonly title: (data: Data) => string
}

const PLACES = [
  ['/runs', 'Runs'],
  ['/start', 'New run'],
  ['/results', 'Results'],
  ['/review', 'Review'],
  ['/accuracy', 'Accuracy'],
  ['/codebooks', 'Codebooks'],
  ['/cluster', 'Cluster'],
] as const

interface LayoutProps {
  readonly frame: Frame
  readonly title: ComponentChildren
  /** What stands beside the title, such as the state of a run. */
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
}

/** The frame of a page with its title. */
export function Layout({ frame, title, aside, children }: LayoutProps): VNode {
  const { base, path, visitor, away } = frame
  const isHere = (place: string) => path === place || path.startsWith(`${place}/`) || path.startsWith(`${place}?`)
  return html`
    <a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <a class="brand" href="${base}/runs">classify</a>
      ${
        visitor !== null &&
        html`<nav aria-label="Pages">
        ${PLACES.map(
          ([place, name]) =>
            html`<a href=${base + place} aria-current=${isHere(place) ? 'page' : undefined}>${name}</a>`,
        )}
      </nav>
      <form class="who" method="post" action="${base}/sign-out">
        <input type="hidden" name="_csrf" value=${frame.csrf} />
        <span title=${`Rights: ${visitor.rights.join(', ')}`}>${visitor.name}</span>
        <button class="quiet">Sign out</button>
      </form>`
      }
    </header>
    <div class="away" role="status" aria-live="polite">${
      away !== '' && html`<p>What you see is not up to date: ${away}. Trying again …</p>`
    }</div>
    <main id="main" tabindex="-1">
      <div class="head"><h1>${title}</h1>${aside}</div>
      ${children}
    </main>`
}

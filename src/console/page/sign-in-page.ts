/** The page on which a person who has no session gives a token. */
import type { VNode } from 'preact'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'

export interface SignInData {
  /** Whether the tokens of API_TOKENS_FILE open the console, or the console's own. */
  readonly byFile: boolean
  /** What was wrong with the token before; '' where none was given. */
  readonly fault: string
  /** The path that the person wanted to see. */
  readonly next: string
}

export const title = (_data: SignInData): string => 'Sign in'

export function Page({ data, frame }: PageProps<SignInData>): VNode {
  const { byFile, fault, next } = data
  return html`<${Layout} frame=${frame} title="Sign in">
    <form class="card narrow" method="post" action="${frame.base}/sign-in">
      <p>${
        byFile
          ? 'Give the token that you were given for this service.'
          : 'Open the link that the terminal showed when the service started, or give the token from it.'
      }</p>
      ${fault !== '' && html`<p class="fault" role="alert">${fault}</p>`}
      <input type="hidden" name="next" value=${next} />
      <label>Token <input type="password" name="token" required autocomplete="current-password" maxlength="1000" /></label>
      <button class="primary">Sign in</button>
    </form>
  <//>`
}

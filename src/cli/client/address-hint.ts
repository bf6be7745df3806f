/** Says how other commands reach a stack that they would not look for at its addresses by themselves. */
import type { Config } from '../../config/config.ts'

/** The variables that lead commands to these addresses; undefined where the configuration leads there already. */
export function addressHint(
  { restate }: Pick<Config, 'restate'>,
  stack: { readonly ingressUrls: readonly string[]; readonly adminUrls: readonly string[] },
): string | undefined {
  const [admin = ''] = restate.adminUrls
  if (stack.adminUrls.includes(admin) && restate.ingressUrls.every((url) => stack.ingressUrls.includes(url))) return
  return `RESTATE_INGRESS_URL=${stack.ingressUrls.join(',')} RESTATE_ADMIN_URL=${stack.adminUrls.join(',')}`
}

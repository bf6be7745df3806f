/** The template tag of all pages: what stands between its marks becomes text, never markup. */
import htm from 'htm'
import { h, type VNode } from 'preact'

/** Makes elements of Preact from a template. */
export const html = (htm as unknown as { bind(create: typeof h): HtmlTag }).bind(h)

type HtmlTag = (strings: TemplateStringsArray, ...values: readonly unknown[]) => VNode

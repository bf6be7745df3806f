/** Template tags that write a long regular expression over several lines, for readers and rules. */

/**
 * A regular expression from a template; line ends and the indents after them are left out. Patterns hold no quantifier
 * inside another, so that a hostile text takes linear time.
 */
export function pattern(template: TemplateStringsArray): RegExp {
  return new RegExp((template.raw[0] ?? '').replace(/\n\s*/g, ''))
}

/** Like `pattern`, but matches whole words of any script, where `\b` would know ASCII letters alone. */
export function words(template: TemplateStringsArray): RegExp {
  const alternatives = (template.raw[0] ?? '').replace(/\n\s*/g, '')
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${alternatives})(?![\\p{L}\\p{N}])`, 'u')
}

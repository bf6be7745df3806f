/** Template tags that write a long regular expression over several lines, for readers and rules. */

/**
 * Builds a regular expression from a template, without line ends and the indents after them. Patterns hold no quantifier
 * inside another, so that a hostile text takes linear time.
 */
export function pattern(template: TemplateStringsArray): RegExp {
  return new RegExp((template.raw[0] ?? '').replace(/\n\s*/g, ''))
}

/**
 * Builds a regular expression like `pattern` that matches whole words of any script, where `\b` would know ASCII letters
 * alone.
 */
export function words(template: TemplateStringsArray): RegExp {
  const alternatives = (template.raw[0] ?? '').replace(/\n\s*/g, '')
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${alternatives})(?![\\p{L}\\p{N}])`, 'u')
}

/**
 * A long pattern over several lines: line ends and the indent after them are no part of it. Only alternatives of plain
 * words and bounded repetitions go in, never a quantifier inside another, so that hostile text costs linear time.
 */
export function pattern(template: TemplateStringsArray): RegExp {
  return new RegExp((template.raw[0] ?? '').replace(/\n\s*/g, ''))
}

/** Whole words in any script: `\b` knows only ASCII letters. Laid out as `pattern` is. */
export function words(template: TemplateStringsArray): RegExp {
  const alternatives = (template.raw[0] ?? '').replace(/\n\s*/g, '')
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${alternatives})(?![\\p{L}\\p{N}])`, 'u')
}

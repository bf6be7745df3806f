/** Small codebooks of a user for tests: notes with a field that applies to some of them only, and goods with two code lists. */

/** A codebook of notes; `more` stands at its end. */
export const notes = (version = '1', more = '') => `
name: notes
version: "${version}"
title: Notes
record:
  name: note
  plural: notes
  description: A note is one line.
  texts:
    - name: name
      limit: 200
fields:
  - name: topic
    title: Topic
    values:
      - value: prices
        definition: What things cost.
      - value: work
        definition: Jobs and pay.
  - name: tone
    title: Tone
    values:
      - value: good
        definition: It is good news.
      - value: bad
        definition: It is bad news.
  - name: place
    title: Place of work
    applies_when: { topic: work }
    values:
      - value: home
        definition: At home.
      - value: office
        definition: At an office.
${more}`

const listed = (file: string) => `
    codes:
      file: ${file}
      shortlist: 5`

export const goods = `
name: goods
version: "1"
title: Goods
record:
  name: good
  plural: goods
  description: A good is one thing for sale.
  texts:
    - name: name
      limit: 200
fields:
  - name: product
    title: Product${listed('products.csv')}
  - name: origin
    title: Origin${listed('origins.csv')}
`

/** Lists of forty codes each, such as p07 with the title "widget p07". */
export const goodsLists: ReadonlyMap<string, string> = new Map([
  ['products.csv', listOf('p', 'widget')],
  ['origins.csv', listOf('o', 'valley')],
])

function listOf(letter: string, title: string): string {
  const codes = Array.from({ length: 40 }, (_, index) => `${letter}${String(index).padStart(2, '0')}`)
  return ['code,title', ...codes.map((code) => `${code},${title} ${code}`)].join('\n')
}

/** Tests of the names of columns: the letters of a language, of which the table of synonyms has the plain ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isAttributeName,
  isTimeName,
  isValueName,
  matchesOf,
  plainName,
} from '../../../src/catalogue/mapping/synonyms.ts'

test('names are known with the accents and the letters of their language, in any case', () => {
  for (const name of ['Værdi', 'Wartość', 'VÆRDI']) assert.ok(isValueName(name), name)
  for (const name of ['Yıl', 'YIL', 'Année', 'År']) assert.ok(isTimeName(name), name)
  const fields = ['Źródło', 'Källa', 'Maßeinheit', 'MASSEINHEIT'].map((name) => matchesOf(name)[0]?.field)
  assert.deepEqual(fields, ['source_name', 'source_name', 'units', 'units'])
})

test('a plain name has words apart, and no case, accents and signs', () => {
  const names = ['SeriesCode', 'Unit of\tmeasure (%)', '@OBS_VALUE', 'Größe', 'Månedsløn', '...']
  assert.deepEqual(names.map(plainName), ['series code', 'unit of measure', '@obs value', 'grosse', 'manedslon', ''])
})

test('remarks are a description in the languages of the table, also where they say something of one observation', () => {
  const names = ['Remarques', 'Remarque', 'Bemerkungen', 'Observaciones', 'Nota', 'Uwagi', 'Opmerkingen', 'Poznámky']
  for (const name of [
    ...names,
    'Osservazioni',
    'Observações',
    'Anmärkning',
    'Megjegyzés',
    'Комментарий',
    '备注',
    '備考',
  ])
    assert.equal(matchesOf(name)[0]?.field, 'description', name)
  for (const name of ['Remarques', 'Bemerkungen', 'Uwagi', 'Примечания']) assert.ok(isAttributeName(name), name)
})

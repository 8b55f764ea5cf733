import { expect, it } from 'vitest'
import { History } from '../../../src/inspect/recorder/history.js'

const kept = (history: History<string>) =>
  Array.from({ length: history.head - history.tail }, (_, index) => history.at(history.tail + index)).join('')

it('A new item displaces the oldest beyond the capacity', () => {
  const history = new History<string>(3, 1_000)
  expect([...'abcde'].map(item => history.push(item, 1))).toEqual([0, 1, 2, 3, 4])
  expect(kept(history)).toBe('cde')
  expect([history.at(1), history.at(5), history.bytes]).toEqual([undefined, undefined, 3])
})

it('The oldest items are dropped beyond the limit of bytes, also when an item grows; the newest stays', () => {
  const history = new History<string>(10, 100)
  for (const item of 'abcd') history.push(item, 30)
  expect(kept(history)).toBe('bcd')
  history.resize(3, 60)
  expect([kept(history), history.bytes]).toEqual(['cd', 90])
  history.resize(0, 1_000)
  history.push('e', 500)
  expect([kept(history), history.bytes]).toEqual(['e', 500])
  history.clear()
  expect([kept(history), history.bytes, history.head]).toEqual(['', 0, 5])
})

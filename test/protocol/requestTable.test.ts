import { describe, expect, it } from 'vitest'
import { RequestTable } from '../../src/protocol/requestTable.js'
import { randomFrom } from '../fixtures/randomFrom.js'
import { seed } from './seed.js'

describe('A table of requests', () => {
  it('holds what a Map would hold, through requests that take long, and ids in any order', () => {
    for (let round = 0; round < 10; round++) {
      const random = randomFrom(seed + round)
      const table = new RequestTable<number | bigint, { readonly id: number | bigint }>()
      const model = new Map<number | bigint, { readonly id: number | bigint }>()
      const isInOrder = random() < 0.5
      let last = 0
      for (let step = 0; step < 2_000; step++) {
        const known = [...model.keys()]
        if (random() < 0.55) {
          const next = isInOrder ? ++last : Math.floor((random() - 0.5) * 2 ** 40)
          const id = random() < 0.02 ? BigInt(next) : next
          if (model.has(id)) continue
          model.set(id, { id })
          table.set(id, { id })
        } else if (known.length > 0) {
          // Mostly the oldest; some stay for long.
          const id = known[Math.floor(random() ** 4 * known.length)] as number | bigint
          model.delete(id)
          table.delete(id)
          table.delete(id)
        }
        expect(table.size).toBe(model.size)
      }
      for (const [id, value] of model) expect(table.get(id)).toEqual(value)
      const gone = Array.from({ length: last }, (_, i) => i + 1).filter(id => !model.has(id))
      expect(gone.filter(id => table.has(id))).toEqual([])
      const ids = [...model.keys()].sort((a, b) => (a < b ? -1 : 1))
      expect(table.valuesInOrder().map(({ id }) => id)).toEqual(ids)
      table.clear()
      expect([table.size, table.valuesInOrder(), table.get(ids[0] ?? 1)]).toEqual([0, [], undefined])
    }
  })

  it('tells ids apart that share a slot', () => {
    const table = new RequestTable<number | bigint, string>()
    table.set(1, 'first')
    table.set(65, 'second')
    table.set(1n, 'large')
    expect([1, 65, 129, 1n, 0].map(id => table.get(id))).toEqual(['first', 'second', undefined, 'large', undefined])
    table.delete(129)
    table.delete(65)
    expect([table.get(1), table.get(65), table.size]).toEqual(['first', undefined, 2])
  })

  it('holds more requests than it has slots at first', () => {
    const table = new RequestTable<number, number>()
    for (let id = 1; id <= 100_000; id++) table.set(id, id)
    expect(table.size).toBe(100_000)
    const ids = table.valuesInOrder()
    expect(ids.length === 100_000 && ids.every((id, i) => id === i + 1 && table.get(id) === id)).toBe(true)
    for (const id of ids) table.delete(id)
    expect([table.size, table.valuesInOrder()]).toEqual([0, []])
  })
})

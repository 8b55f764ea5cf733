import { readFileSync } from 'node:fs'
import { aggregateMachine, supervisorMachine, versionMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { GENERATED } from './machinePages.js'
import { statesOf } from './transitions.js'

describe('what is made from the machines', () => {
  it.each(GENERATED.map(({ path, update }) => [path, update] as const))(
    '%s is what `npm run docs:machines` writes',
    (path, update) => {
      const current = readFileSync(path, 'utf8')
      expect(current).toBe(update(current))
    },
  )

  it.each([aggregateMachine, versionMachine, supervisorMachine])('Every state of $id says what it means', machine => {
    const silent = statesOf(machine).filter(node => node.parent !== undefined && !node.description)
    expect(silent.map(node => node.id)).toEqual([])
  })
})

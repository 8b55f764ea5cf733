import { readFileSync } from 'node:fs'
import { aggregateMachine, supervisorMachine, versionMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { statesOf } from '../../src/inspect/mermaid/transitions.js'
import { GENERATED } from './machinePages.js'

describe('What is generated from the machines:', () => {
  it.each(GENERATED.map(({ path, update }) => [path, update] as const))(
    '%s is what `npm run docs:machines` writes',
    (path, update) => {
      const current = readFileSync(path, 'utf8')
      expect(current).toBe(update(current))
    },
  )

  it.each(GENERATED.filter(({ path }) => !path.startsWith('docs/')).map(({ path, update }) => [path, update] as const))(
    '%s without a place for its generated part is refused',
    (path, update) => {
      const current = readFileSync(path, 'utf8')
      expect(() => update('')).toThrow('There is nothing to replace')
      const placeless = current.replaceAll(/^ \* \| state \| (?:meaning|event).*\n|^```mermaid$/gm, '')
      expect(() => update(placeless)).toThrow('There is nothing to replace')
    },
  )

  it.each(['aggregate', 'version'])('The head of machines/%s.ts must have the table of meanings', name => {
    const { path, update } = GENERATED.find(({ path }) => path === `machines/${name}.ts`) ?? {}
    const current = readFileSync(path ?? '', 'utf8')
    expect(() => update?.(current.replace(/^ \* \| state \| meaning.*\n/m, ''))).toThrow('There is nothing to replace')
  })

  it.each([aggregateMachine, versionMachine, supervisorMachine])('Every state of $id has a description', machine => {
    const silent = statesOf(machine).filter(node => node.parent !== undefined && !node.description)
    expect(silent.map(node => node.id)).toEqual([])
  })
})

/** Runs any number of schedules: `npm run test:fleet -- --schedules 10000 --nodes 1000`. A failing one is shrunk and printed. */
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { freshSeed, wholeNumber } from '../../model/walks/settings.js'
import { FleetWorld } from './fleetWorld.js'
import { schedules } from './schedule.js'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { schedules: text, nodes: text, seed: text } })
const count = wholeNumber('--schedules', values.schedules, 1) ?? 10_000
const nodes = wholeNumber('--nodes', values.nodes, 1) ?? 1_000
const seed = wholeNumber('--seed', values.seed, -(2 ** 31)) ?? freshSeed()

const start = performance.now()
const ends = { permanent: 0, halted: 0, helped: 0 }
console.log(`${count} schedules of ${nodes} nodes, --seed ${seed}`)
try {
  fc.assert(
    fc.property(schedules(nodes), schedule => {
      const { kind, helped } = new FleetWorld(schedule).run()
      ends[kind] += 1
      if (helped) ends.helped += 1
    }),
    { numRuns: count, seed },
  )
  const seconds = Math.round((performance.now() - start) / 1000)
  const { permanent, halted, helped } = ends
  console.log(
    `All hold, in ${seconds} s: ${permanent} permanent, ${halted} halted; an operator helped ${helped} times.`,
  )
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

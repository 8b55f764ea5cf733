import assert from 'node:assert/strict'
import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { Rollout } from 'cutover/rollout'

// One module for every version. It can also be a file, and run in a worker thread or a process of its own.
const rates: Record<string, number> = { '1.0.0': 1.16, '2.0.0': 1.19, '3.0.0': 1 }
const prices = inProcess({ module: ({ version }) => ({ call: (net: number) => net * (rates[version] ?? 1) }) })

const pricing = new Aggregate<number, number>({ id: 'pricing' })
const rollout = new Rollout(pricing, {
  provision: version => prices.provision({ id: 'pricing', version }),
  verify: async next => assert.ok((await next.call(100)) > 100, 'the tax is missing'),
  steps: [{ percent: 25, for: 500 }], // in production: 5 % for some minutes, then 25 %
  soak: 500, // how long the old version stands by, in ms
})
await rollout.start() // brings up the last version that proved itself; there is none yet
await rollout.to('1.0.0') // the first version serves once verify has passed
const callers = setInterval(() => [1, 2, 3].map(net => pricing.call(net)), 1)

await rollout.to('2.0.0') // resolves when it stays; rejects with the reason when it has left
console.log(await pricing.call(100)) // 119
await rollout.to('3.0.0').catch(error => console.log(error.code)) // CUTOVER_REJECTED
console.log(await pricing.call(100)) // 119
clearInterval(callers)
await pricing.dispose()

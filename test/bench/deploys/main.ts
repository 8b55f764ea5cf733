/**
 * `npm run bench:deploys` replaces the application of a service under 50 kept connections, and then by one that throws: with
 * `cutover serve`, `node:cluster`, pm2 and Watt. It also measures how soon each answers after its start, and its memory.
 *
 * - names: only these, such as `npm run bench:deploys -- cutover pm2 pm2-drain`
 * - `--deploys 20`, `--rollbacks 5`: how many of each, the rollbacks spread over the deploys; Watt takes half a minute for each
 * - `--starts 5`: how often each is started, for the second table; 0 leaves it out
 *
 * pm2 and Watt are installed into `cutover/deploys` in the user's cache folder. Watt needs Node.js 22.19. Linux only. It is no
 * part of `npm run bench`: a pm2 that is killed leaves a daemon.
 */
import { parseArgs } from 'node:util'
import { thisMachine } from '../harness/machine.js'
import { type Contender, cluster, cutover, plain, pm2, watt } from './contenders.js'
import { runsOnThisNode } from './installed.js'
import { deployRow, startRow } from './measure.js'

const DRAINS = '-drain'
const ALL: Readonly<Record<string, () => Contender>> = {
  cutover,
  pm2: () => pm2(false),
  [`pm2${DRAINS}`]: () => pm2(true),
  cluster: () => cluster(false),
  [`cluster${DRAINS}`]: () => cluster(true),
  watt,
  plain,
}

const { values, positionals } = parseArgs({
  options: {
    deploys: { type: 'string', default: '20' },
    rollbacks: { type: 'string', default: '5' },
    starts: { type: 'string', default: '5' },
  },
  allowPositionals: true,
})
const [deploys, rollbacks, starts] = [values.deploys, values.rollbacks, values.starts].map(Number) as [
  number,
  number,
  number,
]
const unknown = positionals.find(name => !(name in ALL))
if (unknown !== undefined) throw new RangeError(`There is no ${unknown}. There are ${Object.keys(ALL).join(', ')}.`)
const chosen = Object.entries(ALL).filter(([name]) => positionals.length === 0 || positionals.includes(name))
const contenders = chosen.filter(([name]) => name !== 'watt' || runsOnThisNode('watt'))
if (contenders.length < chosen.length)
  console.error(`Watt is left out: it needs Node.js 22.19, and this is ${process.version}.`)

console.log(Object.values(thisMachine()).join(' · '))
if (deploys > 0) {
  console.log('\n| service | deploys, rollbacks | failed requests | each takes | a version that throws at start |')
  console.log('|---|---|---|---|---|')
  for (const [, make] of contenders.filter(([name]) => name !== 'plain'))
    console.log(await deployRow(make(), deploys, rollbacks))
}
if (starts > 0) {
  console.log(`\n| service, median of ${starts} starts | first answer after | memory | processes |\n|---|---|---|---|`)
  // A drain changes nothing of a start.
  for (const [, make] of contenders.filter(([name]) => !name.endsWith(DRAINS)))
    console.log(await startRow(make, starts))
}
process.exit(0)

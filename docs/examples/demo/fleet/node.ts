/** A node of the demo's fleet: a service under load in a process of its own. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from '@nats-io/transport-node'
import { Aggregate } from 'cutover'
import { joinFleet } from 'cutover/fleet'
import { Rollout } from 'cutover/rollout'
import { filter, firstValueFrom } from 'rxjs'
import { countCalls } from '../countCalls.js'
import { type Call, Load } from '../load.js'
import { BROKEN, type Executions, type Rendered, type RenderRequest, renderersOn } from '../markdown.js'
import { every } from '../waits.js'
import { HEARTBEATS, type NodeMessage, type NodeSetup } from './messages.js'

/** One document in so many is not rendered by the broken version. */
const FAILS_ON_ONE_IN = 5
/** How many documents `verify` renders. */
const VERIFIED = 3
/** ms */
const REPORTING = 200
const CALL_TIMEOUT = 20_000

const [name = '', file = ''] = process.argv.slice(2)
const setup = JSON.parse(readFileSync(file, 'utf8')) as NodeSetup
const { server, fleet, host, instances, concurrency, from, to, broken, step } = setup

const tell = (message: NodeMessage) => process.send?.(message)
const documents = setup.documents.map(({ path, digests }) => {
  const known = new Map(digests)
  return { path, digests: new Map([...known, [broken, known.get(to) ?? '']]) }
})
const flawed = documents.filter((_, index) => index % FAILS_ON_ONE_IN === 0).map(({ path }) => path)

const executions: Executions = new Map()
const renderers = renderersOn({
  host,
  instances,
  executions,
  rendersLike: version => (version === broken ? to : version),
  flawOf: version => (version === broken ? { documents: flawed, when: 'always' } : undefined),
})
const aggregate = new Aggregate<RenderRequest, Rendered>({ id: 'markdown', callTimeout: CALL_TIMEOUT })
const rollout = new Rollout(aggregate, {
  provision: version => {
    tell({ type: 'tries', version })
    return renderers(version)
  },
  // The broken version passes: it fails under load only.
  verify: async ({ version, call }) => {
    const sound = documents.filter(({ path }) => version !== broken || !flawed.includes(path))
    for (const [index, { path, digests }] of sound.slice(0, VERIFIED).entries()) {
      const { digest } = await call({ id: -1 - index, path })
      assert.equal(digest, digests.get(version), `${path} is rendered wrong`)
    }
  },
  steps: [{ percent: 25, for: step }],
  // A step passes on time alone: on a slow machine there are few calls. The soak goes on judging.
  health: { minCalls: 0 },
})
const start = performance.now()
const load = new Load({ target: aggregate, documents, concurrency, now: () => performance.now() - start })

/** Errors of other processes are copies, so only the text can be compared. */
const isHurt = ({ outcome, version }: Call) =>
  version === broken && outcome !== null && 'error' in outcome && String(outcome.error).includes(BROKEN)

aggregate.start()
await rollout.start()
await rollout.to(from, { steps: [], soak: 0 })
const connection = await connect({ servers: server, name, maxReconnectAttempts: -1 })
const member = joinFleet({ connection, fleet, node: name, rollout, ...HEARTBEATS })

/** Calls begin when the node judges. Earlier ones would only delay the start of the other nodes. */
const isJudging = firstValueFrom(member.state$.pipe(filter(({ link }) => link === 'judging')))

let hasBroken = false
const report = () => {
  const hurt = load.tallies.get(broken)?.failed ?? 0
  if (hurt > 0 && !hasBroken) tell({ type: 'broken' })
  hasBroken ||= hurt > 0
  const { snapshot } = member
  tell({ type: 'figures', snapshot, active: aggregate.status().active, settled: load.settled, hurt })
}
member.state$.subscribe(report)

const ended = new Promise<void>(resolve => {
  process.once('message', () => resolve())
})
// The demo was killed.
const exit = () => process.exit(1)
process.once('disconnect', exit)
// A Ctrl-C reaches all processes of the terminal. The demo ends its nodes.
process.on('SIGINT', () => {})

{
  using _ = every(REPORTING, report)
  await Promise.race([isJudging, ended])
  await load.during(ended, () => {})
}
const { answered: _, ...counts } = countCalls(
  load.calls,
  executions,
  version => [from, to, broken].includes(version),
  isHurt,
)
tell({ type: 'end', calls: load.calls.length, hurt: load.calls.filter(isHurt).length, counts })
await member[Symbol.asyncDispose]()
await connection.close()
await rollout[Symbol.asyncDispose]()
await aggregate.dispose()
process.off('disconnect', exit)
process.disconnect()

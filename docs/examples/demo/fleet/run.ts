/** Runs the nodes of a fleet under load, and deploys a good version and a broken one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@nats-io/transport-node'
import { type FleetStatus, openFleet } from 'cutover/fleet'
import { filter, firstValueFrom, fromEvent, map, merge, Subject } from 'rxjs'
import type { Setup } from '../setup.js'
import { pause } from '../waits.js'
import { type Deployment, deployed, type World } from './deploy.js'
import { HEARTBEATS, type NodeEnd, type NodeSetup } from './messages.js'
import { NatsServer } from './natsServer.js'
import { type NodeProcess, Nodes } from './nodes.js'

/** Everything that the demo of a fleet recorded. */
export interface FleetRun {
  /** The version of nats-server. */
  readonly server: string
  readonly from: string
  readonly to: string
  readonly broken: string
  readonly deployments: readonly Deployment[]
  readonly ends: readonly NodeEnd[]
  readonly serving: Readonly<Record<string, string | null>>
  /** When the broken version failed first, and when all nodes were back, in ms since the start. */
  readonly brokenAt: number | null
  readonly backAt: number | null
  readonly wasInterrupted: boolean
}

/** The part of a run that a view shows. */
export interface FleetPicture {
  /** ms since the start. */
  readonly now: number
  readonly status: FleetStatus | null
  readonly nodes: readonly NodeProcess[]
}

export interface FleetView {
  /** Is called after each change. */
  show(picture: FleetPicture): void
  /** Is called with a line that says what happens. */
  say(now: number, text: string): void
  end(picture: FleetPicture): void
}

const FLEET = 'demo'
/** ms: the broken version ends its soak early; on a slow machine it needs time until there are enough calls. */
const LONG_SOAK = 120_000

/** Ends early when `interrupt` fires. @throws UserError there is no nats-server */
export async function runFleet(
  { options: { nodes: count, host, instances, duration, concurrency }, versions, documents }: Setup,
  interrupt: AbortSignal,
  view: FleetView,
): Promise<FleetRun> {
  const [from, to] = [versions.old.version, versions.new.version]
  const broken = `${to}-broken`
  const start = performance.now()
  const now = () => performance.now() - start
  await using server = await NatsServer.start()
  view.say(now(), `nats-server ${server.version} runs`)
  const setup: NodeSetup = {
    server: server.url,
    fleet: FLEET,
    host,
    instances,
    concurrency: Math.max(1, Math.round(concurrency / count)),
    from,
    to,
    broken,
    step: duration * 0.05,
    documents: documents.map(({ path, digests }) => ({ path, digests: [...digests] })),
  }
  const file = join(server.folder, 'node.json')
  writeFileSync(file, JSON.stringify(setup))

  const changes$ = new Subject<void>()
  let brokenAt: number | null = null
  using nodes = new Nodes(count, file, ({ type }) => {
    if (type === 'broken') brokenAt ??= now()
    changes$.next()
  })
  const connection = await connect({ servers: server.url, maxReconnectAttempts: -1 })
  const fleet = await openFleet({ connection, fleet: FLEET, ...HEARTBEATS })
  let status: FleetStatus | null = null
  const picture = (): FleetPicture => ({ now: now(), status, nodes: nodes.all })
  fleet.watch().subscribe(told => {
    status = told
    changes$.next()
  })
  changes$.subscribe(() => view.show(picture()))
  const stop$ = fromEvent(interrupt, 'abort').pipe(
    map(() => {
      throw interrupt.reason
    }),
  )
  /** Resolves when it is so. Rejects when the demo is interrupted, or a node has ended. */
  const until = (is: () => boolean) => firstValueFrom(merge(changes$.pipe(filter(() => nodes.check() && is())), stop$))
  const say = (text: string) => view.say(now(), text)
  const world: World = { fleet, nodes, changes$, now, say, until, status: () => status }
  const deployments: Deployment[] = []
  let backAt: number | null = null
  try {
    interrupt.throwIfAborted()
    await until(() => nodes.all.every(({ figures }) => figures?.snapshot?.link === 'judging'))
    say(`${count} nodes run ${from}, and judge`)
    await pause(duration * 0.1, interrupt)
    deployments.push(await deployed(to, Math.ceil(duration * 0.1), world))
    deployments.push(await deployed(broken, LONG_SOAK, world))
    backAt = now()
    await pause(duration * 0.1, interrupt)
  } catch (error) {
    if (!interrupt.aborted) throw error
  }
  const ends = await nodes.end()
  view.end(picture())
  await fleet.close()
  await connection.close()
  const serving = Object.fromEntries(nodes.all.map(({ name, figures }) => [name, figures?.active ?? null]))
  const { version } = server
  const wasInterrupted = interrupt.aborted
  return { server: version, from, to, broken, deployments, ends, serving, brokenAt, backAt, wasInterrupted }
}

/** Runs a simulated fleet through a schedule, and checks the invariants at each step. */
import type { Move } from 'cutover/machines'
import { membership, placeOf, sizeOf } from '../../../src/fleet/decisions/order.js'
import { deployed, haltedBy, paused, resumed } from '../../../src/fleet/decisions/orders.js'
import { isRolling, type Wanted } from '../../../src/fleet/record/wanted.js'
import { randomFrom } from '../../fixtures/randomFrom.js'
import { Observer, TIMEOUT } from './observer.js'
import type { Fault, Schedule } from './schedule.js'
import { SimNode } from './simNode.js'
import { SimStore } from './simStore.js'

/** How many nodes observe. */
const OBSERVERS = 4
/** A message is lost this often. */
const LOSS = 0.01
/** When version 2.0.0 is deployed, and when the last fault has begun. */
const DEPLOYED = 14
const FAULTS_END = 90
/** The fleet is at rest when nothing has changed for so long. */
const REST = 3 * TIMEOUT
const LIMIT = 600

/** How a schedule has ended. */
export interface Outcome {
  readonly kind: 'permanent' | 'halted'
  readonly records: number
  /** Whether an operator had to help, because no live node was left in a wave. */
  readonly helped: boolean
}

export class FleetWorld {
  readonly store = new SimStore()
  readonly #schedule: Schedule
  readonly #random: () => number
  readonly #nodes: readonly SimNode[]
  readonly #observers: readonly SimNode[]
  /** How often each node has begun each assignment. */
  readonly #begun = new Map<string, number>()
  /** The first of the nodes in the order of a version, as they were registered at a revision. */
  readonly #orders = new Map<string, readonly number[]>()
  #deaf: { readonly observer: SimNode; readonly until: number; readonly half: number }[] = []
  now = 0

  constructor(schedule: Schedule) {
    this.#schedule = schedule
    this.#random = randomFrom(schedule.seed)
    const { nodes: count } = schedule
    const isObserver = (index: number) => index % Math.max(1, Math.floor(count / OBSERVERS)) === 0
    this.#nodes = Array.from({ length: count }, (_, index) => {
      return new SimNode(index, this, isObserver(index) ? new Observer(this.store, count) : null)
    })
    this.#observers = this.#nodes.filter(({ observer }) => observer !== null)
  }

  /** @throws Error that names the invariant that does not hold */
  run(): Outcome {
    const { faults, waves, maxFailed } = this.#schedule
    for (; this.now < FAULTS_END; this.now++) {
      if (this.now === DEPLOYED) this.#deploy('2.0.0', waves, maxFailed)
      for (const fault of faults) if (fault.at + DEPLOYED === this.now) this.#begin(fault)
      this.#tick()
    }
    this.#rest()
    const helped = this.store.isRolling
    if (helped) {
      this.#order(resumed)
      this.#rest()
      if (this.store.isRolling) this.#deploy('4.0.0', [1, 100], 0)
      this.#rest()
    }
    return { kind: this.#checkEnd(), records: this.store.records.length, helped }
  }

  random(): number {
    return this.#random()
  }

  begins(node: SimNode, { assignment }: Move): void {
    const { key, version, role } = assignment
    const tries = (this.#begun.get(`${node.name} ${key}`) ?? 0) + 1
    this.#begun.set(`${node.name} ${key}`, tries)
    const most = role === 'candidate' ? 1 : Number.POSITIVE_INFINITY
    if (tries > most) throw new Error(`${node.name} began ${key} ${tries} times`)
    if (role === 'candidate' && !this.#isInWave(node, version, key)) {
      throw new Error(`${node.name} began version ${version}, beyond its wave`)
    }
  }

  fails(node: SimNode, { assignment: { version, role } }: Move): 'no' | 'fails' | 'dies' {
    const { bad, kills, stuck } = this.#schedule
    if (role === 'back') return isPart(node, 'back', stuck) ? 'fails' : 'no'
    if (version !== '2.0.0' || !isPart(node, 'bad', bad)) return 'no'
    return kills ? 'dies' : 'fails'
  }

  /** Whether a node is in an open wave of a version, by the definition: the first of the nodes that were registered then. */
  #isInWave(node: SimNode, version: string, key: string): boolean {
    return this.store.records.some(record => {
      const { members, wave, waves, epoch } = record
      if (members === null || record.version !== version || !key.startsWith(`${epoch} `)) return false
      const order = this.#orderAt(version, members.asOf)
      return order.slice(0, sizeOf(waves[wave]?.percent ?? 0, order.length)).includes(node.index)
    })
  }

  #orderAt(version: string, revision: number): readonly number[] {
    const key = `${version} ${revision}`
    const known = this.#orders.get(key)
    if (known !== undefined) return known
    const place = (index: number) => placeOf(`node-${index}`, version)
    const order = [...this.store.registeredAt(revision)].sort((a, b) => place(a) - place(b))
    this.#orders.set(key, order)
    return order
  }

  #begin({ kind, length, node: part }: Fault): void {
    // In the order of the version, so that small parts are in the first waves.
    const order = this.#orderAt('2.0.0', this.store.entries.length)
    const node = this.#nodes[order[Math.floor(part * (order.length - 1))] ?? 0] as SimNode
    const until = this.now + length
    if (kind === 'crash') node.crash(until)
    else if (kind === 'cut') node.cutUntil = until
    else if (kind === 'away') for (const it of this.#nodes) it.cutUntil = Math.max(it.cutUntil, until)
    else if (kind === 'deaf') {
      const observer = this.#observers[Math.floor(part * this.#observers.length)] ?? node
      this.#deaf.push({ observer, until, half: Math.floor(part * 2) })
    } else if (kind === 'leave') node.leave()
    else if (kind === 'pause') this.#order(paused)
    else if (kind === 'resume') this.#order(resumed)
    else if (kind === 'halt') this.#order(wanted => haltedBy(wanted, 'An operator has halted it.'))
    else this.#deploy('3.0.0', [1, 50, 100], 0)
  }

  #deploy(version: string, waves: readonly number[], maxFailed: number): void {
    const given = { version, maxFailed, previous: undefined, force: true }
    const nodes = [...this.store.latest].map(([node, { entry, revision }]) => {
      return { name: `node-${node}`, joined: entry.joined || revision, entry, isAlive: false }
    })
    const planned = waves.map(percent => ({ percent, soak: null }))
    this.#order(wanted => deployed(wanted, { ...given, waves: planned }, nodes, this.store.entries.length))
  }

  /** An order that means nothing at the moment is refused. */
  #order(order: (wanted: Wanted | null) => Wanted): void {
    let record: Wanted
    try {
      record = order(this.store.record)
    } catch {
      return
    }
    this.store.replace(record, this.store.records.length)
  }

  #tick(): void {
    for (const node of this.#nodes) node.tick()
    for (const observer of this.#observers) this.#observe(observer)
  }

  #observe(node: SimNode): void {
    const { process, observer } = node
    if (observer === null || process === null || !process.isOpen) return
    const halves = this.#deaf.filter(it => it.observer === node && this.now < it.until).map(({ half }) => half)
    for (const { index, isReachable } of this.#nodes) {
      const isHeard = isReachable && !(halves.includes(index % 2) && index !== node.index)
      if (isHeard && this.random() >= LOSS) observer.hear(index, this.now)
    }
    const behind = this.store.entries.length - observer.asOf
    observer.read(observer.asOf + Math.ceil(behind * (this.random() < 0.5 ? 1 : this.random())))
    const decision = observer.judge(process.seen, this.now)
    if (decision === null || !this.store.replace(decision.record, process.seen)) return
    if (decision.kind === 'advanced') this.#checkAdvance(node, process.seen)
  }

  /** Never two waves at once: each live node that the observer has heard must have proved the version, or failed. */
  #checkAdvance({ observer }: SimNode, seen: number): void {
    const before = this.store.records[seen - 1] as Wanted
    const { version, members, wave, epoch } = before
    if (this.#schedule.bad === 1 && version === '2.0.0')
      throw new Error('a version that fails everywhere has passed a wave')
    if (this.store.records[seen]?.wave !== wave + 1) throw new Error('a wave was skipped')
    const isMember = membership(version ?? '', members)
    for (const { index, name, process, isReachable } of this.#nodes) {
      const latest = this.store.latest.get(index)
      if (latest === undefined || !isReachable || process === null || this.now - process.since < 2) continue
      if (!isMember({ name, joined: latest.entry.joined || latest.revision })) continue
      if (observer?.isAlive(index, this.now) === false) continue
      const { state, key } = latest.entry
      const isDone = key?.startsWith(`${epoch} `) && (state === 'proven' || state === 'failed')
      if (!isDone) throw new Error(`wave ${wave + 2} opened, and ${name} of an open one is ${state}`)
    }
  }

  /** Faults end; processes that died are back. */
  #rest(): void {
    for (const node of this.#nodes) {
      node.cutUntil = Math.min(node.cutUntil, this.now)
      node.startsAt = Math.min(node.startsAt, this.now + 3)
      if (node.process !== null) node.process.opensAt = Math.min(node.process.opensAt, this.now + 3)
    }
    this.#deaf = []
    let quiet = 0
    let last = ''
    for (const end = this.now + LIMIT; quiet < REST; this.now++) {
      if (this.now > end) throw new Error('the fleet does not come to rest')
      this.#tick()
      const { records, entries } = this.store
      const isMoving = this.#nodes.some(
        ({ process, hasLeft }) => !hasLeft && (process?.isOpen !== true || process.move !== null),
      )
      const current = `${records.length} ${entries.length} ${isMoving}`
      quiet = current === last && !isMoving ? quiet + 1 : 0
      last = current
    }
  }

  /** In the end every live node is on the version of the record, which has proved itself; or the fleet was halted with the reason. */
  #checkEnd(): Outcome['kind'] {
    const { record } = this.store
    if (record === null || isRolling(record)) throw new Error(`the rollout does not end: ${JSON.stringify(record)}`)
    const { version, reason, paused: isStuck } = record
    for (const node of this.#nodes) {
      if (node.hasLeft || node.version === version) continue
      const entry = this.store.latest.get(node.index)?.entry
      const isTold = entry?.state === 'failed' && entry.reason !== null
      if (!isTold)
        throw new Error(`${node.name} is on ${node.version}, the fleet on ${version}: ${JSON.stringify(entry)}`)
      if (reason !== null && !isStuck && this.#schedule.maxFailed === 0)
        throw new Error('a way back failed, and nobody said so')
    }
    if (reason === '') throw new Error('the fleet was halted without a reason')
    return reason === null ? 'permanent' : 'halted'
  }
}

/** Whether a node belongs to a part of all, of the size 0 to 1. */
function isPart({ name }: SimNode, what: string, part: number): boolean {
  return placeOf(name, what) < part * 2 ** 32
}

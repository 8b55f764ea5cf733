/** A node of a simulated fleet: the real machine, and what its shell does, without NATS and without a rollout. */
import type { FleetEvent, FleetSnapshot, Move } from 'cutover/machines'
import { assignmentFor } from '../../../src/fleet/decisions/assignment.js'
import { entryOf, lastReport } from '../../../src/fleet/node/report.js'
import type { NodeEntry } from '../../../src/fleet/record/nodeEntry.js'
import { type Observer, TIMEOUT } from './observer.js'
import type { SimStore } from './simStore.js'
import { INITIAL, step } from './step.js'

function isOther(a: NodeEntry, b: NodeEntry | null): boolean {
  return (
    a.state !== b?.state || a.key !== b.key || a.version !== b.version || a.session !== b.session || a.tries !== b.tries
  )
}

/** The world, as a node sees it. */
export interface NodeWorld {
  readonly store: SimStore
  readonly now: number
  random(): number
  /** Called when a node begins to move. */
  begins(node: SimNode, move: Move): void
  /** Whether a version fails on a node. */
  fails(node: SimNode, move: Move): 'no' | 'fails' | 'dies'
}

interface UnderWay extends Move {
  readonly ends: number
}

/** The state that is lost when the process of a node dies. */
interface Process {
  state: FleetSnapshot
  readonly session: string
  joined: number
  isOpen: boolean
  /** When the link is opened, or opened again. */
  opensAt: number
  /** How many revisions of the record it has seen. */
  seen: number
  entry: NodeEntry | null
  isDirty: boolean
  move: UnderWay | null
  since: number
}

let sessions = 0

export class SimNode {
  readonly index: number
  readonly name: string
  readonly observer: Observer | null
  /** The version that its rollout has saved. */
  version: string | null = '1.0.0'
  process: Process | null = null
  /** Until when it does not reach NATS, and when its process starts again. */
  cutUntil = -1
  startsAt = 0
  hasLeft = false
  readonly #world: NodeWorld

  constructor(index: number, world: NodeWorld, observer: Observer | null) {
    this.index = index
    this.name = `node-${index}`
    this.#world = world
    this.observer = observer
  }

  get isReachable(): boolean {
    return this.process?.isOpen === true
  }

  crash(until: number): void {
    this.process = null
    this.startsAt = until
  }

  leave(): void {
    this.#send({ type: 'leave', forget: true })
  }

  tick(): void {
    const { now } = this.#world
    if (this.process === null && now >= this.startsAt && !this.hasLeft) this.#start()
    if (this.process === null) return
    this.#link(this.process, now)
    this.#end(now)
    if (this.process?.isOpen) this.#talk(this.process)
  }

  #start(): void {
    const { now } = this.#world
    this.process = {
      state: INITIAL,
      session: `s${++sessions}`,
      joined: 0,
      isOpen: false,
      opensAt: now + Math.floor(this.#world.random() * 3),
      seen: 0,
      entry: null,
      isDirty: false,
      move: null,
      since: now,
    }
  }

  #link(process: Process, now: number): void {
    if (now < this.cutUntil) {
      process.isOpen = false
      process.opensAt = this.cutUntil + Math.floor(this.#world.random() * 4)
    } else if (!process.isOpen && now >= process.opensAt) this.#open(process)
  }

  /** Registers, and reads the record. */
  #open(process: Process): void {
    const { store, now } = this.#world
    const before = store.latest.get(this.index)
    process.joined = before === undefined ? 0 : before.entry.joined || before.revision
    const isFirst = process.state.matches('joining')
    process.isOpen = true
    process.since = now
    const own = { session: process.session, joined: process.joined, version: this.version }
    const claimed = this.#put(
      process,
      isFirst && before !== undefined ? { ...before.entry, ...own } : this.#entry(process),
    )
    this.observer?.restart(claimed, now)
    process.seen = store.records.length
    const last = before === undefined ? null : lastReport(before.entry)
    this.#send({ type: 'joined', assignment: this.#assigned(process), version: this.version, last })
    this.#assign(process)
    process.isDirty = true
  }

  /** Reports and reads, with delays. */
  #talk(process: Process): void {
    const { store } = this.#world
    if (process.isDirty && this.#world.random() < 0.8) this.#report(process)
    while (process.seen < store.records.length && this.#world.random() < 0.7) {
      process.seen++
      this.#assign(process)
    }
  }

  #assigned(process: Process) {
    const wanted = this.#world.store.records[process.seen - 1]
    return wanted === undefined ? null : assignmentFor(wanted, { name: this.name, joined: process.joined })
  }

  #assign(process: Process): void {
    const assignment = this.#assigned(process)
    const { assignment: before } = process.state.context
    // The machine ignores what it has already. To leave it out saves most of the time of a simulation.
    const isNews = assignment?.key !== before?.key || assignment?.isPaused !== before?.isPaused
    if (assignment !== null && isNews) this.#send({ type: 'assigned', assignment })
  }

  #entry(process: Process): NodeEntry {
    const { session, joined } = process
    return entryOf(process.state, { session, joined, heartbeatTimeout: TIMEOUT }, process.entry)
  }

  #put(process: Process, entry: NodeEntry): number {
    const revision = this.#world.store.put(this.index, entry)
    process.entry = entry
    if (process.joined === 0) process.joined = revision
    return revision
  }

  #report(process: Process): void {
    process.isDirty = false
    const entry = this.#entry(process)
    if (isOther(entry, process.entry)) this.#put(process, entry)
    if (entry.state === 'moving' && entry.key !== null) this.#send({ type: 'announced', key: entry.key })
  }

  /** Ends a move that is due. */
  #end(now: number): void {
    const { process } = this
    const move = process?.move
    if (!process || !move || now < move.ends) return
    process.move = null
    const outcome = this.#world.fails(this, move)
    if (outcome === 'dies') {
      this.crash(now + 2)
      return
    }
    if (outcome === 'no') this.version = move.assignment.version
    const { move: number } = move
    if (outcome === 'no') this.#send({ type: 'moved', move: number, version: this.version })
    else this.#send({ type: 'failed', move: number, version: this.version, why: 'It is bad.' })
  }

  #send(event: FleetEvent): void {
    const { process } = this
    if (process === null || process.state.status !== 'active') return
    const { state, effects } = step(process.state, event)
    process.state = state
    for (const { type, params } of effects) {
      if (type === 'report') process.isDirty = true
      if (type === 'move') this.#move(process, params as unknown as Move)
      if (type === 'leave') this.#leave(process)
    }
  }

  #move(process: Process, move: Move): void {
    this.#world.begins(this, move)
    process.move = { ...move, ends: this.#world.now + 1 + Math.floor(this.#world.random() * 5) }
  }

  #leave(process: Process): void {
    if (process.isOpen) this.#world.store.put(this.index, null)
    this.hasLeft = true
    this.process = null
  }
}

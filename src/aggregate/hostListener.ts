import { isRepeated, type VersionEvent } from '../../machines/index.js'
import type { RuntimeEvent } from '../contract/index.js'
import type { Channels } from './channels.js'
import { type ControlFacts, isAlive, type VersionActor } from './controlFacts.js'
import type { HostedVersion, HostObserver } from './hostedVersion.js'
import { eventsEnded, failureIn, toVersionEvent } from './runtimeEvents.js'

/** Takes the events of hosts: first the machine of their version decides, then subscribers get the event. */
export class HostListener<Req, Res> {
  readonly #control: ControlFacts<Req, Res>
  readonly #channels: Channels
  readonly #isInspected: boolean

  constructor(control: ControlFacts<Req, Res>, channels: Channels, isInspected: boolean) {
    this.#control = control
    this.#channels = channels
    this.#isInspected = isInspected
  }

  /** Listens to the host of a version. */
  of(actor: VersionActor, hosted: HostedVersion<Req, Res>): HostObserver {
    return {
      event: event => this.#hear(actor, hosted, event),
      ended: error =>
        this.#decide(actor, () => {
          // The machine keeps an earlier failure when a stream of events ends.
          if (this.#control.failureOf(hosted.version) === undefined) hosted.failure = error
          this.#send(actor, hosted, eventsEnded(error))
        }),
    }
  }

  /** No call of this version is in flight any more. */
  drained(actor: VersionActor): void {
    this.#decide(actor, () => actor.send({ type: 'drained' }))
  }

  /** The endpoint is closed although the runtime has not emitted `stopped`: the version is starting again. */
  refused(version: string): void {
    const actor = this.#control.versionActor(version)
    const hosted = this.#control.hosted(version)
    if (actor === undefined || hosted === undefined) return
    this.#decide(actor, () => this.#send(actor, hosted, { type: 'host.refused' }))
  }

  #hear(actor: VersionActor, hosted: HostedVersion<Req, Res>, event: RuntimeEvent): void {
    if (!isAlive(actor)) return
    const { effects } = this.#control
    const versionEvent = toVersionEvent(event)
    if (versionEvent === undefined || this.#isNoNews(actor, versionEvent)) {
      effects.perform(() => this.#pass(hosted, event))
      return
    }
    const failure = failureIn(event)
    effects.decide(() => {
      effects.push(() => this.#pass(hosted, event))
      if (failure !== undefined) hosted.failure = failure
      this.#send(actor, hosted, versionEvent)
    })
  }

  #pass(hosted: HostedVersion<Req, Res>, event: RuntimeEvent): void {
    const { snapshot } = this.#control
    const { active, next } = snapshot.context
    const { version } = hosted
    hosted.log.heard(event, version === active ? 'active' : version === next ? 'next' : 'leaving')
    this.#channels.event(version, event, snapshot)
    hosted.hear(event)
  }

  /** Whether the event changes nothing in any state of its version's machine. An inspector sees it nevertheless. */
  #isNoNews(actor: VersionActor, event: VersionEvent): boolean {
    return !this.#isInspected && isRepeated(actor.getSnapshot().context, event)
  }

  /** Sends an event, and counts the runtimes that have to start again. */
  #send(actor: VersionActor, hosted: HostedVersion<Req, Res>, event: VersionEvent): void {
    const wasRunning = actor.getSnapshot().value === 'running'
    actor.send(event)
    if (wasRunning && actor.getSnapshot().value === 'starting') hosted.countRestart()
  }

  #decide(actor: VersionActor, decide: () => void): void {
    this.#control.effects.decide(() => {
      if (isAlive(actor)) decide()
    })
  }
}

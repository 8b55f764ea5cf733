import type { AnyActorRef } from 'xstate'
import type { AggregateEffect, VersionEffect } from '../../machines/index.js'
import type { Inspection, Logger } from '../contract/index.js'
import type { Channels } from './channels.js'
import type { ControlFacts, VersionActor } from './controlFacts.js'
import type { EventHub } from './eventHub.js'
import type { HostedVersion } from './hostedVersion.js'
import type { HostedVersions } from './hostedVersions.js'
import type { HostListener } from './hostListener.js'

/** An effect of the machines of an aggregate. */
export type Effect = AggregateEffect | VersionEffect

/** The objects that effects act on. */
export interface EffectContext<Req, Res> {
  readonly control: ControlFacts<Req, Res>
  readonly versions: HostedVersions<Req, Res>
  readonly hub: EventHub
  readonly channels: Channels
  readonly hosts: HostListener<Req, Res>
  readonly logger: Logger
  readonly inspect: Inspection | undefined
  readonly waitTimeout: number
  readonly stopTimeout: number
  /** Ends the aggregate: everything is down for good. */
  close(): void
}

/** Performs the effects of the aggregate's machine and of its versions' machines. */
export class EffectPerformer<Req, Res> {
  readonly #context: EffectContext<Req, Res>

  constructor(context: EffectContext<Req, Res>) {
    this.#context = context
  }

  perform(effect: Effect, actor: AnyActorRef, hosted: HostedVersion<Req, Res> | undefined): void {
    const { control, hub, close } = this.#context
    switch (effect.type) {
      case 'setGate':
        hosted?.setGate(effect.gate)
        break
      case 'announceConfig':
        // Queued behind the other effects of the same decision.
        control.effects.push(() => hub.announce({ type: 'configUpdated' }))
        break
      case 'logActive':
        hosted?.log.isActive()
        break
      case 'standBy':
        hub.announce({ type: 'stopped', version: effect.version, standby: true })
        hosted?.setGate('capture')
        break
      case 'announceSwap':
        hub.announce({ type: 'configUpdated' })
        break
      case 'warnPostponed':
        this.#warnPostponed(effect.versions)
        break
      case 'close':
        control.effects.push(close)
        break
      default:
        if (hosted === undefined) throw new Error(`${actor.id} decided "${effect.type}", but has no runtime.`)
        this.#performOn(hosted, effect, actor)
        break
    }
  }

  /** Performs an effect of one version. */
  #performOn(hosted: HostedVersion<Req, Res>, effect: VersionEffect, actor: VersionActor): void {
    const { control, versions, channels, hosts } = this.#context
    const { version } = hosted
    switch (effect.type) {
      case 'startHost':
        this.#startHost(hosted, actor)
        break
      case 'logRunning':
        hosted.log.isRunning()
        break
      case 'awaitDrain':
        hosted.log.leaves()
        hosted.calls.whenEmpty(() => hosts.drained(actor))
        break
      case 'rejectCalls':
        hosted.cutOff()
        break
      case 'stopHost':
        hosted.log.stops()
        hosted.stop()
        break
      case 'giveUpHost':
        this.#logGivenUp(version)
        break
      case 'emitStopped':
        channels.event(version, { type: 'stopped', version }, control.snapshot)
        hosted.publish({ type: 'stopped', version })
        break
      case 'releaseHost':
        hosted.release()
        hosted.log.hasLeft()
        versions.remove(hosted)
        break
    }
  }

  #startHost(hosted: HostedVersion<Req, Res>, actor: VersionActor): void {
    const { control, inspect, hosts } = this.#context
    hosted.log.starts()
    if (inspect !== undefined) hosted.showBelow(control.shownActor(actor))
    hosted.start(hosts.of(actor, hosted))
  }

  #warnPostponed(versions: readonly string[]): void {
    const { control, logger, waitTimeout } = this.#context
    const { active } = control.snapshot.context
    const wait = waitTimeout === Number.POSITIVE_INFINITY ? 'wait' : `wait up to ${waitTimeout} ms (waitTimeout)`
    const calls = active === null ? `Until a version is active, calls ${wait}.` : `Calls go to version ${active}.`
    const message = `wanted versions have not been added, or have left. They start as soon as they are added. ${calls}`
    logger.warn({ versions, active }, message)
  }

  #logGivenUp(version: string): void {
    const { logger, stopTimeout } = this.#context
    logger.error({ version }, `a host did not report that it stopped within ${stopTimeout} ms: given up`)
  }
}

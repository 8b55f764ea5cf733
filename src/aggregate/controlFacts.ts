import type { ActorRefFrom, AnyActorRef, SnapshotFrom } from 'xstate'
import type { AggregateSnapshot, versionMachine } from '../../machines/index.js'
import type { EffectQueue } from '../support/index.js'
import type { HostedVersion } from './hostedVersion.js'

/** The actor of one version. */
export type VersionActor = ActorRefFrom<typeof versionMachine>

/** The state of one version. */
export type VersionSnapshot = SnapshotFrom<typeof versionMachine>

/** The control plane, as its parts see it. */
export interface ControlFacts<Req, Res> {
  readonly snapshot: AggregateSnapshot
  readonly effects: EffectQueue
  hosted(version: string | null): HostedVersion<Req, Res> | undefined
  versionActor(version: string): VersionActor | undefined
  /** The actor of a version, as an inspector sees it. */
  shownActor(actor: VersionActor): AnyActorRef
  /** The last failure of a version that has not run since. */
  failureOf(version: string): Error | undefined
}

/** Whether the actor still takes events. A version whose host had stopped before ends without a drain. */
export function isAlive(actor: VersionActor): boolean {
  const snapshot = actor.getSnapshot()
  return snapshot.status === 'active' && snapshot.value !== 'stopped'
}

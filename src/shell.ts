/**
 * The machines of the control plane, with their actions. All aggregates share them: to make a machine takes longer, and
 * more memory, than all else that an aggregate is made of. So an action looks up the shell of the actor it runs in.
 */
import { type ActorOptions, type ActorRefFrom, type AnyActorRef, createActor, enqueueActions } from 'xstate'
import { aggregateMachine } from '../machines/aggregate.js'
import type { AggregateInput } from '../machines/context.js'
import { childId, type Gate, namedIn } from '../machines/steps.js'
import { type VersionEvent, versionMachine } from '../machines/version.js'

/** The actor of one aggregate. */
export type AggregateActor = ActorRefFrom<typeof aggregateMachine>
/** The actor of one version, as its actions see it. */
export type VersionActor = AnyActorRef & { send(event: VersionEvent): void }

/** Carries out what the machines of one aggregate decide. */
export interface Shell {
  setGate(version: string, gate: Gate): void
  announceConfig(): void
  forgetVersion(version: string): void
  warnPostponed(versions: readonly string[]): void
  closeDown(): void
  startHost(version: string, actor: VersionActor): void
  awaitDrain(version: string, actor: VersionActor): void
  rejectCalls(version: string): void
  stopHost(version: string): void
  giveUpHost(version: string): void
  sayStopped(version: string): void
}

type Options = ActorOptions<typeof aggregateMachine> & { readonly input: AggregateInput }

const SHELL = Symbol('shell')

/** Starts the actor of an aggregate, whose decisions and whose versions' decisions `shell` carries out. */
export function startActor(shell: Shell, options: Options): AggregateActor {
  return Object.assign(createActor(aggregateLogic, options), { [SHELL]: shell }).start()
}

function shellOf(actor: AnyActorRef | undefined): Shell {
  const shell = (actor as { readonly [SHELL]?: Shell } | undefined)?.[SHELL]
  if (shell === undefined) throw new Error('An actor of the control plane has no shell.')
  return shell
}

const ofVersion = (self: AnyActorRef) => shellOf(self._parent)

const versionLogic = versionMachine.provide({
  actions: {
    startHost: ({ context, self }) => ofVersion(self).startHost(context.version, self),
    awaitDrain: ({ context, self }) => ofVersion(self).awaitDrain(context.version, self),
    rejectCalls: ({ context, self }) => ofVersion(self).rejectCalls(context.version),
    stopHost: ({ context, self }) => ofVersion(self).stopHost(context.version),
    giveUpHost: ({ context, self }) => ofVersion(self).giveUpHost(context.version),
    sayStopped: ({ context, self }) => ofVersion(self).sayStopped(context.version),
  },
})

/**
 * The children of an aggregate's actor. XState's own actions copy them all for each that comes or goes; of a thousand that
 * takes longer than all the rest. Its snapshots share this object, and the shell looks at the last of them only: so the
 * running actor adds and deletes in place.
 */
function childrenOf(self: AnyActorRef): Record<string, AnyActorRef> {
  return (self.getSnapshot() as { readonly children: Record<string, AnyActorRef> }).children
}

/** Ends the actor of an aggregate, after those of its versions, each by itself; none of them runs any more. */
export function stopActor(actor: AggregateActor): void {
  const children = childrenOf(actor)
  for (const [id, child] of Object.entries(children)) {
    child.send({ type: 'stop' } satisfies VersionEvent)
    delete children[id]
  }
  actor.stop()
}

const provided = aggregateMachine.provide({
  actors: { version: versionLogic },
  actions: {
    // Not a function: as in XState's own action, the child is made while actions are resolved, and started when they run.
    spawnVersion: enqueueActions(({ context: { drainTimeout, stopTimeout }, event, self, enqueue }) => {
      const version = namedIn(event)
      const id = childId(version)
      const input = { version, drainTimeout, stopTimeout }
      const child = createActor(versionLogic, { id, src: 'version', parent: self, input })
      childrenOf(self)[id] = child
      // An inspector shows it by its name.
      enqueue(function startChild() {
        child.start()
      })
    }),
    /** It has stopped by itself, or is about to: a version that leaves is in its final state. */
    dropActor: ({ self }, { version }) => {
      delete childrenOf(self)[childId(version)]
    },
    setGate: ({ self }, { version, gate }) => shellOf(self).setGate(version, gate),
    announceConfig: ({ self }) => shellOf(self).announceConfig(),
    forgetVersion: ({ self }, { version }) => shellOf(self).forgetVersion(version),
    warnPostponed: ({ self }, { versions }) => shellOf(self).warnPostponed(versions),
    closeDown: ({ self }) => shellOf(self).closeDown(),
  },
})

/**
 * XState keeps, for ever, what it has worked out for each type of event that a machine was sent. The event with which the
 * actor of a version ends has a type of its own, which names the version, and leads nowhere: it does not come that far.
 */
const aggregateLogic = Object.assign(provided, { transition: heeding(provided.transition.bind(provided)) })

type Transition = typeof provided.transition

function heeding(transition: Transition): Transition {
  return (snapshot, event, scope) =>
    event.type.startsWith('xstate.done.actor.') ? snapshot : transition(snapshot, event, scope)
}

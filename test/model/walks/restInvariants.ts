import { getEventListeners } from 'node:events'
import { type Invariant, invariant } from './invariant.js'
import type { World } from './world.js'

type WorldInvariant = Invariant<World>

/** Checked whenever nothing more happens without a command. */
export const atRest: readonly WorldInvariant[] = [
  invariant('The wanted pair is the one that was asked for last', ({ status, wanted }) => {
    return status.wanted.active === wanted.active && status.wanted.next === wanted.next
  }),
  invariant('The share is the one that was set last, unless active or next has changed', ({ status, share }) => {
    return status.share === share
  }),
  invariant('Once settled, active and next are the wanted versions, if they are known', ({ status, wanted, here }) => {
    if (status.phase !== 'settled') return true
    const known = (version: string | null) => (version !== null && here.has(version) ? version : null)
    return status.active === known(wanted.active) && status.next === known(wanted.next)
  }),
  invariant('Once stopped, no version is active or next', ({ status: { state, active, next } }) => {
    return (state !== 'stopped' && state !== 'disposed') || (active === null && next === null)
  }),
  invariant('While a change is in progress, a version is stopping', ({ status: { state, phase, versions } }) => {
    const isUnderWay = state === 'stopping' || state === 'disposing' || (state === 'running' && phase !== 'settled')
    return isUnderWay === versions.some(its => its.state === 'stopping')
  }),
  invariant('A version is running if its host has emitted started', ({ status: { versions }, here }) => {
    return versions.every(({ version, state }) => {
      return (state !== 'starting' && state !== 'running') || (state === 'running') === here.get(version)?.events.isUp
    })
  }),
  invariant(
    'A host was started if its version is starting or later, and stopped if its version has left',
    ({ hosts, status }) => {
      const startedOf = (version: string) =>
        status.versions.find(its => its.version === version)?.state !== 'provisioned'
      return hosts.every(({ version, starts, stops, hasLeft }) => {
        return hasLeft ? stops === starts : startedOf(version) === (starts === 1)
      })
    },
  ),
  invariant(
    'A leaving version is stopped when its calls are answered, or after drainTimeout',
    ({ hosts, clock, options }) => {
      return hosts.every(host => {
        if (host.leavingSince === null || host.hasLeft || host.stops > 0) return true
        return host.hasUnanswered && clock.now - host.leavingSince < options.drainTimeout
      })
    },
  ),
  invariant('A host that does not stop is abandoned after stopTimeout', ({ hosts, clock, options }) => {
    return hosts.every(({ stopAskedAt, hasLeft }) => {
      return stopAskedAt === null || hasLeft || clock.now - stopAskedAt < Math.max(options.stopTimeout, 1)
    })
  }),
  invariant('A call with an answer is settled', ({ openCalls }) => {
    return every(openCalls, ({ answer }) => answer === null)
  }),
  invariant('A sent call is settled when its version stops', ({ openCalls }) => {
    return every(openCalls, ({ sentTo }) => sentTo === null || sentTo.stops === 0)
  }),
  invariant('A call that was sent is settled when its host has died', ({ openCalls }) => {
    return every(openCalls, ({ sentTo, deathsBefore }) => sentTo === null || sentTo.events.deaths === deathsBefore)
  }),
  invariant('No call waits while the version runs that it would go to', ({ status, openCalls }) => {
    const { state, active, next, versions } = status
    const runs = (version: string | null) => versions.some(its => its.version === version && its.state === 'running')
    const isInPlace = (version: string) => version === active || version === next
    return every(openCalls, ({ sentTo, pin }) => {
      return sentTo !== null || state !== 'running' || !runs(pin ?? active) || (pin !== null && !isInPlace(pin))
    })
  }),
  invariant('A call that names its version waits only while that is in place and starting', ({ status, openCalls }) => {
    const { state, active, next, versions } = status
    return every(openCalls, ({ sentTo, pin }) => {
      if (sentTo !== null || pin === null) return true
      const starts = versions.some(its => its.version === pin && its.state === 'starting')
      return state === 'running' && starts && (pin === active || pin === next)
    })
  }),
  invariant('No call waits for a version whose host has given up', ({ status: { active, versions }, openCalls }) => {
    const hasGivenUp = (version: string | null) =>
      versions.some(its => its.version === version && its.phase === 'gaveUp')
    return every(openCalls, ({ sentTo, pin }) => sentTo !== null || !hasGivenUp(pin ?? active))
  }),
  invariant('The counts of waiting calls and calls in flight are right', world => {
    const sent = count(world.openCalls, ({ sentTo }) => sentTo !== null)
    const { waiting, inFlight } = world.status
    return waiting === world.openCalls.size - sent && inFlight === sent
  }),
  invariant('No call waits after waitTimeout, after its signal fired, or above maxWaitingCalls', world => {
    const { waitTimeout, maxWaitingCalls } = world.options
    return every(world.openCalls, ({ sentTo, isPlain, madeAt, signal, waitingBefore }) => {
      if (sentTo !== null) return true
      // Calls that name a version have a limit of their own.
      const isFull = waitingBefore >= maxWaitingCalls && !world.hasPinned
      if (isPlain && (waitTimeout === 0 || isFull)) return false
      return world.clock.now - madeAt < Math.max(waitTimeout, 1) && signal?.aborted !== true
    })
  }),
  invariant('No call waits after dispose()', ({ isDisposeAsked, status }) => !isDisposeAsked || status.waiting === 0),
  invariant('setVersion(), stop() and dispose() resolve as soon as they are done', ({ promises, status }) => {
    const { state, phase } = status
    return every(promises, ({ of }) => {
      if (of === 'setVersion') return phase !== 'settled' && state !== 'stopped' && state !== 'disposed'
      return of === 'stop' ? state === 'stopping' || state === 'disposing' : of !== 'dispose' || state !== 'disposed'
    })
  }),
  invariant('whenRunning() settles as soon as its version is running as active or next, or is not wanted', world => {
    const { active, next, state, versions } = world.status
    const serves = (version: string | null) =>
      state === 'running' &&
      version !== null &&
      (version === active || version === next) &&
      versions.some(its => its.version === version && its.state === 'running')
    const isWanted = (version: string) => version === world.wanted.active || version === world.wanted.next
    return every(world.promises, ({ of, version }) => {
      if (of !== 'whenRunning') return true
      return !serves(version ?? active) && (version === null || isWanted(version))
    })
  }),
  invariant('Each waiting call and each stopping version has one timer', world => {
    const { versions, waiting } = world.status
    const stopping = count(versions, ({ state }) => state === 'stopping')
    return world.clock.pending === stopping + (world.options.waitTimeout === Number.POSITIVE_INFINITY ? 0 : waiting)
  }),
  invariant(
    'A signal has one listener for all waiting calls and one for each other promise, and no other',
    ({ signals, openCalls, promises }) => {
      return signals.every(({ signal }) => {
        const waiting = count(openCalls, call => call.sentTo === null && call.signal === signal)
        const others = count(promises, promise => promise.signal === signal)
        return getEventListeners(signal, 'abort').length === Math.min(waiting, 1) + others
      })
    },
  ),
  invariant('A host has one subscriber, from its start until its version has left or its stream has ended', world => {
    return world.hosts.every(({ starts, hasLeft, events, subscribers }) => {
      return subscribers === (starts === 1 && !hasLeft && !events.hasEnded ? 1 : 0)
    })
  }),
  invariant('Nothing is logged as a bug of the library', ({ bugs }) => bugs.length === 0),
  invariant('Each version has one actor', ({ root, status }) => {
    return root === null || Object.keys(root.getSnapshot().children).length === status.versions.length
  }),
  invariant('Every event of the active version is received', ({ hosts }) =>
    hosts.every(({ events }) => !events.due.length),
  ),
  invariant('The start and the end of a next version emit configUpdated; a promotion does not', world => {
    // Inside an event, roles change before the host is started.
    return world.hasReentered || world.subscribers.configUpdates.due === world.subscribers.configUpdates.received
  }),
  invariant(
    'A subscriber that throws or performs commands keeps no event from the others',
    ({ subscribers: { listeners, received } }) => {
      return listeners.every(listener => listener.received === received - listener.since)
    },
  ),
]

/** Checked when every timeout has passed. */
export const afterAWhile: readonly WorldInvariant[] = [
  invariant('Every change ends', ({ status: { state, phase } }) => {
    return state === 'stopped' || state === 'disposed' || phase === 'settled'
  }),
  invariant('The aggregate is running in the end if start() came last, and stopped if stop() did', world => {
    const { status, isDisposeAsked, isStartAsked } = world
    return status.state === (isDisposeAsked ? 'disposed' : isStartAsked ? 'running' : 'stopped')
  }),
  invariant('Every setVersion() and stop() settles', ({ promises }) => {
    return every(promises, ({ of }) => of !== 'setVersion' && of !== 'stop')
  }),
]

/** Checked after dispose(). */
export const atTheEnd: readonly WorldInvariant[] = [
  invariant('dispose() ends', ({ status }) => status.state === 'disposed'),
  invariant('Every call settles', ({ openCalls }) => openCalls.size === 0),
  invariant('Every promise settles', ({ promises }) => promises.size === 0),
  invariant('No timer is left', ({ clock }) => clock.pending === 0),
  invariant('No listener is left on a signal', ({ signals }) => {
    return signals.every(({ signal }) => getEventListeners(signal, 'abort').length === 0)
  }),
  invariant('No host has a subscriber left', ({ hosts }) => hosts.every(({ subscribers }) => subscribers === 0)),
  invariant('No version is left', ({ status }) => status.versions.length === 0),
  invariant('watchEvents() has completed, for all subscribers', ({ subscribers: { isCompleted, listeners } }) => {
    return isCompleted && listeners.every(listener => listener.isCompleted)
  }),
  invariant('Every version that started has stopped', ({ hosts }) =>
    hosts.every(({ starts, stops }) => starts === stops),
  ),
]

function every<T>(items: Iterable<T>, holds: (item: T) => boolean): boolean {
  for (const item of items) if (!holds(item)) return false
  return true
}

function count<T>(items: Iterable<T>, counts: (item: T) => boolean): number {
  let found = 0
  for (const item of items) if (counts(item)) found++
  return found
}

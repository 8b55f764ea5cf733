import { type AggregateEvent, type AggregateSnapshot, aggregateMachine, type Handover } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { initialTransition, transition } from 'xstate'
import { effectsOf } from './effectsOf.js'

const ONE = 'start; add 1; set 1 -; running 1'
const NEXT_STARTS = `${ONE}; add 2; set 1 2`
const NEXT = `${NEXT_STARTS}; running 2`
const SWAPPED = 'logActive 2, standBy 1, setGate 2 pass, announceSwap'

/**
 * Written by hand, not made from the machine. What happened so far | what happens now → the state, active/next, wanted
 * active/next, the share unless it is 0, the state of each version; then what is done, in order. Versions go by their
 * first number; `waits` is `promote: false`.
 */
const TABLE: Readonly<Record<Handover | 'either', Readonly<Record<string, string>>>> = {
  either: {
    // stopped
    ' | add 1': 'stopped -/- -/- 1:provisioned; spawn 1',
    'add 1 | add 1': 'stopped -/- -/- 1:provisioned',
    'add 1 | remove 1': 'stopped -/- -/-; stop 1, drop 1',
    'add 1; set 1 - | remove 1': 'stopped -/- 1/- 1:provisioned',
    'add 1; set 2 1 | remove 1': 'stopped -/- 2/1 1:provisioned',
    ' | remove 1': 'stopped -/- -/-',
    ' | set 1 2': 'stopped -/- 1/2',
    ' | set 1 1': 'stopped -/- 1/-',
    ' | set - 2': 'stopped -/- 2/-',
    'set 1 2 | set - -': 'stopped -/- -/-',
    ' | stop': 'stopped -/- -/-',
    ' | dispose': 'disposed -/- -/-; close',
    // start
    ' | start': 'running.settled -/- -/-',
    'add 1; set 1 - | start': 'running.settled 1/- 1/- 1:starting; logActive 1, setGate 1 pass, start 1',
    'set 1 - | start': 'running.settled -/- 1/-; warnPostponed 1',
    'add 2; set 1 2 | start':
      'running.settled -/2 1/2 2:starting; setGate 2 capture, start 2, announceConfig, warnPostponed 1',
    'add 1; add 2; set 1 2 | start':
      'running.settled 1/2 1/2 1:starting 2:starting; logActive 1, setGate 1 pass, start 1, setGate 2 capture, start 2, announceConfig',
    // settled
    'start | stop': 'stopped -/- -/-',
    'start | dispose': 'disposed -/- -/-; close',
    'start; add 1 | set 1 -': 'running.settled 1/- 1/- 1:starting; logActive 1, setGate 1 pass, start 1',
    'start; add 1; set 1 - | running 1': 'running.settled 1/- 1/- 1:running',
    [`${ONE} | running 1`]: 'running.settled 1/- 1/- 1:running',
    [`${ONE} | lost 1`]: 'running.settled 1/- 1/- 1:starting',
    'start; add 1; set 1 - | failed 1': 'running.settled 1/- 1/- 1:starting',
    [`${ONE} | add 1`]: 'running.settled 1/- 1/- 1:running',
    [`${ONE} | start`]: 'running.settled 1/- 1/- 1:running',
    [`${ONE} | remove 1`]: 'running.settled 1/- 1/- 1:running',
    [`${ONE} | set 1 -`]: 'running.settled 1/- 1/- 1:running',
    [`${ONE} | set 1 2`]: 'running.settled 1/- 1/2 1:running; warnPostponed 2',
    [`${ONE} | add 2`]: 'running.settled 1/- 1/- 1:running 2:provisioned; spawn 2',
    [`${ONE}; add 2 | remove 2`]: 'running.settled 1/- 1/- 1:running; stop 2, drop 2',
    [`${ONE}; set 1 2 | add 2`]:
      'running.settled 1/2 1/2 1:running 2:starting; spawn 2, setGate 2 capture, start 2, announceConfig',
    [`${ONE}; set 1 2 | add 3`]: 'running.settled 1/- 1/2 1:running 3:provisioned; spawn 3',
    [`${ONE}; add 2 | set 1 2`]:
      'running.settled 1/2 1/2 1:running 2:starting; setGate 2 capture, start 2, announceConfig',
    // promote: false
    ' | set - 2 waits': 'stopped -/- -/2',
    ' | set 1 2 waits': 'stopped -/- 1/2',
    [`${NEXT} | set - 2 waits`]: 'running.stoppingActive 1/2 -/2 1:stopping 2:running; stop 1',
    [`${NEXT}; set - 2 waits | stopped 1`]: 'running.settled -/2 -/2 2:running; drop 1',
    [`${NEXT}; set - 2 waits; stopped 1 | set - 2`]: 'running.settled 2/- 2/- 2:running; logActive 2, setGate 2 pass',
    'start; add 2 | set - 2 waits': 'running.settled -/2 -/2 2:starting; setGate 2 capture, start 2, announceConfig',
    // swap
    [`${NEXT} | swap`]: `running.settled 2/1 2/1 1:running 2:running; ${SWAPPED}`,
    [`${NEXT}; lost 1 | swap`]: `running.settled 2/1 2/1 1:starting 2:running; ${SWAPPED}`,
    [`${NEXT}; swap | swap`]:
      'running.settled 1/2 1/2 1:running 2:running; logActive 1, standBy 2, setGate 1 pass, announceSwap',
    [`${NEXT}; swap; lost 1 | swap`]: 'running.settled 2/1 2/1 1:starting 2:running',
    [`${NEXT}; swap | set 2 -`]: 'running.stoppingNext 2/1 2/- 1:stopping 2:running; stop 1',
    [`${NEXT_STARTS} | swap`]: 'running.settled 1/2 1/2 1:running 2:starting',
    [`${NEXT}; lost 2 | swap`]: 'running.settled 1/2 1/2 1:running 2:starting',
    [`${ONE} | swap`]: 'running.settled 1/- 1/- 1:running',
    [`${NEXT}; set - 2 waits; stopped 1 | swap`]: 'running.settled -/2 -/2 2:running',
    [`${NEXT}; set 1 - | swap`]: 'running.stoppingNext 1/2 1/- 1:running 2:stopping',
    [`${NEXT}; stop | swap`]: 'stopping.halting 1/2 1/2 1:stopping 2:stopping',
    ' | swap': 'stopped -/- -/-',
    'dispose | swap': 'disposed -/- -/-',
    // share
    [`${NEXT} | share 10`]: 'running.settled 1/2 1/2 share 10 1:running 2:running',
    [`${NEXT_STARTS} | share 0.5`]: 'running.settled 1/2 1/2 share 0.5 1:running 2:starting',
    [`${NEXT}; share 10 | share 0`]: 'running.settled 1/2 1/2 1:running 2:running',
    [`${NEXT}; share 10 | lost 2`]: 'running.settled 1/2 1/2 share 10 1:running 2:starting',
    [`${NEXT}; share 10; lost 2 | running 2`]: 'running.settled 1/2 1/2 share 10 1:running 2:running',
    [`${NEXT}; share 10; lost 1 | running 1`]: 'running.settled 1/2 1/2 share 10 1:running 2:running',
    [`${NEXT}; share 10 | add 3`]: 'running.settled 1/2 1/2 share 10 1:running 2:running 3:provisioned; spawn 3',
    [`${NEXT}; add 3; share 10 | remove 3`]: 'running.settled 1/2 1/2 share 10 1:running 2:running; stop 3, drop 3',
    [`${NEXT}; share 10 | set 1 2`]: 'running.settled 1/2 1/2 share 10 1:running 2:running',
    [`${NEXT}; share 10 | swap`]: `running.settled 2/1 2/1 1:running 2:running; ${SWAPPED}`,
    [`${NEXT}; share 10 | set 1 -`]: 'running.stoppingNext 1/2 1/- 1:running 2:stopping; stop 2',
    [`${NEXT}; set 1 - | share 10`]: 'running.stoppingNext 1/2 1/- 1:running 2:stopping',
    [`${NEXT}; share 10 | set - 2 waits`]: 'running.stoppingActive 1/2 -/2 share 10 1:stopping 2:running; stop 1',
    [`${NEXT}; share 10; set - 2 waits | stopped 1`]: 'running.settled -/2 -/2 2:running; drop 1',
    [`${NEXT}; set - 2 waits; stopped 1 | share 10`]: 'running.settled -/2 -/2 share 10 2:running',
    [`${NEXT}; set - 2 waits; stopped 1; share 10; add 3 | set 3 2`]:
      'running.settled 3/2 3/2 2:running 3:starting; logActive 3, setGate 3 pass, start 3',
    [`${NEXT}; share 10 | stop`]: 'stopping.halting 1/2 1/2 1:stopping 2:stopping; stop 1, stop 2',
    [`${NEXT}; stop | share 10`]: 'stopping.halting 1/2 1/2 1:stopping 2:stopping',
    [`${ONE} | share 10`]: 'running.settled 1/- 1/- 1:running',
    ' | share 10': 'stopped -/- -/-',
    // the active version leaves
    [`${ONE} | set - -`]: 'running.stoppingActive 1/- -/- 1:stopping; stop 1',
    'start; add 1; set 1 - | set - -': 'running.stoppingActive 1/- -/- 1:stopping; stop 1',
    [`${ONE}; set - - | stopped 1`]: 'running.settled -/- -/-; drop 1',
    [`${ONE}; set - - | set 1 -`]: 'running.stoppingActive 1/- 1/- 1:stopping',
    [`${ONE}; set - -; set 1 - | stopped 1`]: 'running.settled -/- 1/-; drop 1, warnPostponed 1',
    [`${ONE}; add 2; set 2 - | stopped 1`]:
      'running.settled 2/- 2/- 2:starting; drop 1, logActive 2, setGate 2 pass, start 2',
    [`${NEXT_STARTS} | set 2 -`]: 'running.stoppingActive 1/2 2/- 1:stopping 2:starting; stop 1',
    [`${NEXT_STARTS}; set 2 - | stopped 1`]: 'running.settled 2/- 2/- 2:starting; drop 1, logActive 2, setGate 2 pass',
    [`${NEXT}; set 3 2; stopped 1 | set 2 -`]: 'running.settled 2/- 2/- 2:running; logActive 2, setGate 2 pass',
    [`${ONE}; set - - | add 3`]: 'running.stoppingActive 1/- -/- 1:stopping 3:provisioned; spawn 3',
    [`${ONE}; set - -; add 3; remove 3 | stopped 3`]: 'running.stoppingActive 1/- -/- 1:stopping',
    [`${ONE}; set - - | stop`]: 'stopping.halting 1/- -/- 1:stopping; stop 1',
    // the next version leaves
    [`${NEXT} | set 1 -`]: 'running.stoppingNext 1/2 1/- 1:running 2:stopping; stop 2',
    [`${NEXT}; set 1 - | stopped 2`]: 'running.settled 1/- 1/- 1:running; drop 2, announceConfig',
    [`${NEXT}; set 1 - | stopped 1`]: 'running.stoppingNext 1/2 1/- 1:running 2:stopping',
    [`${NEXT}; set 1 - | lost 1`]: 'running.stoppingNext 1/2 1/- 1:starting 2:stopping',
    [`${NEXT}; set 1 -; set 2 - | stopped 2`]:
      'running.stoppingActive 1/- 2/- 1:stopping; drop 2, announceConfig, stop 1',
    [`${NEXT}; add 3; set 1 3 | stopped 2`]:
      'running.settled 1/3 1/3 1:running 3:starting; ' +
      'drop 2, announceConfig, setGate 3 capture, start 3, announceConfig',
    // stopping
    [`${NEXT} | stop`]: 'stopping.halting 1/2 1/2 1:stopping 2:stopping; stop 1, stop 2',
    [`${NEXT}; stop | stopped 2`]: 'stopping.halting 1/- 1/2 1:stopping; drop 2, announceConfig',
    [`${NEXT}; stop | stopped 1`]: 'stopping.halting -/2 1/2 2:stopping; drop 1',
    [`${ONE}; stop | stopped 1`]: 'stopped -/- 1/-; drop 1',
    [`${ONE}; stop | stop`]: 'stopping.halting 1/- 1/- 1:stopping',
    [`${ONE}; stop | set 2 -`]: 'stopping.halting 1/- 2/- 1:stopping',
    [`${ONE}; add 3; stop; remove 3 | stopped 3`]: 'stopping.halting 1/- 1/- 1:stopping',
    [`${ONE}; stop | start`]: 'stopping.restarting 1/- 1/- 1:stopping',
    [`${ONE}; stop; start | stop`]: 'stopping.halting 1/- 1/- 1:stopping',
    [`${ONE}; stop; start; stop | stopped 1`]: 'stopped -/- 1/-; drop 1',
    [`${ONE}; stop; start | stopped 1`]: 'running.settled -/- 1/-; drop 1, warnPostponed 1',
    [`${ONE}; add 2; stop; set 2 -; start | stopped 1`]:
      'running.settled 2/- 2/- 2:starting; drop 1, logActive 2, setGate 2 pass, start 2',
    // disposed of
    [`${ONE} | dispose`]: 'stopping.disposing 1/- 1/- 1:stopping; stop 1',
    [`${ONE}; stop | dispose`]: 'stopping.disposing 1/- 1/- 1:stopping',
    [`${ONE}; stop; start | dispose`]: 'stopping.disposing 1/- 1/- 1:stopping',
    [`${ONE}; dispose | start`]: 'stopping.disposing 1/- 1/- 1:stopping',
    [`${ONE}; dispose | stop`]: 'stopping.disposing 1/- 1/- 1:stopping',
    [`${ONE}; add 2; dispose | stopped 1`]: 'disposed -/- 1/-; drop 1, close',
    'dispose | add 1': 'disposed -/- -/-',
    'dispose | set 1 -': 'disposed -/- -/-',
    'dispose | start': 'disposed -/- -/-',
  },
  sequential: {
    [`${NEXT} | set 2 -`]: 'running.stoppingActive 1/2 2/- 1:stopping 2:running; stop 1',
    [`${NEXT}; set 2 - | stopped 1`]: 'running.settled 2/- 2/- 2:running; drop 1, logActive 2, setGate 2 pass',
    [`${NEXT}; set 2 - | swap`]: 'running.stoppingActive 1/2 2/- 1:stopping 2:running',
    [`${NEXT}; share 10; set 2 - | stopped 1`]:
      'running.settled 2/- 2/- 2:running; drop 1, logActive 2, setGate 2 pass',
    [`${NEXT}; add 3; set 2 3 | stopped 1`]:
      'running.settled 2/3 2/3 2:running 3:starting; ' +
      'drop 1, logActive 2, setGate 2 pass, setGate 3 capture, start 3, announceConfig',
    [`${NEXT}; set 2 - | stop`]: 'stopping.halting 1/2 2/- 1:stopping 2:stopping; stop 1, stop 2',
  },
  overlap: {
    [`${NEXT} | set 2 -`]:
      'running.retiring 2/- 2/- leaving 1 1:stopping 2:running; logActive 2, setGate 2 hold, stop 1',
    [`${NEXT}; set 2 - | stopped 1`]: 'running.settled 2/- 2/- 2:running; drop 1, setGate 2 pass',
    [`${NEXT}; share 10 | set 2 -`]:
      'running.retiring 2/- 2/- leaving 1 1:stopping 2:running; logActive 2, setGate 2 hold, stop 1',
    [`${NEXT}; add 3; set 2 3 | swap`]: 'running.retiring 2/- 2/3 leaving 1 1:stopping 2:running 3:provisioned',
    [`${NEXT}; swap; add 3 | set 1 3`]:
      'running.retiring 1/- 1/3 leaving 2 1:running 2:stopping 3:provisioned; logActive 1, setGate 1 hold, stop 2',
    [`${NEXT}; set 2 - | lost 2`]: 'running.retiring 2/- 2/- leaving 1 1:stopping 2:starting',
    [`${NEXT}; set 2 -; set 1 - | stopped 1`]:
      'running.stoppingActive 2/- 1/- 2:stopping; drop 1, setGate 2 pass, stop 2',
    [`${NEXT}; add 3; set 2 3 | stopped 1`]:
      'running.settled 2/3 2/3 2:running 3:starting; ' +
      'drop 1, setGate 2 pass, setGate 3 capture, start 3, announceConfig',
    [`${NEXT}; set 2 - | stop`]: 'stopping.halting 2/- 2/- leaving 1 1:stopping 2:running',
    [`${NEXT}; set 2 -; stop | stopped 1`]: 'stopping.halting 2/- 2/- 2:stopping; drop 1, setGate 2 pass, stop 2',
    [`${NEXT}; set 2 -; stop; stopped 1 | stopped 2`]: 'stopped -/- 2/-; drop 2',
  },
}

function eventOf(text: string): AggregateEvent {
  const [word = '', first = '', second = '', third = ''] = text.split(' ')
  const version = `${first}.0.0`
  const role = (name: string) => (name === '-' ? null : `${name}.0.0`)
  switch (word) {
    case 'add':
    case 'remove':
      return { type: `${word}Version`, version }
    case 'set':
      return { type: 'setVersion', active: role(first), next: role(second), promote: third !== 'waits' }
    case 'share':
      return { type: 'setShare', percent: Number(first) }
    case 'running':
    case 'failed':
    case 'lost':
    case 'stopped':
      return { type: `version.${word}`, version }
    case 'start':
    case 'stop':
    case 'dispose':
    case 'swap':
      return { type: word }
  }
  throw new Error(`There is no event ${text}.`)
}

/** As in: running.settled 1/- 1/2 1:running 2:starting */
function describeState({ value, context }: AggregateSnapshot): string {
  const { active, next, leaving, wanted, share, versions } = context
  const path = typeof value === 'string' ? value : Object.entries(value).flat().join('.')
  const roles = [`${active ?? '-'}/${next ?? '-'}`, `${wanted.active ?? '-'}/${wanted.next ?? '-'}`]
  const gone = leaving === null ? [] : [`leaving ${leaving}`]
  const shared = share === 0 ? [] : [`share ${share}`]
  const states = Object.entries(versions).map(([version, state]) => `${version}:${state}`)
  return [path, ...roles, ...gone, ...shared, ...states.sort()].join(' ')
}

function take(handover: Handover, path: string, event: string): string {
  let [state] = initialTransition(aggregateMachine, { handover, drainTimeout: 5_000, stopTimeout: 30_000 })
  for (const step of path.split('; ').filter(text => text !== '')) {
    state = transition(aggregateMachine, state, eventOf(step))[0]
  }
  const [next, actions] = transition(aggregateMachine, state, eventOf(event))
  const effects = effectsOf(actions).join(', ')
  return `${describeState(next)}${effects === '' ? '' : `; ${effects}`}`.replaceAll('.0.0', '')
}

for (const handover of ['sequential', 'overlap'] as const) {
  describe(`the aggregate machine, handover ${handover}, held against a table written by hand`, () => {
    it.each(Object.entries({ ...TABLE.either, ...TABLE[handover] }))('%s → %s', (given, expected) => {
      const [path = '', event = ''] = given.split(/ ?\| /)
      expect(take(handover, path, event)).toBe(expected)
    })
  })
}

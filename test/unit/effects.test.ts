import { describe, expect, it } from 'vitest'
import { Effects } from '../../src/effects.js'

/** Effects that note everything that happens, in order. */
function recording(onActed: (effects: Effects) => void = () => {}) {
  const log: string[] = []
  const effects: Effects = new Effects({
    decided: () => log.push('decided'),
    acted: () => {
      log.push('acted')
      onActed(effects)
    },
    failed: error => log.push(`failed: ${(error as Error).message}`),
  })
  return { effects, log, note: (text: string) => () => void log.push(text) }
}

describe('effects', () => {
  it('They are carried out in order, when the outermost decision is complete, and not before', () => {
    const { effects, log, note } = recording()
    effects.decide(() => {
      effects.push(note('first'))
      effects.decide(() => effects.push(note('second')))
      log.push('deciding')
    })
    expect(log).toEqual(['deciding', 'decided', 'first', 'second', 'acted'])
  })

  it('What is pushed to come last comes after all that was decided with it, in its order', () => {
    const { effects, log, note } = recording()
    effects.decide(() => {
      effects.pushLast(note('last but one'))
      effects.push(() => effects.decide(() => effects.push(note('of a later decision'))))
      effects.pushLast(note('last'))
      effects.push(note('second'))
    })
    expect(log.filter(text => text !== 'decided' && text !== 'acted')).toEqual([
      'second',
      'last but one',
      'of a later decision',
      'last',
    ])
  })

  it('What an effect decides is carried out after everything decided before', () => {
    const { effects, log, note } = recording()
    effects.decide(() => {
      effects.push(() => {
        log.push('first')
        effects.decide(() => effects.push(note('third')))
        log.push('first ends')
      })
      effects.push(note('second'))
    })
    expect(log).toEqual(['decided', 'first', 'decided', 'first ends', 'second', 'third', 'acted'])
  })

  it('What is decided when everything has been acted on is acted on too', () => {
    let rounds = 0
    const { effects, log, note } = recording(self => {
      if (rounds++ === 0) self.decide(() => self.push(note('more')))
    })
    effects.decide(() => effects.push(note('first')))
    expect(log).toEqual(['decided', 'first', 'acted', 'decided', 'more', 'acted'])
  })

  it('An effect that throws is reported, and the others are carried out', () => {
    const { effects, log, note } = recording()
    effects.decide(() => {
      effects.push(() => {
        throw new Error('no')
      })
      effects.push(note('second'))
    })
    effects.decide(() => effects.push(note('third')))
    expect(log).toEqual(['decided', 'failed: no', 'second', 'acted', 'decided', 'third', 'acted'])
  })

  it('A decision gives its result, or what it throws, and its effects are carried out all the same', () => {
    const { effects, log, note } = recording()
    expect(effects.decide(() => 7)).toBe(7)
    const fail = () =>
      effects.decide(() => {
        effects.push(note('effect'))
        throw new Error('no')
      })
    expect(fail).toThrow('no')
    expect(log).toContain('effect')
  })
})

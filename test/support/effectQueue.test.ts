import { describe, expect, it } from 'vitest'
import { EffectQueue } from '../../src/support/effectQueue.js'

/** EffectQueue that note everything that happens, in order. */
function recording(onPerformed: (effects: EffectQueue) => void = () => {}) {
  const log: string[] = []
  const effects: EffectQueue = new EffectQueue({
    decided: () => log.push('decided'),
    performed: () => {
      log.push('performed')
      onPerformed(effects)
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
    expect(log).toEqual(['deciding', 'decided', 'first', 'second', 'performed'])
  })

  it('An effect pushed by an effect comes behind all that was decided with it', () => {
    const { effects, log, note } = recording()
    effects.decide(() => {
      effects.push(() => effects.push(note('last')))
      effects.push(() => effects.decide(() => effects.push(note('of a later decision'))))
      effects.push(note('second'))
    })
    expect(log.filter(text => text !== 'decided' && text !== 'performed')).toEqual([
      'second',
      'last',
      'of a later decision',
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
    expect(log).toEqual(['decided', 'first', 'decided', 'first ends', 'second', 'third', 'performed'])
  })

  it('What is decided when everything has been acted on is acted on too', () => {
    let rounds = 0
    const { effects, log, note } = recording(self => {
      if (rounds++ === 0) self.decide(() => self.push(note('more')))
    })
    effects.decide(() => effects.push(note('first')))
    expect(log).toEqual(['decided', 'first', 'performed', 'decided', 'more', 'performed'])
  })

  it('A decision without effects, when everything has been acted on, is followed by another look', () => {
    let rounds = 0
    const { effects, log, note } = recording(self => {
      if (rounds++ === 0) self.decide(() => {})
    })
    effects.decide(() => effects.push(note('first')))
    expect(log).toEqual(['decided', 'first', 'performed', 'decided', 'performed'])
  })

  it('An effect that nothing was decided for is carried out at once, and what it decides after it', () => {
    const { effects, log, note } = recording()
    effects.perform(() => {
      log.push('first')
      effects.decide(() => effects.push(note('second')))
      effects.perform(note('third'))
      log.push('first ends')
    })
    expect(log).toEqual(['first', 'decided', 'first ends', 'second', 'third', 'performed'])
  })

  it('An effect that nothing was decided for comes behind those of a decision that is not complete', () => {
    const { effects, log, note } = recording()
    effects.decide(() => {
      effects.push(note('first'))
      effects.perform(note('second'))
      log.push('deciding')
    })
    expect(log).toEqual(['deciding', 'decided', 'first', 'second', 'performed'])
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
    expect(log).toEqual(['decided', 'failed: no', 'second', 'performed', 'decided', 'third', 'performed'])
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

import { describe, expect, it, onTestFinished } from 'vitest'
import { safeLogger } from '../../../src/contract/logger.js'
import { ExitError } from '../../../src/hosts/connected/exitError.js'
import { OutputLog, type OutputLogOptions } from '../../../src/hosts/connected/output/outputLog.js'
import { Tail } from '../../../src/hosts/connected/output/tail.js'
import { SimulatedClock } from '../../../src/testing/index.js'
import { usedBytes } from '../../fixtures/usedBytes.js'
import { Carried, running } from './launched.js'

type Stream = 'stdout' | 'stderr'

/** A log that keeps what it writes as `[level, fields, message]`. */
function logging(stream: Stream = 'stdout', options: OutputLogOptions = {}) {
  const lines: [level: string, fields: object, message: string][] = []
  const write = (level: string) => (fields: object, message: string) => lines.push([level, fields, message])
  const clock = new SimulatedClock()
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const log = new OutputLog(stream, logger, { clock, ...options })
  const say = (...chunks: (string | Buffer)[]) => {
    for (const chunk of chunks) log.write(Buffer.from(chunk))
  }
  return { log, lines, clock, say, messages: () => lines.map(([, , message]) => message) }
}

/** By how many bytes this process has grown at most, looked at after each 20 MB that come to a log. */
function measureGrowth(): { readonly chunks: number; readonly peak: number } {
  const before = usedBytes()
  const growth = { chunks: 0, peak: Number.NEGATIVE_INFINITY }
  let bytes = 0
  const { write } = OutputLog.prototype
  OutputLog.prototype.write = function (this: OutputLog, chunk) {
    write.call(this, chunk)
    growth.chunks++
    bytes += chunk.length
    if (bytes < 20e6) return
    bytes = 0
    growth.peak = Math.max(growth.peak, usedBytes() - before)
  }
  onTestFinished(() => {
    OutputLog.prototype.write = write
  })
  return growth
}

describe('lines', () => {
  it.each([
    ['stdout', 'info'],
    ['stderr', 'warn'],
  ] as const)('Text on %s is %s, one entry a line, without what is empty', (stream, level) => {
    const { say, lines } = logging(stream)
    say('one\ntwo\r\n\n  \nthree\n')
    expect(lines).toEqual(['one', 'two', 'three'].map(text => [level, { stream }, text]))
  })

  it('A line that comes byte by byte is whole, also where a character is split', () => {
    const { say, messages } = logging()
    say(...[...Buffer.from('grüße → 𝒪\nnext\n')].map(byte => Buffer.of(byte)))
    expect(messages()).toEqual(['grüße → 𝒪', 'next'])
  })

  it('The last line need not end', () => {
    const { say, log, messages } = logging()
    say('one\ntw', 'o')
    expect(messages()).toEqual(['one'])
    log.end()
    expect(messages()).toEqual(['one', 'two'])
  })

  it('A long line is cut and says so, once, wherever the chunks end; the next is whole', () => {
    const long = `${'x'.repeat(25)}\nnext\n`
    for (let at = 0; at <= long.length; at++) {
      const { say, messages } = logging('stdout', { maxLineBytes: 10 })
      say(long.slice(0, at), long.slice(at))
      expect(messages()).toEqual(['xxxxxxxxxx… (cut at 10 bytes)', 'next'])
    }
  })

  it('A line of exactly the limit is not cut', () => {
    const { say, messages } = logging('stdout', { maxLineBytes: 10 })
    say('0123456789\n', '01234', '56789', '\n', 'ab\n')
    expect(messages()).toEqual(['0123456789', '0123456789', 'ab'])
  })

  it('A cut through a character leaves it out', () => {
    const { say, messages } = logging('stdout', { maxLineBytes: 10 })
    say('12345678→→→\n')
    expect(messages()).toEqual(['12345678… (cut at 10 bytes)'])
  })
})

describe('JSON lines', () => {
  it.each([
    [10, 'debug'],
    [20, 'debug'],
    [30, 'info'],
    [40, 'warn'],
    [50, 'error'],
    [60, 'error'],
    ['trace', 'debug'],
    ['debug', 'debug'],
    ['INFO', 'info'],
    ['warn', 'warn'],
    ['warning', 'warn'],
    ['error', 'error'],
    ['fatal', 'error'],
    ['TRCE', 'debug'],
    ['DEBG', 'debug'],
    ['INFO', 'info'],
    ['WARN', 'warn'],
    ['ERRO', 'error'],
    ['CRIT', 'error'],
    ['notice', 'info'],
    ['verbose', 'debug'],
    ['critical', 'error'],
  ])('The level %s is %s', (level, expected) => {
    const { say, lines } = logging()
    say(`${JSON.stringify({ level, msg: 'up', port: 80 })}\n`)
    expect(lines).toEqual([[expected, { stream: 'stdout', port: 80 }, 'up']])
  })

  it.each([
    [{ message: 'up', a: 1 }, { a: 1 }, 'up'],
    [{ msg: 'up', message: 'also' }, { message: 'also' }, 'up'],
    [{ msg: 7 }, { msg: 7 }, ''],
    [{ level: 'loud', msg: 'up' }, { level: 'loud' }, 'up'],
    [{ level: 'constructor', msg: 'up' }, { level: 'constructor' }, 'up'],
    [{ level: null }, { level: null }, ''],
  ])('%j keeps its fields', (record, fields, message) => {
    const { say, lines } = logging('stderr')
    say(`${JSON.stringify(record)}\n`)
    expect(lines).toEqual([['warn', { stream: 'stderr', ...fields }, message]])
  })

  it.each(['{not json}', '["array"]', '"text"', '12', 'null', '{"half":'])('%s is text', text => {
    const { say, lines } = logging()
    say(`${text}\n`)
    expect(lines).toEqual([['info', { stream: 'stdout' }, text]])
  })

  it('A field called __proto__ is only a field', () => {
    const { say, lines } = logging()
    say('{"__proto__":{"polluted":true},"msg":"up"}\n')
    expect(Object.keys(lines[0]?.[1] ?? {})).toEqual(['stream', '__proto__'])
    expect(lines[0]?.[1]).not.toHaveProperty('polluted')
  })
})

describe('what a guest writes cannot pose as anything else', () => {
  const said = '\u001b[2J\u001b]0;x\u0007\u009b31m\u2028\u202e\r\u0000\t'
  const shown = '\\x1b[2J\\x1b]0;x\\x07\\x9b31m\\u2028\\u202e\\r\\x00\\t.'

  it.each(['stdout', 'stderr'] as const)(
    'Control characters of a line on %s are escaped, also where it is cut',
    stream => {
      const { say, messages } = logging(stream, { maxLineBytes: 40 })
      say(`${said}.\n`, `${said}.${'x'.repeat(50)}\n`)
      expect(messages()[0]).toBe(shown)
      expect(messages()[1]).toMatch(/^\\x1b\[2J.*\(cut at 40 bytes\)$/)
    },
  )

  it('Control characters in the message, the fields and their names are escaped, however deep', () => {
    const { say, lines } = logging()
    const text = `${said}.`
    say(`${JSON.stringify({ msg: `a\nb${text}`, [text]: text, deep: [{ [text]: [text, 1] }], plain: 'x' })}\n`)
    const fields = { stream: 'stdout', [shown]: shown, deep: [{ [shown]: [shown, 1] }], plain: 'x' }
    expect(lines).toEqual([['info', fields, `a\\nb${shown}`]])
  })

  it('C1 characters that JSON does not escape are escaped', () => {
    const { say, lines } = logging()
    say('{"msg":"a\u009b31mb","c":"\u0085"}\n')
    expect(lines).toEqual([['info', { stream: 'stdout', c: '\\x85' }, 'a\\x9b31mb']])
  })

  it('Fields that tell where a line is from keep what we say; what the guest says is beside it', () => {
    const lines: [fields: object, message: string][] = []
    const write = (fields: object, message: string) => void lines.push([fields, message])
    const logger = safeLogger(
      { debug: write, info: write, warn: write, error: write },
      { runtime: 'rules', version: '1.0.0' },
    )
    const log = new OutputLog('stdout', logger, { clock: new SimulatedClock() })
    log.write(Buffer.from('{"runtime":"other","version":"9.9.9","stream":"stderr","msg":"up","port":80}\n'))
    const ours = { runtime: 'rules', version: '1.0.0', stream: 'stdout' }
    const theirs = { 'guest.runtime': 'other', 'guest.version': '9.9.9', 'guest.stream': 'stderr', port: 80 }
    expect(lines).toEqual([[{ ...ours, ...theirs }, 'up']])
  })

  it('JSON that is nested too deep to be looked through is text', () => {
    const { say, messages } = logging('stdout', { maxLineBytes: 1_000_000 })
    const line = `{"a":${'['.repeat(200_000)}"\\n"${']'.repeat(200_000)}}`
    say(`${line}\n`)
    expect(messages()).toEqual([line])
  })

  it('The end of the stderr of a guest in an error is one line, and its stderr has lines and nothing else to control a terminal', () => {
    const tail = new Tail()
    tail.write(Buffer.from('reading\r\n\u001b[31mFATAL\u009b0m\n'))
    const error = new ExitError({ code: 1, signal: null, stderr: tail.text() })
    expect(error.stderr).toBe('reading\n\\x1b[31mFATAL\\x9b0m')
    expect(error.message).toBe('it exited with code 1. The end of its stderr: reading\\n\\x1b[31mFATAL\\x9b0m')
  })

  it('An error of a guest that V8 has aborted says why, without the figures and addresses around it', () => {
    const why = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'
    const stderr = `<--- Last few GCs --->\n[1:0x2c] 71 ms: Mark-Compact\n${why}\n----- Native stack trace -----\n 1: 0xb7`
    const error = new ExitError({ code: null, signal: 'SIGABRT', stderr })
    expect(error.message).toBe(`it was ended by SIGABRT. The end of its stderr: ${why}`)
    expect(error.stderr).toBe(stderr)
  })
})

describe('floods', () => {
  it('What is more than the limit in one second is dropped, counted and said when the second is over', () => {
    const { say, clock, messages } = logging('stdout', { maxLinesPerSecond: 3 })
    say('1\n2\n3\n4\n5\n', '6\n7')
    expect(messages()).toEqual(['1', '2', '3'])
    clock.increment(999)
    expect(messages()).toHaveLength(3)
    clock.increment(1)
    // The rest of a line whose beginning was dropped is dropped as well.
    say('7\n8\n')
    expect(messages()).toEqual(['1', '2', '3', '4 lines were dropped', '8'])
  })

  it('The limit counts the lines of a second, not of a life', () => {
    const { say, clock, messages } = logging('stdout', { maxLinesPerSecond: 2 })
    for (let second = 0; second < 5; second++) {
      say('1\n2\n')
      clock.increment(1_000)
    }
    expect(messages()).toHaveLength(10)
  })

  it('What was dropped is said at the end, and no timer is left', () => {
    const { say, log, clock, lines } = logging('stderr', { maxLinesPerSecond: 1 })
    say(`1\n${'x\n'.repeat(12_345)}`)
    log.end()
    const said = ['warn', { stream: 'stderr', dropped: 12_345 }, '12,345 lines were dropped']
    expect(lines).toEqual([['warn', { stream: 'stderr' }, '1'], said])
    clock.increment(10_000)
    expect(lines).toHaveLength(2)
  })

  it('Every line is either given out or counted, wherever the chunks end', () => {
    const seed = Date.now() % 2 ** 31
    let state = seed
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return (state >>> 8) % below
    }
    for (let round = 0; round < 300; round++) {
      const { log, lines, clock } = logging('stdout', { maxLinesPerSecond: 1 + random(4), maxLineBytes: 8 })
      const count = 1 + random(30)
      const text = Buffer.from(Array.from({ length: count }, () => `${'x'.repeat(1 + random(20))}\n`).join(''))
      for (let at = 0; at < text.length; ) {
        const size = 1 + random(40)
        log.write(text.subarray(at, at + size))
        at += size
        if (random(3) === 0) clock.increment(1_000)
      }
      log.end()
      const dropped = lines.reduce((sum, [, fields]) => sum + ((fields as { dropped?: number }).dropped ?? 0), 0)
      const given = lines.filter(([, fields]) => !('dropped' in fields)).length
      expect(given + dropped, `seed ${seed}, round ${round}`).toBe(count)
    }
  })

  it.each(['floodsLines.sh', 'floodsOneLine.sh'])(
    '%s: 100 MB do not stop the guest nor fill our memory',
    async name => {
      const growth = measureGrowth()
      const carried = new Carried(running(name)).launch()
      expect(await carried.exited).toMatchObject({ code: 0 })
      expect(growth.chunks).toBeGreaterThan(100)
      expect(growth.peak).not.toBe(Number.NEGATIVE_INFINITY)
      expect(growth.peak).toBeLessThan(60e6)
      const dropped = carried.lines.reduce((sum, { fields }) => sum + Number(fields['dropped'] ?? 0), 0)
      const given = carried.lines.filter(({ fields }) => !('dropped' in fields)).length
      expect(given + dropped).toBe(name === 'floodsLines.sh' ? Math.ceil(100_000_000 / 30) : 1)
    },
  )
})

describe('the tail', () => {
  it('is the last 40 lines, also of what is dropped', () => {
    const tail = new Tail()
    const { say } = logging('stderr', { maxLinesPerSecond: 1, tail })
    say(...Array.from({ length: 70 }, (_, n) => `line ${n}\n`))
    expect(tail.text().split('\n')).toEqual(Array.from({ length: 40 }, (_, n) => `line ${n + 30}`))
  })

  it('holds why Node.js 26 has run out of memory, which the native stack trace follows', () => {
    const reason = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'
    const frames = Array.from({ length: 18 }, (_, n) => `${n + 1}: 0x841e50  [node]`)
    const tail = new Tail()
    tail.write(Buffer.from([reason, '----- Native stack trace -----', '', ...frames, '', ''].join('\n')))
    expect(tail.text()).toContain(reason)
  })

  it('is at most 4 KiB, and begins with a whole character', () => {
    const tail = new Tail()
    for (let n = 0; n < 2_000; n++) tail.write(Buffer.from('→→→'))
    expect(tail.text()).toMatch(/^→+$/)
    expect(Buffer.byteLength(tail.text())).toBeGreaterThan(4_090)
    expect(Buffer.byteLength(tail.text())).toBeLessThanOrEqual(4_096)
  })

  it('is empty when nothing was written', () => {
    expect(new Tail().text()).toBe('')
  })
})

import { describe, expect, it } from 'vitest'
import { HELP, parseOptions } from '../../docs/examples/demo/options.js'
import { UserError } from '../../docs/examples/demo/userError.js'
import { demo } from './demo.js'

describe('The options of the demo', () => {
  it.each([
    [['--handover', 'both'], 'Option --handover must be sequential or overlap, got "both".'],
    [['--host', 'moon'], 'Option --host must be in-process, worker or process, got "moon".'],
    [['--duration', 'long'], 'Option --duration must be a number of seconds from 1 to 600, got "long".'],
    [['--duration', '0.5'], 'Option --duration must be a number of seconds from 1 to 600, got "0.5".'],
    [['--duration'], 'Option --duration needs a value, got none.'],
    [['--concurrency', '2.5'], 'Option --concurrency must be a whole number from 1 to 1000, got "2.5".'],
    [['--instances', '0'], 'Option --instances must be a whole number from 1 to 64, got "0".'],
    [['--json=yes'], 'Option --json takes no value, got "yes".'],
    [['--loud'], 'Unknown option "--loud".'],
    [['--brake'], 'Unknown option "--brake". Did you mean --break?'],
    [['--brake', 'after'], 'Unknown option "--brake". Did you mean --break?'],
    [['--host', 'proces'], 'Option --host must be in-process, worker or process, got "proces". Did you mean process?'],
    [['--break', 'aftr'], 'Option --break takes after or nothing, got "aftr". Did you mean after?'],
    [['--break=now'], 'Option --break takes after or nothing, got "now".'],
    [['--break', 'after', 'all'], 'Unexpected argument "all".'],
    [['--break', '--outage'], 'Options --break and --outage exclude each other.'],
    [['--fleet', '1'], 'Option --fleet must be a whole number from 2 to 20, got "1".'],
    [['--fleet', '3', '--break'], 'Options --break and --fleet exclude each other.'],
    [['--outage', '--handover', 'overlap'], 'Options --outage and --handover exclude each other.'],
    [['--http', '--handover', 'overlap'], 'Options --http and --handover exclude each other.'],
    [['--inspect', '--http'], 'Options --http and --inspect exclude each other.'],
    [['fast'], 'Unexpected argument "fast".'],
    [['outage'], 'Unexpected argument "outage". Did you mean --outage?'],
  ])('%j are refused in one line', (args, message) => {
    expect(() => parseOptions(args)).toThrow(new UserError(`${message} See --help.`, 2))
  })

  it('are all explained', () => {
    for (const name of [
      'break',
      'break after',
      'outage',
      'http',
      'handover',
      'fleet',
      'host',
      'instances',
      'duration',
      'concurrency',
      'inspect',
      'json',
      'help',
    ])
      expect(HELP).toContain(`--${name}`)
  })

  it('are explained on -h', async () => {
    expect(await demo(['-h'])).toEqual({ code: 0, stdout: HELP, stderr: '' })
  })
})

import { describe, expect, it } from 'vitest'
import { readFleetArguments } from '../../../src/serve/fleet/arguments.js'
import { fleetHelpText } from '../../../src/serve/fleet/help.js'
import { FLEET_OPTION_NAMES } from '../../../src/serve/fleet/table.js'
import { helpText } from '../../../src/serve/print/help.js'

const read = (line: string, env: NodeJS.ProcessEnv = {}) => readFleetArguments(line.split(' ').filter(Boolean), env)

describe('The command line of cutover fleet', () => {
  it('is read, with waves and their soaks', () => {
    const line = 'deploy 2.0.0 --fleet pricing --waves 1,10:5m,50%:30s,100 --max-failed 2 --no-wait --timeout 1h'
    const waves = [{ percent: 1 }, { percent: 10, soak: 300_000 }, { percent: 50, soak: 30_000 }, { percent: 100 }]
    expect(read(line)).toEqual({
      command: 'deploy',
      argument: '2.0.0',
      settings: { fleet: 'pricing', waves, 'max-failed': 2, 'no-wait': true, timeout: 3_600_000 },
    })
  })

  it('takes several servers, and the reason of a halt or none', () => {
    const servers = ['nats://10.0.0.5:4222', 'tls://b', 'c:4223']
    expect(read(`status --server ${servers.join()}`).settings).toEqual({ server: servers })
    expect(read('halt')).toMatchObject({ command: 'halt', argument: undefined })
    expect(readFleetArguments(['halt', 'too slow'], {})).toMatchObject({ argument: 'too slow' })
  })

  it.each([
    ['stauts', 'Unknown command "stauts" of fleet. Did you mean status?'],
    ['status --wach', 'Unknown option "--wach". Did you mean --watch?'],
    ['pause --waves 100', 'Option --waves belongs to deploy, not to pause.'],
    ['history --watch', 'Option --watch belongs to status, not to history.'],
    ['deploy', 'deploy needs a version, such as cutover fleet deploy 2.0.0.'],
    ['forget', 'forget needs a node, such as cutover fleet forget web-3.'],
    ['deploy 2.0.0 3.0.0', 'Unexpected argument "3.0.0" of deploy.'],
    ['pause 2.0.0', 'Unexpected argument "2.0.0" of pause.'],
    ['status --fleet', 'Option --fleet needs a value, got none.'],
    ['status --json=yes', 'Option --json takes no value, got "yes".'],
    ['deploy 2.0.0 --waves 10,5,100', 'Option --waves must be rising shares in percent that end with 100'],
    ['deploy 2.0.0 --waves 1,10', 'Option --waves must be rising shares in percent that end with 100'],
    ['deploy 2.0.0 --waves 10:5,100', 'Option --waves must be rising shares in percent that end with 100'],
    ['deploy 2.0.0 --waves 0,100', 'Option --waves must be rising shares in percent that end with 100'],
    ['deploy 2.0.0 --timeout 30', 'Option --timeout must be a time with its unit'],
    ['status --server http://a/b', 'Option --server must be one address or several with commas'],
  ])('refuses: cutover fleet %s', (line, message) => {
    const error = expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message) })
    expect(() => read(line)).toThrow(error)
    expect(() => read(line)).toThrow(/ See cutover fleet --help\.$/)
  })

  it('asks for help without a command', () => {
    expect(['', 'help', '-h', 'deploy --help'].map(line => read(line).command)).toEqual(Array(4).fill('help'))
  })

  it('has a help of at most 80 columns that names every option, and is named by that of cutover', () => {
    const help = fleetHelpText()
    expect(help.split('\n').filter(line => line.length > 80)).toEqual([])
    expect(FLEET_OPTION_NAMES.filter(name => !help.includes(`--${name}`))).toEqual([])
    expect(helpText()).toContain('cutover fleet --help')
  })
})

describe('The environment of cutover fleet', () => {
  it('stands behind the command line', () => {
    const env = { CUTOVER_FLEET: 'pricing', CUTOVER_FLEET_SERVER: 'nats://a', CUTOVER_FLEET_TLS_CA: 'ca.pem' }
    const settings = { fleet: 'pricing', server: ['nats://b'], 'tls-ca': 'ca.pem' }
    expect(read('status --server nats://b', env).settings).toEqual(settings)
  })

  it('may hold options of other commands', () => {
    expect(read('status', { CUTOVER_FLEET_WAVES: '100', CUTOVER_FLEET_JSON: '1' }).settings).toEqual({ json: true })
  })

  it.each([
    [
      { CUTOVER_FLEET_SERVR: 'a' },
      'Unknown environment variable CUTOVER_FLEET_SERVR. Did you mean CUTOVER_FLEET_SERVER?',
    ],
    [{ CUTOVER_FLEET_HEARTBEAT: '2' }, 'CUTOVER_FLEET_HEARTBEAT must be a time with its unit'],
  ])('is refused: %j', (env, message) => {
    expect(() => read('status', env)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message) }),
    )
  })
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defineConfig } from 'cutover/serve'
import { describe, expect, it } from 'vitest'
import { readArguments } from '../../src/serve/options/arguments.js'
import { type Settings, settingsOf } from '../../src/serve/options/settings.js'
import { OPTION_NAMES } from '../../src/serve/options/table.js'
import { helpText } from '../../src/serve/print/help.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { directory } from '../fixtures/system.js'

/** The settings of a command line, in an environment that has only this. */
async function read(line: string, env: NodeJS.ProcessEnv = {}): Promise<Settings> {
  const given = readArguments(line.split(' '))
  if (given.command === 'help' || given.command === 'version') throw new Error('It has no settings.')
  return settingsOf(given, given.command, env)
}

function configuration(source: string): string {
  const folder = directory()
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'cutover.config.mjs')
  writeFileSync(file, source)
  return file
}

describe('The command line', () => {
  it('is read, with times, shares and steps', async () => {
    const settings = await read(
      'serve app.mjs --port 8080 --instances 3 --steps 10:30s,50%:1.5m --soak 2m --max-error-rate 5% --drain 500ms --inspect',
    )
    expect(settings).toMatchObject({ path: resolve('app.mjs'), port: 8080, instances: 3, drain: 500, inspect: true })
    const steps = [
      { percent: 10, for: 30_000 },
      { percent: 50, for: 90_000 },
    ]
    expect(settings.plan).toMatchObject({ steps, soak: 120_000, maxErrorRate: 0.05, verify: undefined })
  })

  it('takes a path of the application and a module as verify', async () => {
    expect((await read('deploy --verify /health')).plan.verify).toBe('/health')
    expect((await read('deploy --verify check.mjs')).plan.verify).toBe(resolve('check.mjs'))
  })

  it.each([
    ['serv app.mjs', 'Unknown command "serv". Did you mean serve?'],
    ['serve --prot 80', 'Unknown option "--prot". Did you mean --port?'],
    ['deploy --verfy /', 'Unknown option "--verfy". Did you mean --verify?'],
    ['deploy --something', 'Unknown option "--something". See'],
    ['deploy --port 80', 'Option --port belongs to serve, not to deploy.'],
    ['status app.mjs', 'Unexpected argument "app.mjs" of status.'],
    ['serve a.mjs b.mjs', 'Unexpected argument "b.mjs" of serve.'],
    ['serve --port', 'Option --port needs a value, got none.'],
    ['serve --inspect=yes', 'Option --inspect takes no value, got "yes".'],
    ['serve --port 80808', 'Option --port must be a whole number from 0 to 65535, got "80808".'],
    ['deploy --soak 30', 'Option --soak must be a time with its unit, such as 500ms, 30s, 5m or 1h, got "30".'],
    ['deploy --steps 50:30s,10:30s', 'Option --steps must be rising shares in percent'],
    ['deploy --steps 10', 'Option --steps must be rising shares in percent'],
    ['deploy --max-error-rate 120%', 'Option --max-error-rate must be a share such as 5% or 0.05, got "120%".'],
    ['deploy --verify health', 'Option verify must be a path that begins with /, or a module file, got "health".'],
  ])('refuses: cutover %s', async (line, message) => {
    const error = await rejectionOf(read(line))
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(message) })
    expect((error as Error).message).toMatch(/ See cutover --help\.$/)
  })

  it('asks for help without a command', () => {
    const commandOf = (line: string) => readArguments(line.split(' ').filter(Boolean)).command
    expect(['', 'help', '-h', 'serve --help', '--version'].map(commandOf)).toEqual([
      'help',
      'help',
      'help',
      'help',
      'version',
    ])
  })

  it('has a help of at most 80 columns that names every option', () => {
    const help = helpText()
    expect(help.split('\n').filter(line => line.length > 80)).toEqual([])
    expect(OPTION_NAMES.filter(name => !help.includes(`--${name}`))).toEqual([])
  })
})

describe('The environment', () => {
  it('stands behind the command line', async () => {
    const env = { CUTOVER_SERVE_PORT: '8080', CUTOVER_SERVE_MAX_ERROR_RATE: '0.1', CUTOVER_SERVE_INSPECT: 'true' }
    const settings = await read('serve app.mjs --port 9090', env)
    expect(settings).toMatchObject({ port: 9090, inspect: true, plan: { maxErrorRate: 0.1 } })
  })

  it('may hold options of other commands', async () => {
    expect(await read('status', { CUTOVER_SERVE_PORT: '8080', CUTOVER_SERVE_JSON: '1' })).toMatchObject({ json: true })
  })

  it.each([
    [{ CUTOVER_SERVE_PROT: '1' }, 'Unknown environment variable CUTOVER_SERVE_PROT. Did you mean CUTOVER_SERVE_PORT?'],
    [{ CUTOVER_SERVE_DRAIN: 'long' }, 'CUTOVER_SERVE_DRAIN must be a time with its unit'],
  ])('is refused: %j', async (env, message) => {
    const error = await rejectionOf(read('serve app.mjs', env))
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(message) })
  })
})

describe('The configuration', () => {
  it('stands behind the environment, and takes times in ms', async () => {
    const config = { app: 'app.mjs', port: 1, instances: 2, soak: 1_500, steps: [{ percent: 5, for: 250 }] }
    expect(defineConfig(config)).toBe(config)
    const file = configuration(`export default ${JSON.stringify(config)}`)
    const settings = await read(`serve --config ${file} --instances 4`, { CUTOVER_SERVE_PORT: '2' })
    expect(settings).toMatchObject({ path: resolve('app.mjs'), port: 2, instances: 4 })
    expect(settings.plan).toMatchObject({ soak: 1_500, steps: [{ percent: 5, for: 250 }] })
  })

  it.each([
    ['export default { prot: 80 }', /^Unknown option "prot" in .*\. Did you mean port\?/],
    ['export default { drain: "soon" }', /^Option drain of the configuration must be a time/],
    ['export default 1', /must export an object as default/],
    ['throw new Error("no file")', /cannot be loaded: no file/],
  ])('is refused: %s', async (source, message) => {
    const error = await rejectionOf(read(`serve --config ${configuration(source)}`))
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) })
  })
})

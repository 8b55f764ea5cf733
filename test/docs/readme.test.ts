import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const README = readFileSync('README.md', 'utf8')
const EXAMPLE = readFileSync('docs/examples/rollout.ts', 'utf8')
const FIRST_SCREEN = README.split('\n').slice(0, 45).join('\n')

describe('The README', () => {
  it('has at most 150 lines', () => {
    expect(README.trimEnd().split('\n').length).toBeLessThanOrEqual(150)
  })

  it('shows the install command, the whole example and the two commands of a clone on its first screen, 45 lines', () => {
    expect(FIRST_SCREEN).toContain('npm install cutover')
    expect(FIRST_SCREEN).toContain(`\`\`\`ts\n${EXAMPLE}\`\`\``)
    expect(FIRST_SCREEN).toMatch(/^npm ci && npm start\b/m)
    expect(FIRST_SCREEN).toMatch(/^npm ci && npm test\b/m)
  })

  it('has an example of at most 26 lines, docs/examples/rollout.ts', () => {
    expect(EXAMPLE.trimEnd().split('\n').length).toBeLessThanOrEqual(26)
  })

  it('shows how to switch by hand, as docs/examples/switch.ts does', () => {
    const byHand = readFileSync('docs/examples/switch.ts', 'utf8').split('\n\n').slice(3).join('\n\n')
    expect(byHand).toContain('setVersion')
    expect(README).toContain(`\`\`\`ts\n${byHand}\`\`\``)
  })

  it.each(['rollout', 'switch'])('has in docs/examples/%s.ts an example that prints what its comments say', name => {
    const source = readFileSync(`docs/examples/${name}.ts`, 'utf8')
    /** The comments in which the example announces what each `console.log` prints. */
    const announced = source.split('\n').flatMap(line => (line.includes('console.log') ? [line.split(' // ')[1]] : []))
    const output = execFileSync(process.execPath, [`dist/docs/examples/${name}.js`], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect(announced).toHaveLength(3)
    expect(output.trimEnd().split('\n')).toEqual(announced)
  })

  it('names every dependency of the package, and no other', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object }
    const [, named = ''] = README.match(/^.*Dependencies: (.*)\.$/m) ?? []
    expect(named.split(', ').toSorted()).toEqual(
      Object.keys(dependencies)
        .map(name => `\`${name}\``)
        .toSorted(),
    )
  })

  it('uses only npm commands that are scripts of the package', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
    const commands = [...README.matchAll(/npm (?:run (\S+)|(start|test))/g)].map(match => match[1] ?? match[2])
    expect(commands.length).toBeGreaterThan(0)
    expect(commands.filter(command => command !== undefined && !(command in scripts))).toEqual([])
  })
})

/** Pages to look something up. */
const REFERENCES = ['performance.md', 'semantics.md', 'protocol-reference.md']

it('No page of docs/ that explains something has more than 1,500 words', () => {
  const pages = readdirSync('docs').filter(name => name.endsWith('.md') && !REFERENCES.includes(name))
  const words = (name: string) =>
    readFileSync(`docs/${name}`, 'utf8')
      .split(/\s+/)
      .filter(word => word !== '').length
  expect(pages.length).toBeGreaterThan(10)
  expect(pages.filter(name => words(name) > 1_500)).toEqual([])
})

describe('docs/hosts.md', () => {
  const page = readFileSync('docs/hosts.md', 'utf8')

  it('Its examples are those in docs/examples/hosts, and print what their comments say', () => {
    const main = readFileSync('docs/examples/hosts/main.ts', 'utf8')
    expect(page).toContain(`\`\`\`js\n${readFileSync('docs/examples/hosts/rules.mjs', 'utf8')}\`\`\``)
    expect(page).toContain(`\`\`\`ts\n${main.replace('../../../../docs/examples/hosts/', './')}\`\`\``)
    const output = execFileSync(process.execPath, ['dist/docs/examples/hosts/main.js'], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect(output).toBe('19\n21\n')
  })
})

describe('docs/host-options.md', () => {
  const page = readFileSync('docs/host-options.md', 'utf8')

  it.each([
    'supervised/supervisedOptions',
    'connected/connectedOptions',
    'inProcess/inProcess',
    'worker/workerThread',
    'process/childProcessOptions',
    'pool/poolOptions',
  ])('It names every option of src/hosts/%s.ts, with the default that its docstring says', file => {
    const source = readFileSync(`src/hosts/${file}.ts`, 'utf8')
    const options = [...source.matchAll(/@default (\S+).*?\*\/\n {2}readonly (\w+)\?/g)]
    const named = [...source.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(match => match[1])
    expect(named.filter(name => !page.includes(`\`${name}\``))).toEqual([])
    const numbers = options.filter(([, value]) => /^[\d._]+$/.test(value ?? ''))
    const row = (name: string) => page.split('\n').find(line => line.startsWith(`| \`${name}\``)) ?? page
    expect(numbers.filter(([, value, name]) => !row(name ?? '').includes(`\`${value}\``))).toEqual([])
  })
})

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Aggregate } from 'cutover'
import { describe, expect, it } from 'vitest'

const README = readFileSync('README.md', 'utf8')
const EXAMPLE = readFileSync('docs/examples/switch.ts', 'utf8')
const TESTING = readFileSync('docs/examples/testing.ts', 'utf8')

/** What each `console.log` of the example says it prints, in a comment at its end. */
const announced = EXAMPLE.split('\n').flatMap(line => (line.includes('console.log') ? [line.split(' // ')[1]] : []))

describe('the README', () => {
  it('Its example is docs/examples/switch.ts, and has at most 25 lines', () => {
    expect(README).toContain(`\`\`\`ts\n${EXAMPLE}\`\`\``)
    expect(EXAMPLE.trimEnd().split('\n').length).toBeLessThanOrEqual(25)
  })

  it('Its example prints what its comments say, against the built package, and ends by itself', () => {
    const output = execFileSync(process.execPath, ['dist/docs/examples/switch.js'], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect(output.trimEnd().split('\n')).toEqual(announced)
  })

  it('Its example of a test is docs/examples/testing.ts without its imports, and works', () => {
    const body = TESTING.slice(TESTING.indexOf('\n\n') + 2)
    expect(README).toContain(`\`\`\`ts\n${body}\`\`\``)
    const output = execFileSync(process.execPath, ['dist/docs/examples/testing.js'], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect(output).toBe('answer to request\n')
  })

  it('It names every dependency of the package, and no other', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object }
    const [, named = ''] = README.match(/^.*Dependencies: (.*)\.$/m) ?? []
    expect(named.split(', ').toSorted()).toEqual(
      Object.keys(dependencies)
        .map(name => `\`${name}\``)
        .toSorted(),
    )
  })

  it('It names every method of the aggregate', () => {
    const methods = Object.getOwnPropertyNames(Aggregate.prototype).filter(name => name !== 'constructor')
    expect(methods.filter(method => !README.includes(`\`${method}(`))).toEqual([])
  })

  it('Its first screen, 45 lines, holds both commands and the whole example', () => {
    const screen = README.split('\n').slice(0, 45).join('\n')
    expect(screen).toContain('npm start')
    expect(screen).toContain('npm test')
    expect(screen).toContain(EXAMPLE)
  })

  it('Its commands are scripts of the package', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
    const commands = [...README.matchAll(/npm (?:run (\S+)|(start|test))/g)].map(match => match[1] ?? match[2])
    expect(commands.filter(command => command !== undefined && !(command in scripts))).toEqual([])
  })
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

  it.each(['supervisedOptions', 'connectedOptions', 'inProcess', 'workerThread', 'childProcess'])(
    'It names every option of src/hosts/%s.ts, with the default that its docstring says',
    file => {
      const source = readFileSync(`src/hosts/${file}.ts`, 'utf8')
      const options = [...source.matchAll(/@default (\S+).*?\*\/\n {2}readonly (\w+)\?/g)]
      const named = [...source.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(match => match[1])
      expect(named.filter(name => !page.includes(`\`${name}\``))).toEqual([])
      const numbers = options.filter(([, value]) => /^[\d._]+$/.test(value ?? ''))
      const row = (name: string) => page.split('\n').find(line => line.startsWith(`| \`${name}\``)) ?? page
      expect(numbers.filter(([, value, name]) => !row(name ?? '').includes(`\`${value}\``))).toEqual([])
    },
  )
})

describe('links', () => {
  const pages = ['README.md', ...['docs', 'docs/decisions', 'docs/machines', 'docs/recipes'].flatMap(pagesIn)]

  it.each(pages)('Every link of %s to a file leads somewhere', page => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(match => match[1] ?? '')
    expect(links.filter(link => !existsSync(join(dirname(page), link)))).toEqual([])
  })
})

function pagesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.md'))
    .map(file => join(folder, file))
}

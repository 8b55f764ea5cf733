import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Aggregate, type RuntimeEvent } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { compileOptions } from '../../src/aggregate/options.js'

const PAGE = readFileSync('docs/aggregate.md', 'utf8')

/** The text below a heading of the page, up to the next heading. */
const section = (title: string) => PAGE.slice(PAGE.indexOf(`## ${title}\n`)).split(/\n(?=## )/)[0] ?? ''

describe('docs/aggregate.md', () => {
  it('shows docs/examples/aggregate.ts, and what it prints against the built package', () => {
    const output = execFileSync(process.execPath, ['dist/docs/examples/aggregate.js'], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    const example = readFileSync('docs/examples/aggregate.ts', 'utf8')
    expect(PAGE).toContain(`\`\`\`ts\n${example}\`\`\`\n\n\`\`\`text\n${output}\`\`\``)
  })

  it('names every method of the aggregate', () => {
    const methods = Object.getOwnPropertyNames(Aggregate.prototype).filter(name => name !== 'constructor')
    expect(methods.filter(method => !section('Methods at a glance').includes(`\`${method}(`))).toEqual([])
  })

  it('names every option with its default', () => {
    const rows = [...section('Options').matchAll(/^\| `(\w+)` \| (.*?) \| (.*?) \|/gm)].map(match => [
      match[1],
      match[2],
    ])
    // `name` is how a composite names its parts, and no option.
    const { logger: _, clock: __, name: ___, ...compiled } = compileOptions({ id: 'a' })
    const shown = (value: unknown) => {
      if (typeof value === 'boolean') return `\`${value}\``
      if (typeof value === 'string') return `\`'${value}'\``
      if (value === Number.POSITIVE_INFINITY) return '`Infinity`'
      return `\`${Number(value).toLocaleString('en-US').replaceAll(',', '_')}\``
    }
    const special: Readonly<Record<string, string>> = {
      id: 'required',
      propagate: '`() => false`',
      onMirrored: 'none',
      isFailure: 'rejected calls',
      inspect: 'none',
      logger: 'nowhere',
      clock: "the system's",
    }
    const expected = [...Object.keys(compiled), 'logger', 'clock'].map(name => {
      const value = compiled[name as keyof typeof compiled]
      return [name, special[name] ?? shown(value)]
    })
    expect(rows.sort()).toEqual(expected.sort())
  })

  it('names every field of status(), and of a version in it', () => {
    const aggregate = new Aggregate({ id: 'a' })
    aggregate.addVersion('1.0.0', new ControllableRuntime({ id: 'a', version: '1.0.0' }))
    const status = aggregate.status()
    const [shape = '', versionShape = ''] = readFileSync('docs/status.md', 'utf8')
      .replace(/\n## Log\n.*/s, '')
      .split('| field of a version |')
    const namedIn = (table: string) =>
      [...table.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(match => (match[1] ?? '').match(/\w+/g) ?? [])
    expect(namedIn(shape).sort()).toEqual(Object.keys(status).sort())
    expect(namedIn(versionShape).sort()).toEqual(Object.keys(status.versions[0] ?? {}).sort())
  })

  it('names every type of event, and no other', () => {
    const types = {
      started: true,
      failedToStart: true,
      stopped: true,
      updated: true,
      configUpdated: true,
    } satisfies Record<RuntimeEvent['type'], true>
    const rows = [...section('Events').matchAll(/^\| `(\w+)` \|/gm)].map(match => match[1])
    expect(rows).toEqual(Object.keys(types))
  })
})

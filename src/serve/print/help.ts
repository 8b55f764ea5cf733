import { COMMANDS, OPTION_NAMES, OPTIONS, variableOf } from '../options/table.js'
import { wrapped } from './text.js'

interface Shown {
  readonly value?: string
  readonly short?: string
  readonly help: string
  readonly of: readonly string[]
}

const WIDTH = 80
const INDENT = 26

/** A text behind a name, which fits into 80 columns. */
export function entry(name: string, text: string): string {
  const isLong = name.length + 2 >= INDENT
  const lines = wrapped(text, WIDTH - INDENT).map(line => `${' '.repeat(INDENT)}${line}`)
  if (isLong) return [`  ${name}`, ...lines].join('\n')
  return lines.join('\n').replace(' '.repeat(INDENT), `  ${name}`.padEnd(INDENT))
}

function optionsOf(choose: (of: readonly string[]) => boolean): string {
  return OPTION_NAMES.flatMap(name => {
    const { value, short, help, of }: Shown = OPTIONS[name]
    if (!choose(of)) return []
    const letter = short === undefined ? '' : `, -${short}`
    return [entry(`--${name}${letter}${value === undefined ? '' : ` ${value}`}`, help)]
  }).join('\n')
}

export function helpText(): string {
  const commands = Object.entries(COMMANDS).map(([name, text]) => {
    const path = name === 'serve' || name === 'deploy' ? ' [path]' : ''
    return entry(`${name}${path}`, text)
  })
  return `Serves an HTTP application whose versions change without a lost request.

Usage: cutover <command> [options]

${commands.join('\n')}
${entry('fleet', 'move many machines to a version, over NATS: see cutover fleet --help')}

Options of serve and deploy; those of serve are the defaults of each deploy:
${optionsOf(of => of.length === 2)}

Options of serve:
${optionsOf(of => of.length === 1 && of[0] === 'serve')}

Other options:
${optionsOf(of => of.length > 2 || (of.length === 1 && of[0] !== 'serve'))}

Every option can be an environment variable, such as ${variableOf('steps')}, or
stand in cutover.config.mjs. Times need a unit: 500ms, 30s, 5m or 1h.

Exit code: 0 if all went well, 1 with the reason if not, 2 for a wrong command.
`
}

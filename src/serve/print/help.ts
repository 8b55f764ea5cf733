import { COMMANDS, OPTION_NAMES, OPTIONS, variableOf } from '../options/table.js'

interface Shown {
  readonly value?: string
  readonly short?: string
  readonly help: string
  readonly of: readonly string[]
}

const WIDTH = 80
const INDENT = 26

/** Wraps a text behind a name, so that it fits into 80 columns. */
function entry(name: string, text: string): string {
  const lines: string[] = []
  let line = `  ${name}`.padEnd(INDENT)
  if (name.length + 2 >= INDENT) {
    lines.push(line)
    line = ' '.repeat(INDENT)
  }
  let isEmpty = true
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + word.length + 1 > WIDTH) {
      lines.push(line)
      line = ' '.repeat(INDENT)
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].join('\n')
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

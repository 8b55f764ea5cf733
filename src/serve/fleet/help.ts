/** The help of `cutover fleet`. */
import { entry } from '../print/help.js'
import { ARGUMENTS, FLEET_COMMANDS, FLEET_OPTION_NAMES, FLEET_OPTIONS, type FleetCommand, isOptionOf } from './table.js'

const COMMANDS = Object.keys(FLEET_COMMANDS) as FleetCommand[]

function optionsOf(choose: (isOfAll: boolean, isOfDeploy: boolean) => boolean): string {
  return FLEET_OPTION_NAMES.flatMap(name => {
    const { help, ...option }: { readonly help: string; readonly value?: string } = FLEET_OPTIONS[name]
    const isOfAll = COMMANDS.every(command => isOptionOf(name, command))
    if (!choose(isOfAll, isOptionOf(name, 'deploy'))) return []
    return [entry(`--${name}${option.value === undefined ? '' : ` ${option.value}`}`, help)]
  }).join('\n')
}

export function fleetHelpText(): string {
  const commands = COMMANDS.map(name => {
    const argument = ARGUMENTS[name]
    const shown = argument === undefined ? '' : name === 'halt' ? ` [${argument}]` : ` <${argument}>`
    return entry(`${name}${shown}`, FLEET_COMMANDS[name])
  })
  return `Moves the nodes of a fleet from version to version, over NATS.

Usage: cutover fleet <command> --fleet <name> [options]

${commands.join('\n')}

Options:
${optionsOf(isOfAll => isOfAll)}

Options of deploy:
${optionsOf((isOfAll, isOfDeploy) => !isOfAll && isOfDeploy)}

Other options:
${optionsOf((isOfAll, isOfDeploy) => !isOfAll && !isOfDeploy)}

Every option can be an environment variable: CUTOVER_FLEET is the name of the
fleet, CUTOVER_FLEET_SERVER the server. Times need a unit: 500ms, 30s, 5m or 1h.

Exit code: 0 if all went well, 1 with the reason if not, 2 for a wrong command.
`
}

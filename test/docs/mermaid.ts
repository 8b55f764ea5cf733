import type { AnyStateMachine, AnyStateNode } from 'xstate'
import { pathOf, rowsOf, type TransitionRow } from './transitions.js'

/** A machine as a Mermaid `stateDiagram-v2`: nested states, guards, `always`, delays, finals; edges as `labelOf` says. */
export function toMermaid(machine: AnyStateMachine, labelOf: (row: TransitionRow) => string = conditionOf): string {
  const edges = rowsOf(machine)
    .filter(isDrawn)
    .map(row => edge(row, labelOf(row)))
  return ['stateDiagram-v2', ...states(machine.root, 1), ...[...new Set(edges)].map(line => `  ${line}`)].join('\n')
}

/** Whether a transition has an edge: those of the whole machine have not. */
export function isDrawn(row: TransitionRow): boolean {
  return row.state !== ''
}

/** When a transition is taken: `stop [isIdle]`. Empty when nothing has to happen. */
export function conditionOf({ event, guard }: TransitionRow): string {
  return [event, guard === '' ? '' : `[${guard}]`].filter(part => part !== '').join(' ')
}

function states(parent: AnyStateNode, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const initial = parent.initial.target[0]
  const first = initial === undefined ? [] : [`${indent}[*] --> ${idOf(initial)}`]
  const all = Object.values(parent.states).flatMap(node => {
    const name = `${indent}state "${node.key}" as ${idOf(node)}`
    const end = node.type === 'final' ? [`${indent}${idOf(node)} --> [*]`] : []
    const isCompound = Object.keys(node.states).length > 0
    return isCompound ? [`${name} {`, ...states(node, depth + 1), `${indent}}`] : [name, ...end]
  })
  return [...first, ...all]
}

function edge({ node, target }: TransitionRow, label: string): string {
  return `${idOf(node)} --> ${idOf(target ?? node)}${label === '' ? '' : `: ${label}`}`
}

/** Mermaid takes no dots in ids. */
function idOf(node: AnyStateNode): string {
  return pathOf(node).replaceAll('.', '_')
}

import type { AnyStateMachine, AnyStateNode } from 'xstate'
import { pathOf, rowsOf, type TransitionRow } from './transitions.js'

/**
 * Draws a statechart as text: a Mermaid `stateDiagram-v2`, which GitHub and many editors render.
 *
 * Draws nested and parallel states, guards, `always` (edges without an event), delays, history and final states. Leaves
 * out transitions of the root without a target, such as one that only changes the context.
 *
 * ```ts
 * console.log(toMermaid(aggregateMachine))
 * ```
 *
 * @param labelOf - returns the label of an edge; characters with a meaning in Mermaid are replaced by similar ones
 */
export function toMermaid(machine: AnyStateMachine, labelOf: (row: TransitionRow) => string = conditionOf): string {
  const rows = rowsOf(machine).filter(isDrawn)
  const edges = rows.map(row => edge(row, labelOf(row)))
  // An edge from the root needs a state to start from.
  const body = rows.some(({ state }) => state === '')
    ? [`  ${declaration(machine.root)} {`, ...states(machine.root, 2), '  }']
    : states(machine.root, 1)
  return ['stateDiagram-v2', ...body, ...[...new Set(edges)].map(line => `  ${line}`)].join('\n')
}

/** Whether a transition is drawn: all are, except those of the root without a target. */
export function isDrawn({ state, target }: TransitionRow): boolean {
  return state !== '' || target !== null
}

/** The event and the guard of a transition: `stop [isIdle]`. Empty if it has neither. */
export function conditionOf({ event, guard }: TransitionRow): string {
  return [event, guard === '' ? '' : `[${guard}]`].filter(part => part !== '').join(' ')
}

function states(parent: AnyStateNode, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const children = Object.values(parent.states)
  const drawn = children.map(node => [...regionEntry(node, parent, indent), ...lines(node, depth)])
  // Mermaid separates the regions of a parallel state by `--`.
  if (parent.type === 'parallel') return drawn.flatMap((region, i) => (i === 0 ? region : [`${indent}--`, ...region]))
  return [...initialLine(parent, indent), ...drawn.flat()]
}

function lines(node: AnyStateNode, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const name = `${indent}${declaration(node)}`
  const end = node.type === 'final' ? [`${indent}${idOf(node)} --> [*]`] : []
  const isCompound = Object.keys(node.states).length > 0
  return isCompound ? [`${name} {`, ...states(node, depth + 1), `${indent}}`, ...end] : [name, ...end]
}

function initialLine(parent: AnyStateNode, indent: string): string[] {
  const initial = parent.initial?.target[0]
  return initial === undefined ? [] : [`${indent}[*] --> ${idOf(initial)}`]
}

/** Each region of a parallel state has an initial edge. */
function regionEntry(node: AnyStateNode, parent: AnyStateNode, indent: string): string[] {
  return parent.type === 'parallel' ? [`${indent}[*] --> ${idOf(node)}`] : []
}

function declaration(node: AnyStateNode): string {
  const suffix = node.type === 'history' ? ' (history)' : ''
  return `state "${escaped(node.key)}${suffix}" as ${idOf(node)}`
}

function edge({ node, target }: TransitionRow, label: string): string {
  return `${idOf(node)} --> ${idOf(target ?? node)}${label === '' ? '' : `: ${escaped(label)}`}`
}

/** Ids may have letters, digits and underscores, and must not be reserved words. */
function idOf(node: AnyStateNode): string {
  if (node.parent === undefined) return 'the_machine'
  const id = pathOf(node)
    .replaceAll('.', '_')
    .replaceAll(/\W/g, char => `_${char.codePointAt(0)?.toString(16)}_`)
  return RESERVED.test(id) ? `${id}_` : id
}

const RESERVED = /^(?:state|end|note|direction|class|classDef|style|default|as|click|hide|scale)$/i

/** Replaces the characters that end a label, a text or a line in Mermaid. */
function escaped(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[":;#<>{}]/g, char => LOOKALIKES[char] ?? ' ')
}

const LOOKALIKES: Readonly<Record<string, string>> = {
  '"': '”',
  ':': '∶',
  ';': ',',
  '#': '♯',
  '<': '‹',
  '>': '›',
  '{': '(',
  '}': ')',
}

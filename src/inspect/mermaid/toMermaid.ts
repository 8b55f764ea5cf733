import type { AnyStateMachine, AnyStateNode } from 'xstate'
import { pathOf, rowsOf, type TransitionRow } from './transitions.js'

/**
 * Draws a statechart as text: a Mermaid `stateDiagram-v2`, which GitHub and many editors show.
 *
 * Nested and parallel states, guards, `always` (edges without an event), delays, history and final states are drawn. A
 * transition of the whole machine that leads nowhere, such as one that only changes the context, is not.
 *
 * ```ts
 * console.log(toMermaid(aggregateMachine))
 * ```
 *
 * @param labelOf - what an edge says; Mermaid's own signs in it are replaced
 */
export function toMermaid(machine: AnyStateMachine, labelOf: (row: TransitionRow) => string = conditionOf): string {
  const rows = rowsOf(machine).filter(isDrawn)
  const edges = rows.map(row => edge(row, labelOf(row)))
  // An edge from the whole machine needs a state that it can come from.
  const body = rows.some(({ state }) => state === '')
    ? [`  ${declared(machine.root)} {`, ...states(machine.root, 2), '  }']
    : states(machine.root, 1)
  return ['stateDiagram-v2', ...body, ...[...new Set(edges)].map(line => `  ${line}`)].join('\n')
}

/** Whether a transition has an edge: those of the whole machine that lead nowhere have not. */
export function isDrawn({ state, target }: TransitionRow): boolean {
  return state !== '' || target !== null
}

/** When a transition is taken: `stop [isIdle]`. Empty when nothing has to happen. */
export function conditionOf({ event, guard }: TransitionRow): string {
  return [event, guard === '' ? '' : `[${guard}]`].filter(part => part !== '').join(' ')
}

function states(parent: AnyStateNode, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const children = Object.values(parent.states)
  const drawn = children.map(node => [...entryOf(node, parent, indent), ...lines(node, depth)])
  // The parts of a parallel state stand side by side.
  if (parent.type === 'parallel') return drawn.flatMap((part, i) => (i === 0 ? part : [`${indent}--`, ...part]))
  return [...initialOf(parent, indent), ...drawn.flat()]
}

function lines(node: AnyStateNode, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const name = `${indent}${declared(node)}`
  const end = node.type === 'final' ? [`${indent}${idOf(node)} --> [*]`] : []
  const isCompound = Object.keys(node.states).length > 0
  return isCompound ? [`${name} {`, ...states(node, depth + 1), `${indent}}`, ...end] : [name, ...end]
}

function initialOf(parent: AnyStateNode, indent: string): string[] {
  const initial = parent.initial?.target[0]
  return initial === undefined ? [] : [`${indent}[*] --> ${idOf(initial)}`]
}

/** Each part of a parallel state is entered. */
function entryOf(node: AnyStateNode, parent: AnyStateNode, indent: string): string[] {
  return parent.type === 'parallel' ? [`${indent}[*] --> ${idOf(node)}`] : []
}

function declared(node: AnyStateNode): string {
  const suffix = node.type === 'history' ? ' (history)' : ''
  return `state "${plain(node.key)}${suffix}" as ${idOf(node)}`
}

function edge({ node, target }: TransitionRow, label: string): string {
  return `${idOf(node)} --> ${idOf(target ?? node)}${label === '' ? '' : `: ${plain(label)}`}`
}

/** Mermaid takes letters, digits and underscores for ids, and some words are its own. */
function idOf(node: AnyStateNode): string {
  if (node.parent === undefined) return 'the_machine'
  const id = pathOf(node)
    .replaceAll('.', '_')
    .replaceAll(/\W/g, sign => `_${sign.codePointAt(0)?.toString(16)}_`)
  return RESERVED.test(id) ? `${id}_` : id
}

const RESERVED = /^(?:state|end|note|direction|class|classDef|style|default|as|click|hide|scale)$/i

/** Without what ends a label, a text or a line in Mermaid. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[":;#<>{}]/g, sign => LOOKALIKES[sign] ?? ' ')
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
